/** The accessibility of the page in every colour scheme, width and state of its controls, in a real browser. */
import { expect } from "bun:test";
import { startTestLab, urlOf } from "../support/lab.ts";
import { openUdp } from "../support/udp.ts";
import { violations } from "./support/axe.ts";
import { browserTest, openPage } from "./support/browser.ts";
import { measureContrast } from "./support/contrast.ts";
import { startRun } from "./support/runs.ts";

/** Opens every collapsed part. */
const OPEN_ALL = "document.querySelectorAll('details').forEach((details) => { details.open = true; })";
/** Disables every control, as the page does for a viewer without the right to change the lab. */
const DISABLE_ALL =
  "document.querySelectorAll('button, input, select').forEach((control) => { control.disabled = true; })";

browserTest(
  "every control has enough contrast in every state, and axe-core finds nothing, light, dark and narrow",
  async () => {
    await using lab = await startTestLab();
    const ends = { listen: { host: "127.0.0.1", port: 0 }, upstream: { host: "127.0.0.1", port: lab.ports.udp } };
    const relay = await lab.relays.put({ name: "echo", protocol: "udp", ...ends });
    await lab.relays.put({ name: "db", protocol: "tcp", ...ends });
    using client = await openUdp();
    client.send("Hello UDP 7", relay.port);
    using page = await openPage(urlOf(lab, "/"));
    const { view } = page;
    await page.shows("#live", "live");
    await startRun(page, "udp", 50, 0.5);
    await page.shows("table.runs tbody", "#1", 15_000);
    await page.click('[aria-label="Open run 1"]');
    await page.shows("#opened h3", "Run 1");
    await page.value(`(${OPEN_ALL}, true)`);
    await page.shows("#relays .flows tbody", `127.0.0.1:${client.port}`);
    await page.fill("#relays .relay .text-form input", "drop=2");
    await page.click("#relays .relay .text-form button[type=submit]");
    await page.shows("#relays .relay .error", "not a valid value");
    await page.fill("#load-target", "192.0.2.1:7000");
    await page.click("#load-form button[type=submit]");
    await page.shows("#load-form .error", "not allowed");
    const setScheme = (value: string) =>
      view.cdp("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
    const setWidth = (width: number) =>
      view.cdp("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });

    for (const [width, scheme] of [
      [1280, "light"],
      [320, "dark"],
    ] as const) {
      await setWidth(width);
      await setScheme(scheme);
      expect([width, scheme, await violations(page)]).toEqual([width, scheme, []]);
      expect(await page.value<number>("document.documentElement.scrollWidth")).toBe(width);
    }
    for (const step of ["enabled", "disabled"] as const) {
      if (step === "disabled") await page.value(`(${DISABLE_ALL}, true)`);
      for (const scheme of ["light", "dark"]) {
        await setScheme(scheme);
        const { controls, low } = await measureContrast(page, step);
        expect([step, scheme, low]).toEqual([step, scheme, []]);
        expect(controls).toBeGreaterThan(150);
      }
    }
    expect(page.problems.filter((problem) => !/\b40[03]\b/.test(problem))).toEqual([]); // of the errors above
  },
);
