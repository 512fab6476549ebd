/** Load runs from the page, and the runs that are kept, in a real browser on a real lab. */
import { describe, expect } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseImpairments } from "../../src/faults/text.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { browserTest, type OpenPage, openPage } from "./support/browser.ts";

/** The number beside `label` in the report's ledger. */
function ledger(page: OpenPage, place: string, label: string): Promise<string> {
  return page.value<string>(
    `[...document.querySelectorAll(${JSON.stringify(`${place} .report-table tr`)})].find((row) => row.cells[0]?.textContent === ${JSON.stringify(label)})?.cells[1]?.textContent ?? ""`,
  );
}

async function runFromPage(page: OpenPage, protocol: string, rate: number, seconds: number): Promise<void> {
  await page.click(`#load-form label[data-protocol=${protocol}]`);
  await page.fill("#load-rate", String(rate));
  await page.fill("#load-seconds", String(seconds));
  await page.click("#load-form button[type=submit]");
}

describe("load runs from the page", () => {
  browserTest("a run started by a click is watched and finishes with its report", async () => {
    await using lab = await startTestLab({ impair: parseImpairments("udp:drop=1") });
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    await runFromPage(page, "udp", 50, 2);
    await page.shows("#load-live .status", "Sending");
    await page.shows("#load-live .status", "Done", 15_000);
    expect(await ledger(page, "#load-live", "sent")).toBe("100");
    expect(await ledger(page, "#load-live", "answered")).toBe("0");
    expect(await ledger(page, "#load-live", "on the way up")).toBe("100");
    expect(await ledger(page, "#load-live", "dropped on purpose")).toBe("100");
    expect(await page.text("#load-live .report .learn")).toContain(
      "Every packet sent is counted in exactly one column",
    );
    await page.shows("table.runs tbody", "#1");
    expect(page.problems).toEqual([]);
  });

  browserTest("a run is stopped by a click, and its report covers what ran", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    await runFromPage(page, "tcp", 20, 60);
    await page.shows("#load-live .progress-table", "TCP");
    const again = await fetch(urlOf(lab, "/runs"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ protocol: "udp", rate: 1, seconds: 1 }),
    });
    expect([again.status, await again.json()]).toEqual([409, { error: "a run is under way; stop it first" }]);
    await page.value(
      "([...document.querySelectorAll('#load-form button')].find((b) => b.textContent === 'Stop').click(), true)",
    );
    await page.shows("#load-live .status", "Done", 15_000);
    const sent = Number(await ledger(page, "#load-live", "sent"));
    expect(sent).toBeGreaterThan(5);
    expect(sent).toBeLessThan(1000);
    expect(await ledger(page, "#load-live", "answered")).toBe(String(sent));
  });

  browserTest("a target that is not allowed, and a rate over the cap, are told in one line at the field", async () => {
    await using lab = await startTestLab({ limits: { runRate: 500 } });
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#load-form", "At most 500 packets a second");
    await page.fill("#load-target", "192.0.2.1:7000");
    await page.click("#load-form button[type=submit]");
    await page.shows("#load-form .error", "target 192.0.2.1:7000 is not allowed; allowed: only this lab");
    await page.fill("#load-target", "");
    await page.fill("#load-rate", "501");
    await page.click("#load-form button[type=submit]");
    await page.shows("#load-form .control + .error", "rate: not allowed; allowed: a number from 0.1 to 500");
  });
});

describe("kept runs", () => {
  browserTest("survive a restart, are opened, compared and deleted", async () => {
    const data = join(mkdtempSync(join(tmpdir(), "wirelab-")), "runs.sqlite");
    {
      await using lab = await startTestLab({ data });
      using page = await openPage(urlOf(lab, "/"));
      await page.shows("#live", "live");
      for (const id of [1, 2]) {
        await runFromPage(page, "udp", 100, 1);
        await page.shows("table.runs tbody", `#${id}`, 15_000);
      }
    }
    await using lab = await startTestLab({ data });
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("table.runs tbody", "#1");
    await page.click('[aria-label="Open run 1"]');
    await page.shows("#opened h3", "Run 1");
    expect(await ledger(page, "#opened", "sent")).toBe("100");
    const report = await fetch(urlOf(lab, "/runs/1/report"));
    expect(report.headers.get("content-disposition")).toBe('attachment; filename="wirelab-run-1.json"');
    expect(await report.json()).toMatchObject({ schema: "wirelab.run/1", protocol: "udp", packets: { sent: 100 } });
    await page.click('[aria-label="Compare run 1"]');
    await page.click('[aria-label="Compare run 2"]');
    await page.click("#runs-card .tools button");
    await page.shows("#opened h3", "Runs 1 and 2");
    await page.shows("#opened caption", "What changed");
    expect(await page.value<string>("document.querySelector('#opened .curves .chart').ariaLabel")).toContain(
      "UDP #2: p50",
    );
    await page.click('[aria-label="Delete run 1"]');
    await page.shows("table.runs tbody", "#2");
    await until(async () => (await fetch(urlOf(lab, "/runs/1"))).status === 404, "the deletion");
    await until(async () => !(await page.text("table.runs tbody")).includes("#1"), "the shorter list");
    expect(page.problems).toEqual([]);
  });
});
