/** A client on another address reads the lab and cannot change it without the token. */
import { expect } from "bun:test";
import { networkInterfaces } from "node:os";
import { startTestLab } from "../../support/lab.ts";
import { until } from "../../support/until.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { nowColumn } from "../support/columns.ts";
import { sendUdp } from "../support/traffic.ts";

const outside = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
if (!outside) console.warn("\n!! SKIPPED the page's test of rights: this machine has no address but loopback\n");

const TOKEN = "a-token-of-the-test";

browserTest(
  "the page is read-only for another address until the token is entered",
  async () => {
    await using lab = await startTestLab({ host: "0.0.0.0", token: TOKEN });
    using page = await openPage(`http://${outside}:${lab.ports.http}/`);
    await page.shows("#live", "live");
    await page.shows("#rights", "Read-only: send the token");
    await sendUdp(lab.ports.udp, 2);
    await page.shows("#packets-card tbody", "hidden");
    expect(await page.count("fieldset[data-changes]:not(:disabled)")).toBe(0);
    const refused = "fetch('/impairments', { method: 'PUT', body: 'udp:drop=1' }).then((answer) => answer.status)";
    expect(await page.value<number>(refused)).toBe(401);

    await page.fill("#rights input", "another token");
    await page.click("#rights button");
    await page.shows("#rights", "Read-only: this token is wrong");
    const input = "document.querySelector('#rights input')";
    expect(await page.value<string>(`${input}.ariaInvalid`)).toBe("true");
    await page.fill("#rights input", TOKEN);
    await page.click("#rights button");
    await page.shows("#packets-card tbody", "127.0.0.1");
    await until(() => page.value<boolean>("document.querySelector('#rights').hidden"), "the rights");
    await page.fill("#fault-bar input[type=text]", "udp:drop=1");
    await page.click("#fault-bar button[type=submit]");
    await page.shows(`${nowColumn("udp")} .chip`, "drop=1");
  },
  outside !== undefined,
);
