/** The page as a whole, in a real browser, on a real lab. */
import { describe, expect } from "bun:test";
import { CLASSICS } from "../../src/base/protocol.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { browserTest, openPage } from "./support/browser.ts";
import { nowColumn } from "./support/columns.ts";
import { sendUdp } from "./support/traffic.ts";

describe("the page", () => {
  browserTest("loads without an error and without a request to another host, and goes live", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    await page.shows("#about", "wirelab");
    expect(page.problems).toEqual([]);
    expect(page.requests.length).toBeGreaterThan(5);
    expect(page.requests.filter((url) => !url.startsWith(urlOf(lab)) && url !== "about:blank")).toEqual([]);
    expect(await page.value<string>("document.documentElement.lang")).toBe("en");
  });

  browserTest("has a link to each section, and each section a list of its terms", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    const links = "[...document.querySelectorAll('nav a')].map((link) => link.getAttribute('href')).join()";
    expect(await page.value<string>(links)).toBe("#now,#faults,#relays,#packets,#load,#runs");
    for (const section of ["now", "faults", "relays", "packets", "load", "runs"]) {
      expect([section, await page.count(`#${section} > .learn dt`)]).not.toEqual([section, 0]);
    }
    expect(await page.count("#columns > article")).toBe(CLASSICS.length);
    expect(await page.count("#fault-columns > article")).toBe(CLASSICS.length);
  });

  browserTest("shows that the lab stopped, and continues after a restart of the lab", async () => {
    const first = await startTestLab();
    const { http } = first.ports;
    using page = await openPage(urlOf(first, "/"));
    await page.shows("#live", "live");
    await sendUdp(first.ports.udp, 3);
    await page.shows(`${nowColumn("udp")} .total`, "3 packets");
    await first.stop();
    await page.shows("#live", "not live, last update");
    await page.shows("#notice", "The lab does not respond.");
    await using second = await startTestLab({ httpPort: http });
    await until(async () => (await page.text("#live")) === "live", "live again", 15_000);
    await sendUdp(second.ports.udp, 1);
    await page.shows(`${nowColumn("udp")} .total`, "1 packet since the start");
    expect(await page.value<boolean>("document.querySelector('#notice').hidden")).toBe(true);
  });

  browserTest("loads the history of the time before it was opened", async () => {
    await using lab = await startTestLab();
    await sendUdp(lab.ports.udp, 9);
    const hasPackets = async () => /"packets":\[[^\]]*[1-9]/.test(await (await fetch(urlOf(lab, "/history"))).text());
    await until(hasPackets, "packets in the history");
    using page = await openPage(urlOf(lab, "/"));
    const label = `document.querySelector(${JSON.stringify(`${nowColumn("udp")} .chart`)})?.ariaLabel ?? ""`;
    await until(async () => /highest [1-9]/.test(await page.value<string>(label)), "a chart with packets");
  });

  for (const [width, dark] of [
    [360, true],
    [2560, false],
  ] as const) {
    browserTest(`fits into a window of ${width} pixels, and every control has a name`, async () => {
      await using lab = await startTestLab();
      using page = await openPage(urlOf(lab, "/"), { width, dark });
      await page.shows("#live", "live");
      expect(await page.value<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      const unnamed =
        "[...document.querySelectorAll('input, select, button')].filter((e) => !e.ariaLabel && !e.labels?.length && !e.textContent.trim())";
      expect(await page.value<number>(`${unnamed}.length`)).toBe(0);
    });
  }
});
