/** The rows of the page's report, and the segments of its accounting bar. */
import { expect, test } from "bun:test";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import type { RunReport } from "../../../src/load/report/report.ts";
import { segmentsOf } from "../../../src/page/load/accounting-bar.ts";
import { ACCOUNTING_ROWS, type ReportRow, TIME_ROWS } from "../../../src/page/load/report-rows.ts";
import { reportOf, reportOn } from "../../load/support/reports.ts";

/** The rows that apply to a report: label and value. */
function shown(rows: readonly ReportRow[], report: RunReport): (readonly [label: string, value: string])[] {
  return rows
    .filter(({ applies = () => true }) => applies(report))
    .map(({ label, cell }) => [label, cell(report)] as const);
}

/** A report with 100 STAMP answers of 4 ms, from a clock that is ahead by this much, s. */
function reportWithClock(aheadSeconds: number): RunReport {
  const recorder = new Recorder();
  for (let packet = 0; packet < 100; packet++) {
    const [t1, ahead] = [1_000_000 + packet * 10, aheadSeconds * 1000];
    recorder.recordTimes(4, 4);
    recorder.updateJitter(packet % 2 === 0 ? 1 : -1);
    recorder.recordExchange(t1, t1 + 1 + ahead, t1 + 2 + ahead, t1 + 4);
    recorder.oneWay.variation.up.record(0.5);
    recorder.oneWay.variation.down.record(0.25);
  }
  Object.assign(recorder.counts, { planned: 100, sent: 100, answered: 100 });
  return reportOn(recorder);
}

test("the mean jitter of the run is first, then its last value, each named round-trip or one-way", () => {
  const rows = shown(TIME_ROWS, reportWithClock(0));
  const labels = rows.map(([label]) => label);
  const at = labels.indexOf("round-trip jitter, mean of the run");
  expect(rows[at]?.[1]).toBe("1.00 ms");
  expect(labels[at + 1]).toBe("last value");
  expect(labels.filter((label) => /jitter|IPDV|PDV/.test(label) && !/^(round-trip|one-way) /.test(label))).toEqual([]);
  expect(labels).toContain("one-way upstream jitter, mean of the run");
  expect(rows).toContainEqual(["one-way downstream IPDV p50 / p99", "250 µs / –"]);
  expect(shown(TIME_ROWS, reportOf(100, 0, 1)).map(([label]) => label)).not.toContain(
    "one-way upstream jitter, mean of the run",
  );
});

test("one-way delays are marked if the clocks differ, with the offset below", () => {
  const same = new Map(shown(TIME_ROWS, reportWithClock(0)));
  expect(same.get("one-way upstream p50 / p99")).toBe("1.00 ms / –");
  expect(same.has("* offset of the target's clock")).toBe(false);
  const ahead = new Map(shown(TIME_ROWS, reportWithClock(5)));
  expect(ahead.get("one-way upstream p50 / p99")).toBe("5.00 s / – *");
  expect(ahead.get("one-way downstream p50 / p99")).toBe("-5.00 s / – *");
  expect(ahead.get("* offset of the target's clock")).toStartWith("5.00 s ± ");
});

test("percentiles over the timeout are shown as such", () => {
  const rows = new Map(shown(TIME_ROWS, reportOf(1000, 600, 1)));
  expect([rows.get("p50"), rows.get("service time p99")]).toEqual(["> 2 s", "> 2 s"]);
});

test("every percentile has a row, and so have the times of failed answers if there are any", () => {
  const report = reportOf(1000, 0, 10);
  const labels = ["min", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"];
  const rows = shown(TIME_ROWS, report);
  expect(rows.slice(1, 9).map(([label]) => label)).toEqual(labels);
  expect(rows.map(([label]) => label)).toContain("service time p95");
  expect(rows.some(([label]) => label.startsWith("failed"))).toBe(false);
  const failedTime = { ...report.failedTime, count: 7, packets: 7, min: 0.02, p50: 0.03, p95: 0.04, max: 0.05 };
  const failed = shown(TIME_ROWS, { ...report, failedTime }).slice(9, 18);
  expect(failed.map(([label]) => label)).toEqual([
    "failed (response times of the answers with a status outside 2xx)",
    ...labels,
  ]);
  expect(failed.map(([, value]) => value)).toEqual([
    "",
    "20.0 ms",
    "–",
    "30.0 ms",
    "–",
    "40.0 ms",
    "–",
    "–",
    "50.0 ms",
  ]);
});

test("the places of losses are rows if a receive buffer was one of them", () => {
  const report = reportOf(1000, 100, 1);
  const labels = (one: RunReport) => shown(ACCOUNTING_ROWS, one).map(([label]) => label);
  expect(labels(report)).not.toContain("on the path");
  const places = { path: 60, targetBuffer: 30, ownBuffer: 10 };
  const rows = shown(ACCOUNTING_ROWS, { ...report, loss: { ...report.loss, places } });
  expect(rows).toContainEqual(["at the target's receive buffer, at most", "30"]);
  expect(rows).toContainEqual(["at the own receive buffer", "10"]);
  expect(rows).toContainEqual(["on the path", "60"]);
});

test("the segments of the bar are the packets planned, refused and unsent ones included", () => {
  const { packets } = reportOf(1000, 100, 1);
  const parts = segmentsOf({ ...packets, planned: 1250, unsent: 50, refused: 200 });
  expect(parts.map(({ name, count, share }) => [name, count, share])).toEqual([
    ["answered", 900, "90.0 %"],
    ["unexplained", 100, "10.0 %"],
    ["unsent", 50, "4.0 % of 1,250 planned"],
    ["refused", 200, "16.0 % of 1,250 planned"],
  ]);
});

test("handshakes have their mean time and number, resumed and failed ones apart; a report without any has no such row", () => {
  const recorder = new Recorder();
  recorder.handshakes.record("tcp", 1, false);
  recorder.handshakes.record("tls", 4, false);
  recorder.handshakes.record("tls", 6, false);
  recorder.handshakes.record("tls", 2, true);
  recorder.handshakes.failed("ETIMEDOUT");
  const rows = shown(TIME_ROWS, reportOn(recorder));
  expect(rows.slice(rows.findIndex(([label]) => label.startsWith("handshakes")))).toEqual([
    ["handshakes: mean time (number)", ""],
    ["TCP", "1.00 ms (1)"],
    ["TLS", "5.00 ms (2)"],
    ["TLS, resumed", "2.00 ms (1)"],
    ["failed", "ETIMEDOUT × 1"],
  ]);
  expect(shown(TIME_ROWS, reportOf(100, 0, 1)).some(([label]) => label.startsWith("handshakes"))).toBe(false);
});
