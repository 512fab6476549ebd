/** The times of a report as a matrix: a row for each kind of time, a column for each statistic. */
import { formatSeconds } from "../../../base/format.ts";
import { type ShownPercentile, shownPercentiles } from "../percentiles.ts";
import type { RunReport } from "../report.ts";
import type { OneWayVariation, Times } from "../report-times.ts";
import { handshakeRows } from "./handshake-rows.ts";
import { paint, type Screen } from "./screen.ts";
import { beside, layOut } from "./table.ts";

/** A value of a column: a statistic without its interval is no estimate. */
type Shown = Pick<ShownPercentile, "label" | "value" | "over" | "interval">;
/** Values that are no whole distribution, by their columns; other cells are empty. */
type Some = Readonly<Record<string, number | null>>;

/** The columns of a row: minimum, mean, percentiles, maximum. */
function columnsOf(times: Times): readonly Shown[] {
  const single = (label: "min" | "mean" | "max"): Shown => ({
    label,
    value: times[label],
    over: undefined,
    interval: label === "mean" ? times.intervals.mean : undefined,
  });
  return [single("min"), single("mean"), ...shownPercentiles(times), single("max")];
}

/** A row of a distribution; none without a value. */
function timesRow(label: string, times: Times): string[][] {
  const cell = ({ value, over }: Shown) => (over === undefined ? formatSeconds(value) : `> ${formatSeconds(over)}`);
  return times.count === 0 ? [] : [[label, ...columnsOf(times).map(cell)]];
}

/** The limits of the 95 % intervals of the values above them, if there are any. */
function intervalRows(times: Times): string[][] {
  const columns = columnsOf(times);
  if (times.count === 0 || columns.every(({ interval }) => interval === undefined)) return [];
  // An interval that is open above ends over the timeout.
  const limit = (seconds: number | null) => (seconds === null ? "timeout" : formatSeconds(seconds));
  return [
    ["95 % from", ...columns.map(({ interval }) => (interval === undefined ? "" : formatSeconds(interval[0])))],
    ["95 % to", ...columns.map(({ interval }) => (interval === undefined ? "" : limit(interval[1])))],
  ];
}

function someRow(label: string, values: Some, heads: readonly string[]): string[][] {
  const cells = heads.map((head) => {
    const value = values[head] ?? null;
    return value === null ? "" : formatSeconds(value);
  });
  return cells.every((cell) => cell === "") ? [] : [[label, ...cells]];
}

/** The one-way delays of a direction and their variation. */
function oneWayRows(label: string, times: Times, variation: OneWayVariation | null, heads: readonly string[]) {
  return [
    ...timesRow(label, times),
    ...someRow("  jitter", { mean: variation?.rfc3550Mean ?? null }, heads),
    ...someRow("  IPDV", { p50: variation?.ipdv.p50 ?? null, p99: variation?.ipdv.p99 ?? null }, heads),
  ];
}

function rowsOf(report: RunReport, heads: readonly string[]): string[][] {
  const { responseTime, failedTime, serviceTime, serverTime, oneWay, jitter } = report;
  return [
    ...timesRow("response", responseTime),
    ...intervalRows(responseTime),
    ...timesRow("failed", failedTime),
    ...timesRow("service", serviceTime),
    ...timesRow("server", serverTime),
    ...someRow("jitter", { mean: jitter.rfc3550Mean }, heads),
    ...someRow("IPDV", { ...jitter.ipdv }, heads),
    ...someRow("PDV", { ...jitter.pdv }, heads),
    ...oneWayRows("upstream", oneWay.up, jitter.up, heads),
    ...oneWayRows("downstream", oneWay.down, jitter.down, heads),
    ...handshakeRows(report, heads),
  ];
}

function matrixOf(report: RunReport, isOnly: boolean, screen: Screen): string[] {
  const heads = columnsOf(report.responseTime).map(({ label }) => label);
  const rows = rowsOf(report, heads);
  if (rows.length === 0) return [];
  const head = [isOnly ? "" : report.protocol, ...heads].map((text) => paint(screen, "strong", text));
  return [layOut([head, ...rows], screen.columns)];
}

/** A matrix for each report that has times, side by side as far as they fit; empty if there are none. */
export function timeMatrices(reports: readonly RunReport[], isOnly: boolean, screen: Screen): string {
  return beside(
    reports.flatMap((report) => matrixOf(report, isOnly, screen)),
    screen.columns,
  );
}
