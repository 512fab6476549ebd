/** The section "Runs", in a real browser, on a real lab. */
import { expect } from "bun:test";
import { ONE_PAIR } from "../../../src/load/measure/statistics/difference.ts";
import { RunStore } from "../../../src/runs/kept/store.ts";
import { reportOf } from "../../load/support/reports.ts";
import { newPath } from "../../runs/support.ts";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { until } from "../../support/until.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { reportValue, startRun } from "../support/runs.ts";

browserTest("kept runs survive a restart of the lab, and are opened and compared", async () => {
  const data = newPath();
  {
    await using lab = await startTestLab({ data });
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    for (const id of [1, 2]) {
      await startRun(page, "udp", 100, 1);
      await page.shows("table.runs tbody", `#${id}`, 15_000);
    }
  }
  await using lab = await startTestLab({ data });
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("#runs-lead", "Every run is kept in the lab's file.");
  await page.shows("table.runs tbody", "#1");
  await page.click('[aria-label="Open run 1"]');
  await page.shows("#opened h3", "Run 1");
  expect(await reportValue(page, "#opened", "sent")).toBe("100");
  const report = await fetch(urlOf(lab, "/runs/1/report"));
  expect(report.headers.get("content-disposition")).toBe('attachment; filename="wirelab-run-1.json"');
  expect(await report.json()).toMatchObject({ schema: "wirelab.run/2", protocol: "udp", packets: { sent: 100 } });
  await page.click('[aria-label="Compare run 1"]');
  await page.shows("#runs-card .note", "Select two runs to compare.");
  await page.click('[aria-label="Compare run 2"]');
  await page.click("#runs-card .tools button");
  await page.shows("#opened h3", "Runs 1 and 2");
  await page.shows("#opened caption", "Changes");
  const changes = await page.text("#opened .report-table:has(caption)");
  expect(changes).toContain(ONE_PAIR);
  expect(changes.replace(ONE_PAIR, "")).not.toMatch(/better|worse/);
  expect(await page.value<string>("document.querySelector('#opened .curves .chart').ariaLabel")).toContain(
    "UDP #2: p50",
  );
  expect(page.problems).toEqual([]);
});

browserTest("a kept run has p95, the times of failed answers, its objectives, and remedies as fields", async () => {
  const data = newPath();
  const report = reportOf(1000, 0, 10);
  const { responseTime } = report;
  const objective = { text: "loss<5%", met: true, value: 0, edge: 0.01, runValid: false };
  const kept = {
    ...report,
    responseTime: { ...responseTime, p50: 0.001, p95: 0.0123, p99: 0.02 },
    failedTime: { ...responseTime, count: 7, packets: 7, min: 0.002, p50: 0.025 },
    objectives: [objective],
    verdict: { valid: false, interrupted: false, reasons: ["the lab still held 1 packet; raise --wait, lower --rate"] },
  };
  {
    using store = RunStore.open(data);
    for (const _ of [1, 2]) {
      store.save({ source: "command", reports: [kept], details: [{ curve: [], explanation: "" }] });
    }
  }
  await using lab = await startTestLab({ data });
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("table.runs tbody", "#1");
  expect(await page.text("table.runs thead")).toContain("lossp50p95p99verdict");
  expect(await page.text("table.runs tbody")).toContain("1.00 ms12.3 ms20.0 ms✕ not valid");
  await page.click('[aria-label="Open run 1"]');
  await page.shows("#opened h3", "Run 1");
  expect(await reportValue(page, "#opened", "p95")).toBe("12.3 ms");
  const times = await page.text("#opened .report-side:last-child .report-table");
  expect(times).toContain("failed (response times of the answers with a status outside 2xx)min2.00 ms");
  const verdict = await page.text("#opened .verdict");
  expect(verdict).toContain("✕ not valid");
  expect(verdict).toContain("objective loss<5%: met, but the run is not valid: 0 %, confidence limit 1 %");
  expect(verdict).toContain("the lab still held 1 packet; raise waiting time, lower rate");
  for (const id of [1, 2]) await page.click(`[aria-label="Compare run ${id}"]`);
  await page.click("#runs-card .tools button");
  await page.shows("#opened .report-table:has(caption)", "p9512.3 ms12.3 ms");
  expect(page.problems).toEqual([]);
});

browserTest(
  "a deleted run can be restored for some seconds, and is deleted after them or when the page is left",
  async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    for (const id of [1, 2, 3]) {
      await startRun(page, "udp", 20, 0.2);
      await page.shows("table.runs tbody", `#${id}`, 15_000);
    }
    const rows = "[...document.querySelectorAll('table.runs .link')].map((link) => link.textContent).join()";
    const has = async (expected: string) =>
      until(async () => (await page.value<string>(rows)) === expected, `the rows ${expected}`);
    const statusOf = async (id: number) => (await fetch(urlOf(lab, `/runs/${id}`))).status;

    await page.click('[aria-label="Open run 1"]');
    await page.shows("#opened h3", "Run 1");
    await page.click('[aria-label="Delete run 1"]');
    await page.click('[aria-label="Delete run 3"]');
    await page.shows("#runs-card .undo", "Runs 1, 3 deleted.");
    await has("#2");
    expect(await page.value<boolean>("document.querySelector('#opened').hidden")).toBe(true);
    expect(await page.value<string>("document.activeElement.textContent")).toBe("Undo");
    expect([await statusOf(1), await statusOf(3)]).toEqual([200, 200]);
    await page.click("#runs-card .undo button");
    await has("#3,#2,#1");
    expect(await page.text("#runs-card .undo [role=status]")).toBe("");

    // The seconds of the page that is left and of the one that stays: 8 s are too long for a test.
    const shorten = "window.setTimeout = ((set) => (run, ms) => set(run, ms === 8000 ? 50 : ms))(window.setTimeout)";
    await page.click('[aria-label="Delete run 2"]');
    await page.view.navigate("about:blank");
    await until(async () => (await statusOf(2)) === 404, "the deletion when the page is left");
    await page.view.navigate(urlOf(lab, "/"));
    await has("#3,#1");
    await page.value(`(${shorten}, true)`);
    await page.click('[aria-label="Delete run 3"]');
    await until(async () => (await statusOf(3)) === 404, "the deletion after some seconds");
    await has("#1");
    expect(await page.text("#runs-card .undo [role=status]")).toBe("");
  },
);
