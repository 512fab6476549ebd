/** The text of `--explain`. */
import { describe, expect, test } from "bun:test";
import { GLOSSARY, type Term } from "../../../src/base/glossary.ts";
import { explain } from "../../../src/load/report/explain.ts";
import type { RunReport, Times } from "../../../src/load/report/report.ts";

const NO_TIMES: Times = {
  count: 0,
  min: null,
  mean: null,
  p50: null,
  p90: null,
  p99: null,
  p999: null,
  max: null,
  stddev: null,
  intervals: {},
};
const TIMES: Times = {
  ...NO_TIMES,
  count: 950,
  min: 0.001,
  p50: 0.002,
  p99: 0.008,
  max: 0.01,
  intervals: { p50: [0.0019, 0.0021] },
};

const REPORT: RunReport = {
  schema: "wirelab.run/1",
  protocol: "udp",
  target: "127.0.0.1:7000",
  address: "127.0.0.1",
  seed: 1,
  startedAt: "2026-01-01T00:00:00.000Z",
  durationSeconds: 10,
  rate: { offered: 100, achieved: 100 },
  packets: {
    planned: 1002,
    sent: 1000,
    unsent: 2,
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
  loss: { ratio: 0.04, low: 0.03, high: 0.05, method: "wilson95" },
  evidence: { kind: "lab", text: "by a summary" },
  responseTime: TIMES,
  serviceTime: { ...TIMES, p50: 0.0015 },
  serverTime: NO_TIMES,
  oneWay: { up: NO_TIMES, down: NO_TIMES, comparable: false, clockOffset: null },
  jitter: { rfc3550: 0.0003, ipdv: { p50: 0.0001, p99: 0.0005 }, pdv: { p50: 0.0005, p99: 0.007 } },
  scheduleError: { p50: 0.00001, p99: 0.0001, max: 0.001 },
  bytes: { sent: 0, received: 0 },
  errors: {},
  statuses: {},
  objectives: [],
  verdict: { valid: true, reasons: [] },
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
    ["loss", "4 %; the 95 % interval is 3 % to 5 %."],
    ["duplicate answers", "3 in this run."],
    ["reordered answers", "2 in this run."],
    ["response time", "p50 2 ms, max 10 ms."],
    ["service time", "p50 1.5 ms, max 10 ms."],
    ["percentile", "The 95 % interval of the median response time is 1.9 ms to 2.1 ms"],
    ["jitter", "300 µs at the end of this run."],
    ["IPDV", "p50 100 µs, p99 500 µs."],
    ["PDV", "p50 500 µs, p99 7 ms, over a minimum of 1 ms."],
    ["schedule error", "p50 10 µs, p99 100 µs."],
    ["verdict", "This run is valid."],
  ])("%s", (term, values) => {
    expect(paragraphs(REPORT).get(term)).toContain(values);
  });
});

test("a verdict that is not valid has its reasons", () => {
  const report = { ...REPORT, verdict: { valid: false, reasons: ["the sender was late", "too few packets"] } };
  expect(paragraphs(report).get("verdict")).toEndWith("This run is not valid: the sender was late; too few packets.");
});

test("times that were not measured have no paragraph", () => {
  expect([...paragraphs(REPORT).keys()]).not.toContain("server time");
  expect([...paragraphs(REPORT).keys()]).not.toContain("one-way delay");
});

describe("one-way delays", () => {
  const oneWay = { up: { ...TIMES, p50: 0.001 }, down: { ...TIMES, p50: 0.003 }, comparable: false, clockOffset: null };

  test.each<[string, Partial<RunReport["oneWay"]>, string]>([
    ["on one clock", { comparable: true }, "Upstream p50 1 ms, downstream p50 3 ms. Both ends read the same clock"],
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
