/** The text of `--explain`. */
import { describe, expect, test } from "bun:test";
import { GLOSSARY, type Term } from "../../../../src/base/glossary.ts";
import { planRun } from "../../../../src/load/plan/run-plan.ts";
import { NO_TIMES } from "../../../../src/load/report/files/second-schema.ts";
import { reportedPlan, senderHost } from "../../../../src/load/report/origin.ts";
import type { RunReport } from "../../../../src/load/report/report.ts";
import type { Times } from "../../../../src/load/report/report-times.ts";
import { explain } from "../../../../src/load/report/text/explain.ts";

const TIMES: Times = {
  ...NO_TIMES,
  count: 950,
  packets: 1000,
  min: 0.001,
  p50: 0.002,
  p99: 0.008,
  max: 0.01,
  intervals: { p50: [0.0019, 0.0021] },
};

const REPORT: RunReport = {
  schema: "wirelab.run/2",
  protocol: "udp",
  target: "127.0.0.1:7000",
  address: "127.0.0.1",
  seed: 1,
  sessionId: null,
  plan: reportedPlan(planRun({ protocol: "udp", seed: 1 })),
  host: senderHost(),
  startedAt: "2026-01-01T00:00:00.000Z",
  ended: "completed",
  durationSeconds: 10,
  rate: { offered: 100, achieved: 100 },
  packets: {
    planned: 1002,
    sent: 1000,
    unsent: 2,
    refused: 0,
    answered: 950,
    lost: 40,
    lostUp: 25,
    lostDown: 10,
    droppedUp: 20,
    droppedDown: 9,
    late: 4,
    duplicate: 3,
    reordered: 2,
    corrupt: 5,
    failed: 1,
    unexplained: 5,
  },
  duplicates: { up: 2, down: 1, unexplained: 0 },
  loss: {
    ratio: 0.04,
    low: 0.03,
    high: 0.05,
    method: "gilbert95",
    reason: null,
    limits: null,
    effectiveSampleSize: 800,
    highIfIndependent: null,
    bursts: { count: 20, mean: 2, max: 5 },
    gaps: { count: 19, mean: 48, max: 90 },
    gilbert: { p: { value: 0.02, low: 0.015, high: 0.03 }, r: { value: 0.5, low: 0.4, high: 0.6 } },
    places: { path: 10, targetBuffer: 0, ownBuffer: 1 },
  },
  evidence: { kind: "lab", text: "by a summary" },
  responseTime: TIMES,
  failedTime: NO_TIMES,
  serviceTime: { ...TIMES, p50: 0.0015 },
  serverTime: NO_TIMES,
  handshakes: null,
  oneWay: { up: NO_TIMES, down: NO_TIMES, comparable: false, clockOffset: null, drift: null },
  clockSteps: [],
  reflectorClock: null,
  jitter: {
    rfc3550: 0.0003,
    rfc3550Mean: 0.0002,
    ipdv: { p50: 0.0001, p99: 0.0005 },
    pdv: { p50: 0.0005, p99: 0.007 },
    up: { rfc3550Mean: 0.0001, ipdv: { p50: 0.00004, p99: 0.00005, min: -0.001, max: 0.001 } },
    down: { rfc3550Mean: 0.0001, ipdv: { p50: 0.00006, p99: 0.0005, min: -0.001, max: 0.001 } },
  },
  scheduleError: { p50: 0.00001, p99: 0.0001, max: 0.001 },
  handOver: { bunched: 30, largestBurst: 7 },
  receiveDelay: { p50: 0.00002, p99: 0.0002, max: 0.001 },
  bytes: { sent: 0, received: 0 },
  errors: {},
  statuses: {},
  via: null,
  packetLog: null,
  objectives: [],
  verdict: { valid: true, interrupted: false, reasons: [] },
};

/** The paragraphs of the explanation by their terms, each as one line. */
function paragraphs(report: RunReport): ReadonlyMap<string, string> {
  const entries = explain(report)
    .split("\n\n")
    .map((paragraph) => paragraph.split("\n"));
  return new Map(entries.map(([term = "", ...lines]) => [term, lines.map((line) => line.trim()).join(" ")]));
}

