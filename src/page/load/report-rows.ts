/** The rows of a report's tables: labels with their definitions, and the value of each report. */
import { count, duration, grouped, inline, NONE, octets, percent } from "../../base/format.ts";
import type { Term } from "../../base/glossary.ts";
import { HANDSHAKE_KINDS, HANDSHAKE_TITLES } from "../../load/measure/handshake-kinds.ts";
import { QUANTILE_NAMES, quantileLabel } from "../../load/plan/quantiles.ts";
import { formatTime } from "../../load/report/format-time.ts";
import type { LossPlaces } from "../../load/report/places.ts";
import type { RunReport } from "../../load/report/report.ts";
import type { HandshakeTimes } from "../../load/report/report-handshakes.ts";
import type { OneWayVariation, Times, TwoQuantiles } from "../../load/report/report-times.ts";
import { FAILED_TIMES } from "../../load/report/text/notes.ts";

/** One row. */
export interface ReportRow {
  readonly label: string;
  readonly cell: (report: RunReport) => string;
  /** Indentation, from 0. */
  readonly depth: number;
  /** The definition that the label opens. */
  readonly term?: Term;
  /** Whether a report has a value for the row; without such a report the row is left out. Default: always. */
  readonly applies?: (report: RunReport) => boolean;
}

function row(label: string, cell: ReportRow["cell"], depth = 0, term?: Term): ReportRow {
  return { label, cell, depth, ...(term !== undefined && { term }) };
}

/** Rows that are shown only for a report to which they apply. */
function only(applies: NonNullable<ReportRow["applies"]>, ...rows: readonly ReportRow[]): readonly ReportRow[] {
  return rows.map((one) => ({ ...one, applies }));
}

/** A count; a dash where the direction of the losses is unknown. */
function packets(name: keyof RunReport["packets"]): ReportRow["cell"] {
  return ({ packets, evidence }) => {
    // Kept reports of earlier versions lack columns that were added later.
    const directed = name.endsWith("Up") || name.endsWith("Down");
    return directed && evidence.kind === "none" && packets.lost > 0 ? NONE : grouped(packets[name] ?? 0);
  };
}

/** A duration in s. */
function timeRow(label: string, pick: (report: RunReport) => number | null, term?: Term, depth = 0): ReportRow {
  return row(label, (report) => timeText(pick(report)), depth, term);
}

function timeText(seconds: number | null): string {
  return inline(duration(seconds));
}

/** p50 and p99. */
function pairText({ p50, p99 }: TwoQuantiles): string {
  return `${timeText(p50)} / ${timeText(p99)}`;
}

/** Whether a full receive buffer was a place of losses. */
function hasBufferDrops({ loss: { places } }: RunReport): boolean {
  return (places.targetBuffer ?? 0) + (places.ownBuffer ?? 0) > 0;
}

function placeRow(label: string, name: keyof LossPlaces): ReportRow {
  const cell = ({ loss: { places } }: RunReport) => (places[name] === null ? NONE : grouped(places[name]));
  return row(label, cell, 2, "loss places");
}

/** The variation of one direction, if it was measured. */
function directionRows(direction: string, pick: (report: RunReport) => OneWayVariation | null): readonly ReportRow[] {
  const ipdv = (report: RunReport) => pairText(pick(report)?.ipdv ?? { p50: null, p99: null });
  return only(
    (report) => pick(report) !== null,
    timeRow(`one-way ${direction} jitter, mean of the run`, (report) => pick(report)?.rfc3550Mean ?? null, "jitter"),
    row(`one-way ${direction} IPDV p50 / p99`, ipdv, 0, "IPDV"),
  );
}

function hasOneWay({ oneWay }: RunReport): boolean {
  return oneWay.up.count > 0;
}

/** Whether the one-way delays contain an offset of the clocks. */
function clocksDiffer(report: RunReport): boolean {
  return hasOneWay(report) && !report.oneWay.comparable;
}

/** A pair of one-way delays, marked if the two clocks differ. */
function oneWayText(report: RunReport, direction: "up" | "down"): string {
  return `${pairText(report.oneWay[direction])}${clocksDiffer(report) ? " *" : ""}`;
}

function offsetText({ oneWay: { comparable, clockOffset } }: RunReport): string {
  if (comparable || clockOffset === null) return NONE;
  return `${timeText(clockOffset.seconds)} ± ${timeText(clockOffset.error)}`;
}

/** The interval of the loss, or why there is none. */
function lossInterval({ loss: { low, high, reason } }: RunReport): string {
  return low === null || high === null ? (reason ?? NONE) : `${inline(percent(low))} to ${inline(percent(high))}`;
}

function burstText({ count: bursts, mean }: RunReport["loss"]["bursts"]): string {
  return mean === null ? grouped(bursts) : `${grouped(bursts)}, ${Number(mean.toPrecision(3))}`;
}

/** The mean time of the handshakes of one kind, and their number, for the reports that have any. */
function handshakeRow(label: string, pick: (report: RunReport) => HandshakeTimes | undefined): readonly ReportRow[] {
  const cell = (report: RunReport) => {
    const times = pick(report);
    return times ? `${timeText(times.mean)} (${grouped(times.count)})` : NONE;
  };
  return only((report) => (pick(report)?.count ?? 0) > 0, row(label, cell, 1));
}

/** The handshakes of every kind. Kept reports of earlier versions have none. */
const HANDSHAKE_ROWS: readonly ReportRow[] = [
  ...only(
    ({ handshakes }) => (handshakes ?? null) !== null,
    row("handshakes: mean time (number)", () => "", 0, "handshake time"),
  ),
  ...HANDSHAKE_KINDS.flatMap((kind) => [
    ...handshakeRow(HANDSHAKE_TITLES[kind], ({ handshakes }) => handshakes?.[kind]?.full),
    ...handshakeRow(`${HANDSHAKE_TITLES[kind]}, resumed`, ({ handshakes }) => handshakes?.[kind]?.resumed),
  ]),
  ...only(
    ({ handshakes }) => Object.keys(handshakes?.failed ?? {}).length > 0,
    row("failed", ({ handshakes }) => failuresText(handshakes?.failed ?? {}), 1),
  ),
];

