/** The text report; test/messages/report.txt has whole ones. */
import { describe, expect, test } from "bun:test";
import { attributeByTarget } from "../../../../src/load/measure/directions/loss-direction.ts";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import { planRun } from "../../../../src/load/plan/run-plan.ts";
import type { RunReport } from "../../../../src/load/report/report.ts";
import { widthOf } from "../../../../src/load/report/text/screen.ts";
import { renderReport } from "../../../../src/load/report/text/text.ts";
import { recorderOf, reportOf, reportOn, unwrapped } from "../../support/reports.ts";

/** Narrow enough for one table below the other. */
const NARROW = { columns: 40, colour: false };

/** The cells of the row with this label. */
function rowOf(reports: RunReport[], label: string): string | undefined {
  return renderReport(reports, NARROW).match(new RegExp(`^ *${label} {2,}(.*)$`, "m"))?.[1];
}

/** The names in the line of folded rows. */
function folded(report: RunReport, line: "zero" | "no value"): string[] {
  const text = renderReport([report], { columns: 1000, colour: false });
  return text.match(new RegExp(`^${line}: (.*)$`, "m"))?.[1]?.split(", ") ?? [];
}

describe("the accounting", () => {
  test("directions that are unknown are rows without a value", () => {
    const report = reportOf(1000, 10, 1);
    expect(["lost", "unexplained"].map((label) => rowOf([report], label))).toEqual(["10", "10"]);
    expect(folded(report, "no value").slice(0, 2)).toEqual(["lost upstream", "lost downstream"]);
    expect(renderReport([report])).toContain("\ndirections of losses: unknown: only the round trip was measured\n");
  });

  test("directions are counts if they are known", () => {
    const recorder = recorderOf([1, 1, 1, 1, 1, 1, 1, undefined, undefined, undefined]);
    Object.assign(recorder.counts, { reportedUp: 2, reportedDown: 1 });
    const report = reportOn(recorder, { directions: attributeByTarget(recorder) });
    expect(["lost upstream", "lost downstream"].map((label) => rowOf([report], label))).toEqual(["2", "1"]);
    expect(folded(report, "zero")).toContain("unexplained losses");
  });

  test("outcomes that did not occur are in one line, unless another protocol has them", () => {
    const report = reportOf(1000, 0, 1);
    const late = { ...report, packets: { ...report.packets, late: 4 } };
    expect(folded(report, "zero")).toEqual([
      "unsent",
      "refused",
      "late",
      "failed",
      "corrupt",
      "duplicate",
      "reordered",
    ]);
    expect(rowOf([report], "late")).toBe(undefined);
    expect(rowOf([report, late], "late")).toMatch(/^0 +4$/);
    expect(folded(late, "zero")).not.toContain("late");
  });
});

test("where the columns of the protocols do not fit, each has tables of its own, with the rows of the others", () => {
  const report = reportOf(1000, 10, 1);
  const tcp: RunReport = { ...report, protocol: "tcp", packets: { ...report.packets, late: 4 } };
  const tables = renderReport([report, tcp], { columns: 45, colour: false }).split("\n\n");
  const loss = tables.filter((table) => table.includes("\n  bursts"));
  expect(loss.map((table) => table.split("\n")[0]?.trim())).toEqual(["udp", "tcp"]);
});

