/** The accessibility of the page of the API description, in a real browser. */
import { expect } from "bun:test";
import { violations } from "../page/support/axe.ts";
import { browserTest, openPage } from "../page/support/browser.ts";
import { measureContrast } from "../page/support/contrast.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";

/** Opens one operation of each method, as a click does. */
const OPEN = `["get", "post", "put", "delete"].forEach((method) => {
  document.querySelector(".opblock-" + method + " .opblock-summary-control").click();
})`;

browserTest("axe-core finds nothing in the API description's page, and its controls have enough contrast", async () => {
  await using lab = await startTestLab();
  using page = await openPage(urlOf(lab, "/swagger"));
  const { view } = page;
  await page.shows(".opblock-tag", "traffic");
  expect(await page.value<string>("document.documentElement.lang")).toBe("en");
  await page.value(`(${OPEN}, true)`);
  await until(async () => (await page.count(".opblock.is-open .responses-table")) === 4, "the open operations");
  await page.click(".opblock-put .try-out__btn");
  await page.shows(".opblock-put .btn.execute", "Execute");
  for (const [width, scheme] of [
    [1280, "dark"],
    [320, "light"],
  ] as const) {
    const features = [
      { name: "prefers-color-scheme", value: scheme },
      { name: "prefers-reduced-motion", value: "reduce" }, // no colour between those of two schemes is measured
    ];
    await view.cdp("Emulation.setEmulatedMedia", { features });
    await view.cdp("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
    await until(
      () => page.value<boolean>(`document.documentElement.matches(".dark-mode") === ${scheme === "dark"}`),
      "the scheme",
    );
    expect([width, scheme, await violations(page)]).toEqual([width, scheme, []]);
    expect(await page.value<number>("document.documentElement.scrollWidth")).toBe(width);
    const { controls, low } = await measureContrast(page, "enabled");
    expect([scheme, low]).toEqual([scheme, []]);
    expect(controls).toBeGreaterThan(60);
  }
  expect(page.problems).toEqual([]);
});