test("each paragraph is the term's definition, followed by the run's values", () => {
  for (const [term, text] of paragraphs(REPORT)) {
    expect([term, text.startsWith(`${GLOSSARY[term as Term]} `)]).toEqual([term, true]); // every key is a term
  }
});

describe("the values of a run", () => {
  test.each<[Term, string]>([
    [
      "packet accounting",
      "1,000 sent = 950 answered + 40 lost + 4 late + 1 failed + 5 corrupt. 1,002 were planned; 2 of them could not be sent.",
    ],
    [
      "loss direction",
      "40 lost = 25 upstream + 10 downstream + 5 unexplained. The target dropped 20 upstream and 9 downstream on purpose. Directions: by a summary.",
    ],
    ["loss", "4 %; the 95 % interval is 3 % to 5 %, as precise as that of 800 independent packets."],
    ["loss bursts", "Bursts: 20, on average 2 packets, at most 5. Gaps: 19, on average 48 packets, at most 90."],
    ["Gilbert model", "p 2 % (1.5 % to 3 %), r 50 % (40 % to 60 %)."],
    ["duplicate answers", "3 in this run: 2 made upstream, 1 downstream."],
    ["reordered answers", "2 in this run."],
    ["response time", "p50 2 ms, max 10 ms."],
    ["service time", "p50 1.5 ms, max 10 ms."],
    ["percentile", "950 of 1,000 packets have a response time. The 95 % interval of the median is 1.9 ms to 2.1 ms."],
    [
      "jitter",
      "Round-trip: mean 200 µs; 300 µs at the end of this run. One-way: upstream mean 100 µs, downstream mean 100 µs.",
    ],
    [
      "IPDV",
      "Round-trip: p50 100 µs, p99 500 µs. One-way: upstream p50 40 µs, p99 50 µs; downstream p50 60 µs, p99 500 µs.",
    ],
    ["PDV", "Round-trip: p50 500 µs, p99 7 ms, over a minimum of 1 ms."],
    [
      "schedule error",
      "p50 10 µs, p99 100 µs. 30 packets (3 %) were due before the one before them was sent, up to 7 in a row: the gaps between these packets are not the planned ones.",
    ],
    ["receive delay", "p50 20 µs, p99 200 µs."],
    ["verdict", "This run is valid."],
  ])("%s", (term, values) => {
    expect(paragraphs(REPORT).get(term)).toContain(values);
  });
});

test("a verdict that is not valid has its reasons", () => {
  const reasons = ["the sender was late", "too few packets"];
  const report = { ...REPORT, verdict: { valid: false, interrupted: false, reasons } };
  expect(paragraphs(report).get("verdict")).toEndWith("This run is not valid: the sender was late; too few packets.");
});

test("times that were not measured have no paragraph", () => {
  expect([...paragraphs(REPORT).keys()]).not.toContain("server time");
  expect([...paragraphs(REPORT).keys()]).not.toContain("one-way delay");
});

describe("one-way delays", () => {
  const oneWay = {
    up: { ...TIMES, p50: 0.001 },
    down: { ...TIMES, p50: 0.003 },
    comparable: false,
    clockOffset: null,
    drift: null,
  };

  test.each<[string, Partial<RunReport["oneWay"]>, string]>([
    [
      "on clocks that agree",
      { comparable: true },
      "Upstream p50 1 ms, downstream p50 3 ms. The clocks of the two ends agree",
    ],
    ["on clocks that are not known to agree", {}, "only changes of these values are meaningful."],
    [
      "with a known clock offset",
      { clockOffset: { seconds: -0.5, error: 0.001 } },
      "The target's clock is 500 ms behind the sender's, with an error of at most 1 ms",
    ],
  ])("%s", (_, part, text) => {
    expect(paragraphs({ ...REPORT, oneWay: { ...oneWay, ...part } }).get("one-way delay")).toContain(text);
  });
});

test("no line is longer than 90 characters", () => {
  expect(
    Math.max(
      ...explain(REPORT)
        .split("\n")
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(90);
});