function failuresText(failed: Readonly<Record<string, number>>): string {
  return Object.entries(failed)
    .map(([code, times]) => `${code} × ${grouped(times)}`)
    .join(", ");
}

/** Every statistic of a distribution, as rows. `definition` is that of its percentiles. */
function statisticRows(pick: (report: RunReport) => Times, definition?: Term): readonly ReportRow[] {
  return (["min", "mean", ...QUANTILE_NAMES, "max"] as const).map((name) => {
    const cell = (report: RunReport) => formatTime(pick(report), name, timeText);
    return row(quantileLabel(name), cell, 1, name === "p50" ? definition : undefined);
  });
}

/** The packet accounting. */
export const ACCOUNTING_ROWS: readonly ReportRow[] = [
  row("planned", packets("planned")),
  row("unsent", packets("unsent")),
  row("refused", packets("refused"), 0, "refused"),
  row("sent", packets("sent"), 0, "packet accounting"),
  row("answered", packets("answered"), 1),
  row("lost", packets("lost"), 1, "loss direction"),
  row("upstream", packets("lostUp"), 2),
  row("dropped on purpose", packets("droppedUp"), 3),
  row("downstream", packets("lostDown"), 2),
  row("dropped on purpose", packets("droppedDown"), 3),
  row("unexplained", packets("unexplained"), 2, "unexplained"),
  ...only(
    hasBufferDrops,
    placeRow("at the target's receive buffer, at most", "targetBuffer"),
    placeRow("at the own receive buffer", "ownBuffer"),
    placeRow("on the path", "path"),
  ),
  row("late", packets("late"), 1, "late"),
  row("failed", packets("failed"), 1),
  row("corrupt", packets("corrupt"), 1),
  row("duplicate answers", packets("duplicate"), 0, "duplicate answers"),
  ...only(
    ({ duplicates }) => (duplicates?.up ?? 0) + (duplicates?.down ?? 0) > 0,
    row("made upstream", ({ duplicates }) => grouped(duplicates?.up ?? 0), 1),
    row("made downstream", ({ duplicates }) => grouped(duplicates?.down ?? 0), 1),
  ),
  row("reordered answers", packets("reordered"), 0, "reordered answers"),
  row("loss", ({ loss }) => inline(percent(loss.ratio)), 0, "loss"),
  row("95 % interval", lossInterval, 1),
  row("bursts, mean length", ({ loss: { bursts } }) => burstText(bursts), 1, "loss bursts"),
];

/** Response, service, server and one-way times, and their variation. */
export const TIME_ROWS: readonly ReportRow[] = [
  row("response time (percentiles of all packets sent)", () => "", 0, "response time"),
  ...statisticRows(({ responseTime }) => responseTime, "percentile"),
  ...only(
    ({ failedTime }) => failedTime.count > 0,
    row(`failed (${FAILED_TIMES})`, () => "", 0, "failed answers"),
    ...statisticRows(({ failedTime }) => failedTime),
  ),
  row("service time p50", ({ serviceTime }) => formatTime(serviceTime, "p50", timeText), 0, "service time"),
  row("service time p95", ({ serviceTime }) => formatTime(serviceTime, "p95", timeText)),
  row("service time p99", ({ serviceTime }) => formatTime(serviceTime, "p99", timeText)),
  timeRow("server time p50", ({ serverTime }) => serverTime.p50, "server time"),
  ...only(
    hasOneWay,
    row("one-way upstream p50 / p99", (report) => oneWayText(report, "up"), 0, "one-way delay"),
    row("one-way downstream p50 / p99", (report) => oneWayText(report, "down")),
  ),
  ...only(
    clocksDiffer,
    row("* offset of the target's clock", offsetText, 1),
    timeRow("drift from first to second half", ({ oneWay }) => oneWay.drift, undefined, 1),
  ),
  timeRow("round-trip jitter, mean of the run", ({ jitter }) => jitter.rfc3550Mean, "jitter"),
  timeRow("last value", ({ jitter }) => jitter.rfc3550, undefined, 1),
  row("round-trip IPDV p50 / p99", ({ jitter }) => pairText(jitter.ipdv), 0, "IPDV"),
  row("round-trip PDV p50 / p99", ({ jitter }) => pairText(jitter.pdv), 0, "PDV"),
  // Kept reports of earlier versions have no directions.
  ...directionRows("upstream", ({ jitter }) => jitter.up ?? null),
  ...directionRows("downstream", ({ jitter }) => jitter.down ?? null),
  ...HANDSHAKE_ROWS,
];

/** The run itself, and the accuracy of its generator. */
export const RUN_ROWS: readonly ReportRow[] = [
  row("target", ({ target }) => target),
  row("rate", ({ rate }) => inline(count(rate.achieved, "/s"))),
  row("sent in", ({ durationSeconds }) => inline(duration(durationSeconds))),
  row("bytes sent, received", ({ bytes }) => `${inline(octets(bytes.sent))}, ${inline(octets(bytes.received))}`),
  row("seed", ({ seed }) => String(seed)),
  timeRow("schedule error p99", ({ scheduleError }) => scheduleError.p99, "schedule error"),
  ...only(
    ({ receiveDelay }) => receiveDelay?.max !== null,
    timeRow("receive delay p99", ({ receiveDelay }) => receiveDelay.p99, "receive delay"),
  ),
];