describe("the first and the last line", () => {
  test("have the median, the loss and the verdict", () => {
    const text = renderReport([reportOf(1000, 10, 0)]);
    expect(text).toStartWith("udp  valid  990 of 1,000 answered, 1 % lost, p50 0 µs, p99 0 µs\n");
    expect(text).toEndWith("\n\nudp: 990 of 1,000 answered, 1 % lost, p50 0 µs; valid\n");
  });

  test("have the late packets, and the last one the number of missed objectives", () => {
    const report = reportOf(1000, 10, 0);
    const objective = { text: "p50<1ms", met: true, runValid: true, value: 0, edge: null };
    const late: RunReport = {
      ...report,
      packets: { ...report.packets, answered: 978, late: 12 },
      objectives: [objective, { ...objective, text: "loss<1%", met: false, value: 0.01 }],
    };
    const text = renderReport([late]);
    expect(text).toStartWith("udp  valid  978 of 1,000 answered, 12 late, 1 % lost, p50 0 µs, p99 0 µs\n");
    expect(text).toContain("\n  objective p50<1ms: met: 0 µs\n  objective loss<1%: MISSED: 1 %\n");
    expect(text).toEndWith(
      "\nudp: 978 of 1,000 answered, 12 late, 1 % lost, p50 0 µs; valid; 1 of 2 objectives MISSED\n",
    );
  });

  test("a target without an answer has its reason and the accounting, no times", () => {
    const report = reportOn(recorderOf([undefined, undefined]), {
      ended: "gave-up",
      failures: ["nothing listens at 127.0.0.1:1 (ECONNREFUSED)"],
    });
    const text = renderReport([report]);
    expect(text).toStartWith(
      "udp  gave up  0 of 2 answered, nothing could be measured\n  reason: nothing listens at 127.0.0.1:1 (ECONNREFUSED)\n",
    );
    expect(text).not.toMatch(/^response|^ +min|bursts|95 % interval/m);
    expect(rowOf([report], "lost")).toStartWith("2 ");
    expect(text).toEndWith(
      "\nudp: 0 of 2 answered; gave up: nothing could be measured: nothing listens at 127.0.0.1:1 (ECONNREFUSED)\n",
    );
  });
});

describe("the settings", () => {
  const settings = (options: Parameters<typeof planRun>[0]) => {
    const report = reportOn(new Recorder(), { plan: planRun({ seed: 1, ...options }) });
    return unwrapped(renderReport([report])).match(/settings: (.*?seed \d+)/)?.[1];
  };

  test.each<[string, Parameters<typeof planRun>[0], string]>([
    [
      "an open loop",
      { protocol: "udp" },
      "127.0.0.1:7000, 100/s for 10 s, 64 octets, 1 connection, timeout 2 s, seed 1",
    ],
    [
      "a closed loop",
      { protocol: "tcp", rate: "max", count: 500, duration: 3 },
      "127.0.0.1:6000, as fast as answers arrive, 64 in flight for 3 s, at most 500 packets, 64 octets, 32 connections, timeout 2 s, seed 1",
    ],
    [
      "a run without an end",
      { protocol: "http", rate: 2000, arrival: "poisson", duration: Number.POSITIVE_INFINITY, warmup: 1 },
      "http://127.0.0.1:5000/, 2,000/s (Poisson) without a time limit, warm-up 1 s, 64 octets, up to 256 connections, timeout 2 s, seed 1",
    ],
    [
      "stages of plain text",
      { protocol: "udp", stages: [{ from: 0, to: 100, seconds: 5 }], mode: "plain" },
      "127.0.0.1:7000, stages 0-100/5s, plain text, up to 256 connections, timeout 2 s, seed 1",
    ],
  ])("of %s are one line", (_, options, line) => {
    expect(settings(options)).toBe(line);
  });

  test("that several protocols have in common are printed once", () => {
    const reports = (["http", "udp"] as const).map((protocol) =>
      reportOn(new Recorder(), { plan: planRun({ protocol, seed: 1 }) }),
    );
    const [http, udp] = reports.map((report) => ({ ...report, protocol: report.plan?.protocol ?? "udp" }));
    expect(renderReport([http, udp].filter((report) => report !== undefined))).toContain(
      "\nsettings: 100/s for 10 s, 64 octets, timeout 2 s, seed 1\n" +
        "  http: http://127.0.0.1:5000/, up to 256 connections\n  udp: 127.0.0.1:7000, 1 connection\n\n",
    );
  });
});

test("no line but the last one is wider than the screen", () => {
  const reports = [1, 2, 3].map((seed) => reportOf(4000, 200, 10, seed));
  for (const columns of [80, 100, 120, 200]) {
    const lines = renderReport(reports, { columns, colour: false }).trimEnd().split("\n");
    expect(Math.max(...lines.slice(0, -3).map(widthOf))).toBeLessThanOrEqual(columns);
  }
});

test("colours repeat what the words say: without them the text is the same", () => {
  const report = reportOf(1000, 10, 1);
  const coloured = renderReport([report], { columns: 80, colour: true });
  expect(coloured).toStartWith("udp  \u001b[1;32mvalid\u001b[0m  990 of 1,000");
  expect(Bun.stripANSI(coloured)).toBe(renderReport([report]));
});
