/** Who watches from elsewhere sees the lab and cannot change it, until a token is shown. */
import { describe, expect } from "bun:test";
import { networkInterfaces } from "node:os";
import { startTestLab } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { browserTest, openPage } from "./support/browser.ts";
import { sendUdp } from "./support/traffic.ts";

const outside = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
if (!outside) console.warn("\n!! SKIPPED the page's tests of rights: this machine has no address but loopback\n");

const TOKEN = "a-token-of-the-test";

describe("a viewer from another address", () => {
  browserTest(
    "sees that it may not change anything, and can with the token",
    async () => {
      await using lab = await startTestLab({ host: "0.0.0.0", token: TOKEN });
      using page = await openPage(`http://${outside}:${lab.ports.http}/`);
      await page.shows("#live", "live");
      await page.shows("#rights", "View only: send the token");
      await sendUdp(lab.ports.udp, 2);
      await page.shows("#flow-card tbody", "hidden");
      expect(
        await page.value<number>("document.querySelectorAll('fieldset[data-changes]:not(:disabled)').length"),
      ).toBe(0);
      const refused = "fetch('/impairments', { method: 'PUT', body: 'udp:drop=1' }).then((answer) => answer.status)";
      expect(await page.value<number>(refused)).toBe(401);

      await page.fill("#rights input", TOKEN);
      await page.click("#rights button");
      await page.shows("#flow-card tbody", "127.0.0.1");
      await until(() => page.value<boolean>("document.querySelector('#rights').hidden"), "the rights");
      await page.fill("#fault-bar input[type=text]", "udp:drop=1");
      await page.click("#fault-bar button[type=submit]");
      await page.shows("#columns [data-protocol=udp] .chip", "drop=1");
    },
    outside !== undefined,
  );
});
