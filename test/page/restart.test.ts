/** The page while its lab restarts on the same port, or while it misses events, in a real browser. */
import { expect } from "bun:test";
import { parseImpairments } from "../../src/faults/text.ts";
import { startLabProcess } from "../servers/support/lab-process.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { browserTest, openPage } from "./support/browser.ts";
import { faultColumn } from "./support/columns.ts";
import { startRun } from "./support/runs.ts";

browserTest(
  "after a restart in mid-run, the page shows the run, faults and kept runs of the new lab alone",
  async () => {
    await using first = await startLabProcess();
    using page = await openPage(urlOf(first, "/"));
    await page.shows("#live", "live");
    await startRun(page, "udp", 50, 0.5);
    await page.shows("table.runs tbody", "#1", 15_000);
    await page.click('[aria-label="Compare run 1"]');
    await page.click('[aria-label="Open run 1"]');
    await page.shows("#opened h3", "Run 1");
    await page.value(
      "([...document.querySelectorAll('.presets button')].find((b) => b.textContent === 'train').click(), true)",
    );
    await page.shows("#fault-bar [role=status]", "Mobile network on a train");
    await startRun(page, "udp", 20, 60);
    await page.shows("#load-live .status", "Sending");
    await first.stop();
    await page.shows("#live", "not live");

    const impair = parseImpairments("tcp:drop=0.5");
    await using second = await startLabProcess({ httpPort: first.ports.http, impair });
    await until(async () => (await page.text("#live")) === "live", "live again", 15_000);
    await page.shows("#load-live .status", "No run yet.");
    const isDisabled = (selector: string) => page.value<boolean>(`document.querySelector('${selector}').disabled`);
    expect(await isDisabled("#load-form .primary")).toBe(false);
    expect(await isDisabled("#load-form .actions button:last-child")).toBe(true);
    expect(await page.value<boolean>("document.querySelector('#load-live .progress').hidden")).toBe(true);
    const drop = `document.querySelector('${faultColumn("tcp")} [data-path="drop.up"]').value`;
    await until(async () => (await page.value<string>(drop)) === "50", "the faults of the new lab");
    expect(await page.text("#fault-bar [role=status]")).toBe("");
    expect(await page.count(".presets [aria-pressed=true]")).toBe(0);
    await until(async () => (await page.text("table.runs tbody")) === "", "the empty list");
    expect(await page.value<boolean>("document.querySelector('#opened').hidden")).toBe(true);
    expect(await page.text("#runs-card .note")).toBe("");

    await startRun(page, "udp", 20, 0.5);
    await page.shows("#load-live .status", "Done", 15_000);
    await page.shows("table.runs tbody", "#1");
    expect((await fetch(urlOf(second, "/runs/1"))).status).toBe(200);
  },
);

/** Removes every `run` event from the stream that the page reads. */
const WITHOUT_RUN_EVENTS = `
  const request = window.fetch;
  window.fetch = async (...args) => {
    const response = await request(...args);
    if (args[0] !== "/live") return response;
    const transform = (chunk, controller) => {
      if (!new TextDecoder().decode(chunk).startsWith("event: run")) controller.enqueue(chunk);
    };
    return new Response(response.body.pipeThrough(new TransformStream({ transform })), response);
  };
`;

browserTest("events of a run that the page has missed appear with the next snapshot", async () => {
  await using lab = await startTestLab();
  using page = await openPage("about:blank");
  await page.view.cdp("Page.enable");
  await page.view.cdp("Page.addScriptToEvaluateOnNewDocument", { source: WITHOUT_RUN_EVENTS });
  await page.view.navigate(urlOf(lab, "/"));
  await page.shows("#live", "live");
  await startRun(page, "udp", 20, 0.2);
  await page.shows("#load-live .status", "Done", 15_000);
  expect(await page.text("#load-live .accounting")).toContain("4 sent");
});
