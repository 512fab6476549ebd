/** The section "Runs", in a real browser, on a real lab. */
import { expect } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ONE_PAIR } from "../../../src/load/measure/statistics/difference.ts";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { until } from "../../support/until.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { reportValue, startRun } from "../support/runs.ts";

browserTest("kept runs survive a restart of the lab and are opened, compared and deleted", async () => {
  const data = join(mkdtempSync(join(tmpdir(), "wirelab-")), "runs.sqlite");
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
  await page.click('[aria-label="Delete run 1"]');
  await page.shows("table.runs tbody", "#2");
  await until(async () => (await fetch(urlOf(lab, "/runs/1"))).status === 404, "the deletion");
  await until(async () => !(await page.text("table.runs tbody")).includes("#1"), "the shorter list");
  expect(page.problems).toEqual([]);
});
