/**
 * The row of buttons that show and hide protocols, in a real browser, on a lab that serves every protocol. A page with
 * eight columns takes seconds to draw and to check.
 */
import { expect } from "bun:test";
import { CLASSICS, PROTOCOLS, type Protocol } from "../../src/base/protocol.ts";
import { RunStore } from "../../src/runs/kept/store.ts";
import { reportOf } from "../load/support/reports.ts";
import { newPath } from "../runs/support.ts";
import { ALL_FREE_PORTS, startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { violations } from "./support/axe.ts";
import { browserTest, type OpenPage, openPage } from "./support/browser.ts";
import { faultColumn, nowColumn } from "./support/columns.ts";

/** The protocols of the elements that match `selector`, in order. */
async function protocolsAt(page: OpenPage, selector: string): Promise<readonly string[]> {
  const list = `[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.dataset.protocol).join()`;
  return (await page.value<string>(list)).split(",").filter(Boolean);
}

/** The protocols that each part of the page shows. */
async function shownBy(page: OpenPage): Promise<readonly (readonly string[])[]> {
  const places = ["#columns > article", "#side-by-side .legend li", "#fault-columns > article"];
  const checked = ["#now-protocols", "#fault-protocols", "#packets-card"];
  const selectors = [...places, ...checked.map((place) => `${place} label:has(:checked)`)];
  const shown: (readonly string[])[] = [];
  for (const selector of selectors) shown.push(await protocolsAt(page, selector));
  return shown;
}

/** The rules of axe-core that a larger number of elements can violate; with all of them the check takes half a minute. */
const RULES = ["scrollable-region-focusable", "duplicate-id-aria", "aria-valid-attr-value", "label", "button-name"];

const row = (protocol: Protocol) => `#now-protocols label[data-protocol=${protocol}]`;

browserTest("three protocols are on display, the others are one click away, and the choice is kept", async () => {
  await using lab = await startTestLab({ ...ALL_FREE_PORTS, impair: { https: { drop: { up: 1, down: 0 } } } });
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("#live", "live");
  const shows = (...protocols: Protocol[]) =>
    until(
      async () => Bun.deepEquals(await shownBy(page), Array(6).fill(protocols)),
      `${protocols.join()} in all sections`,
    );
  await shows(...CLASSICS);
  expect(await protocolsAt(page, "#now-protocols label")).toEqual([...PROTOCOLS]);
  expect(await protocolsAt(page, "#load-form label[data-protocol]")).toEqual([...PROTOCOLS]);

  // A hidden protocol is marked with what its column would show.
  const request = { method: "POST", body: "{}", tls: { rejectUnauthorized: false } };
  await fetch(`https://127.0.0.1:${lab.ports.https}/`, request);
  await page.shows(row("https"), "HTTPStraffic, faults");
  expect(await page.text(row("http3"))).toBe("✚HTTP/3");

  await page.click(row("https"));
  await shows("http", "tcp", "udp", "https");
  expect(await page.text(row("https"))).toBe("◆HTTPS");
  await page.shows(`${nowColumn("https")} .total`, "1 packet since the start, 1 dropped");
  await page.shows(`${faultColumn("https")} .injected tbody tr:nth-child(3)`, "no answer100 %100 %100 %");
  // The keyboard does the same, in the row above the faults.
  await page.value("(document.querySelector('#fault-protocols [data-protocol=tcp] input').focus(), true)");
  await page.view.press("Space");
  await shows("http", "udp", "https");
  expect(await page.value<boolean>("document.activeElement.checked")).toBe(false);

  await page.view.navigate(urlOf(lab, "/"));
  await page.shows("#live", "live");
  await shows("http", "udp", "https");
  for (const protocol of ["http", "udp", "https"] as const) await page.click(row(protocol));
  await shows();
  expect(await page.value<boolean>("document.querySelector('#side-by-side').hidden")).toBe(true);
  expect(page.problems).toEqual([]);
});

browserTest("the page of a lab without TLS does not name the protocols that need it", async () => {
  await using lab = await startTestLab();
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("#live", "live");
  expect(await protocolsAt(page, "#now-protocols label")).toEqual(["http", "tcp", "udp", "websocket"]);
  expect(await page.count("[data-protocol=https], [data-protocol=http3]")).toBe(0);
  await page.click(row("websocket"));
  expect(await protocolsAt(page, "#columns > article")).toEqual(["http", "tcp", "udp", "websocket"]);
});

browserTest("a run of a list of protocols is started from the form", async () => {
  await using lab = await startTestLab();
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("#live", "live");
  await page.click("#load-form label[data-protocol=tcp]");
  await page.fill("#load-rate", "20");
  await page.fill("#load-seconds", "0.5");
  await page.click("#load-form button[type=submit]");
  await page.shows("#load-live .status", "Done", 15_000);
  expect(await protocolsAt(page, "#load-live .verdict")).toEqual(["tcp", "udp"]);
  await page.click("#load-form label[data-protocol=tcp]");
  await page.click("#load-form label[data-protocol=udp]");
  await page.click("#load-form button[type=submit]");
  await page.shows("#load-form .error", "protocol: not allowed; allowed: ");
});

browserTest("with eight on display and a run of eight opened, the page fits, and axe-core finds nothing", async () => {
  const data = newPath();
  {
    using store = RunStore.open(data);
    const reports = PROTOCOLS.map((protocol) => ({ ...reportOf(1000, 0, 10), protocol }));
    const curve = [0.1, 0.5, 0.9].map((quantile) => [quantile, quantile / 100] as const);
    store.save({ source: "command", reports, details: reports.map(() => ({ curve, explanation: "" })) });
  }
  await using lab = await startTestLab({ ...ALL_FREE_PORTS, data });
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("#live", "live");
  await page.value(`(localStorage.setItem("wirelab-protocols", ${JSON.stringify(JSON.stringify(PROTOCOLS))}), true)`);
  await page.view.navigate(urlOf(lab, "/"));
  await until(async () => (await page.count("#columns > article")) === PROTOCOLS.length, "eight columns");
  await page.click('[aria-label="Open run 1"]');
  await page.shows("#opened h3", "Run 1");
  expect(await page.count("#opened .curves .legend li")).toBe(PROTOCOLS.length);
  for (const [width, scheme] of [
    [1280, "dark"],
    [360, "light"],
  ] as const) {
    await page.view.cdp("Emulation.setDeviceMetricsOverride", {
      width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await page.view.cdp("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    expect([width, await violations(page, RULES)]).toEqual([width, []]);
    expect(await page.value<number>("document.documentElement.scrollWidth")).toBe(width);
  }
  expect(page.problems).toEqual([]);
});
