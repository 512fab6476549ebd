/** The rows of the text report's table: a label, then a cell for each report. */
import { formatCount, formatRate, formatSeconds, formatShare, NONE } from "../../../base/format.ts";
import { formatTime } from "../format-time.ts";
import { type ShownPercentile, shownPercentiles } from "../percentiles.ts";
import type { DuplicatePlaces, LossPlaces } from "../places.ts";
import type { OneWayVariation, PacketCounts, RunEnd, RunLengthsReport, RunReport, Times } from "../report.ts";

type Cell = (report: RunReport) => string;
type Reports = readonly RunReport[];

/** How a run ended, in words. */
export const END_TEXTS: Readonly<Record<RunEnd, string>> = {
  completed: "completed",
  interrupted: "interrupted",
  "gave-up": "gave up",
};

/** All rows, for reports of one or more protocols side by side. */
export function tableRows(reports: Reports): string[][] {
  return [
    row("", reports, (report) => report.protocol),
    row("target", reports, (report) => report.target),
    ...(reports.some(isNamed) ? [row("  address", reports, (report) => report.address)] : []),
    ...(reports.every(({ ended }) => ended === "completed")
      ? []
      : [row("ended", reports, ({ ended }) => (ended === null ? NONE : END_TEXTS[ended]))]),
    row("sent in", reports, (report) => formatSeconds(report.durationSeconds)),
    row("rate", reports, (report) => formatRate(report.rate.achieved)),
    ...packetRows(reports),
    ...timeRows("response time (percentiles of all packets sent)", reports, (report) => report.responseTime),
    ...timeRows("service time (percentiles of all packets sent)", reports, (report) => report.serviceTime),
    ...timeRows("server time (of answers)", reports, (report) => report.serverTime),
    ...oneWayRows(reports),
    ...variationRows(reports),
    row("schedule error p99", reports, (report) => formatSeconds(report.scheduleError.p99)),
    ...(reports.some((report) => bunchedShare(report) > NOTABLE_BUNCHES)
      ? [row("sent in bursts", reports, (report) => formatShare(bunchedShare(report)))]
      : []),
    ...(reports.some(({ receiveDelay }) => receiveDelay.max !== null)
      ? [row("receive delay p99", reports, (report) => formatSeconds(report.receiveDelay.p99))]
      : []),
  ];
}

function row(label: string, reports: Reports, cell: Cell): string[] {
  return [label, ...reports.map(cell)];
}

/** Share of packets in bursts above which the text report has a row for it. */
const NOTABLE_BUNCHES = 0.05;

/** The share of packets that were passed to the kernel together with the one before, because they were due already. */
function bunchedShare({ handOver, packets: { sent } }: RunReport): number {
  return sent === 0 ? 0 : (handOver?.bunched ?? 0) / sent;
}

/** Whether the target is a name, so that its address is a row of its own. */
function isNamed({ target, address }: RunReport): boolean {
  return address !== "" && !target.includes(address);
}

function packetRows(reports: Reports): string[][] {
  const counted = (label: string, name: keyof PacketCounts) =>
    row(label, reports, (report) => formatCount(report.packets[name]));
  const directed = (label: string, name: keyof PacketCounts) =>
    row(label, reports, (report) => directedCell(report, name));
  const optional = (["unsent", "refused", "late", "failed", "corrupt", "duplicate", "reordered"] as const).filter(
    (name) => reports.some((report) => report.packets[name] > 0),
  );
  return [
    counted("planned", "planned"),
    counted("sent", "sent"),
    counted("answered", "answered"),
    counted("lost", "lost"),
    directed("  lost upstream", "lostUp"),
    directed("    dropped on purpose", "droppedUp"),
    directed("  lost downstream", "lostDown"),
    directed("    dropped on purpose", "droppedDown"),
    counted("  unexplained", "unexplained"),
    ...placeRows(reports),
    ...optional.flatMap((name) => [counted(name, name), ...(name === "duplicate" ? duplicateRows(reports) : [])]),
    row("loss", reports, ({ packets, loss }) => (packets.sent === 0 ? NONE : formatShare(loss.ratio))),
    ...lossRows(reports),
  ];
}

/** Where the duplicates were made, as far as it is known. */
function duplicateRows(reports: Reports): string[][] {
  const place = (label: string, name: keyof DuplicatePlaces) =>
    row(label, reports, ({ duplicates }) => countOf(duplicates?.[name] ?? null));
  return [place("  made upstream", "up"), place("  made downstream", "down"), place("  unexplained", "unexplained")];
}

/** The precision and the pattern of the loss. */
function lossRows(reports: Reports): string[][] {
  const interval: Cell = ({ packets, loss: { low, high, reason } }) => {
    if (packets.sent === 0) return NONE;
    return low === null || high === null ? (reason ?? NONE) : `${formatShare(low)} to ${formatShare(high)}`;
  };
  const rows = [row("  95 % confidence interval", reports, interval)];
  if (reports.every(({ loss }) => loss.bursts.count === 0)) return rows;
  return [
    ...rows,
    row("  effective sample size", reports, ({ loss }) => countOf(loss.effectiveSampleSize)),
    row("  loss bursts: number, mean, longest", reports, ({ loss }) => lengthsCell(loss.bursts)),
    row("  gaps between bursts", reports, ({ loss }) => lengthsCell(loss.gaps)),
    row("  Gilbert model p, r", reports, ({ loss: { gilbert } }) =>
      gilbert === null ? NONE : `${formatShare(gilbert.p.value)}, ${formatShare(gilbert.r.value)}`,
    ),
  ];
}

function countOf(count: number | null): string {
  return count === null ? NONE : formatCount(count);
}

function lengthsCell({ count, mean, max }: RunLengthsReport): string {
  return mean === null ? formatCount(count) : `${formatCount(count)}, ${Number(mean.toPrecision(3))}, ${countOf(max)}`;
}

/** The places of the losses, if a receive buffer was one of them. */
function placeRows(reports: Reports): string[][] {
  const isShown = reports.some(({ loss: { places } }) => (places.targetBuffer ?? 0) + (places.ownBuffer ?? 0) > 0);
  if (!isShown) return [];
  const place = (label: string, name: keyof LossPlaces) =>
    row(label, reports, ({ loss: { places } }) => countOf(places[name]));
  return [
    place("  at the target's receive buffer, at most", "targetBuffer"),
    place("  at the own receive buffer", "ownBuffer"),
    place("  on the path", "path"),
  ];
}

/** A count by direction, which has a value only if the direction of losses is known. */
function directedCell({ evidence, packets }: RunReport, name: keyof PacketCounts): string {
  return evidence.kind === "none" && packets.lost > 0 ? NONE : formatCount(packets[name]);
}

/** A time, followed by the limits of its 95 % confidence interval if it has one. */
function withInterval(times: Times, name: "min" | "mean" | "max"): string {
  const limits = name === "mean" ? times.intervals.mean : undefined;
  const value = formatTime(times, name);
  return limits === undefined ? value : `${value} [${formatSeconds(limits[0])}, ${upperLimit(limits[1])}]`;
}

/** The upper limit of an interval; that of one that is open above is over the timeout. */
function upperLimit(seconds: number | null): string {
  return seconds === null ? "timeout" : formatSeconds(seconds);
}

function timeRows(label: string, reports: Reports, times: (report: RunReport) => Times): string[][] {
  if (reports.every((report) => times(report).count === 0)) return [];
  const single = (name: "min" | "mean" | "max") =>
    row(`  ${name}`, reports, (report) => withInterval(times(report), name));
  return [[label], single("min"), single("mean"), ...percentileRows(reports, times), single("max")];
}

/** A row for each percentile that the reports show; each of them has one plan, so their percentiles are the same. */
function percentileRows(reports: Reports, times: (report: RunReport) => Times): string[][] {
  const columns = reports.map((report) => shownPercentiles(times(report)));
  return (columns[0] ?? []).map(({ label }, index) => [
    `  ${label}`,
    ...columns.map((column) => percentileCell(column[index])),
  ]);
}

/** The percentile, followed by the limits of its 95 % confidence interval if it has one. */
function percentileCell(shown: ShownPercentile | undefined): string {
  if (shown === undefined) return NONE;
  const { value, over, interval } = shown;
  const text = over === undefined ? formatSeconds(value) : `> ${formatSeconds(over)}`;
  return interval === undefined ? text : `${text} [${formatSeconds(interval[0])}, ${upperLimit(interval[1])}]`;
}

/** One-way delays, if there are any; with the offset of the clocks unless it is 0 within its error. */
function oneWayRows(reports: Reports): string[][] {
  const measured = reports.filter(({ oneWay }) => oneWay.up.count > 0);
  if (measured.length === 0) return [];
  const offset: Cell = ({ oneWay: { comparable, clockOffset } }) =>
    comparable || clockOffset === null
      ? NONE
      : `${formatSeconds(clockOffset.seconds)} ± ${formatSeconds(clockOffset.error)}`;
  const twoClocks = measured.some(({ oneWay }) => !oneWay.comparable);
  return [
    row("one-way upstream p50 / p99", reports, ({ oneWay }) => pair(oneWay.up)),
    row("one-way downstream p50 / p99", reports, ({ oneWay }) => pair(oneWay.down)),
    ...(twoClocks
      ? [
          row("  offset of the target's clock", reports, offset),
          row("  drift from first to second half", reports, ({ oneWay }) => formatSeconds(oneWay.drift)),
        ]
      : []),
  ];
}

function pair({ p50, p99 }: Pick<Times, "p50" | "p99">): string {
  return `${formatSeconds(p50)} / ${formatSeconds(p99)}`;
}

function variationRows(reports: Reports): string[][] {
  return [
    row("round-trip jitter (RFC 3550), mean", reports, ({ jitter }) => formatSeconds(jitter.rfc3550Mean)),
    row("  last value", reports, ({ jitter }) => formatSeconds(jitter.rfc3550)),
    ["round-trip delay variation"],
    row("  IPDV p50 / p99", reports, ({ jitter }) => pair(jitter.ipdv)),
    row("  PDV p50 / p99", reports, ({ jitter }) => pair(jitter.pdv)),
    ...directionRows("upstream", reports, ({ jitter }) => jitter.up),
    ...directionRows("downstream", reports, ({ jitter }) => jitter.down),
  ];
}

/** The variation of one direction, if it was measured. */
function directionRows(
  direction: string,
  reports: Reports,
  variation: (report: RunReport) => OneWayVariation | null,
): string[][] {
  if (reports.every((report) => variation(report) === null)) return [];
  const ipdv: Cell = (report) => {
    const measured = variation(report)?.ipdv;
    return measured === undefined ? NONE : pair(measured);
  };
  return [
    [`one-way ${direction} delay variation`],
    row("  jitter (RFC 3550), mean", reports, (report) => formatSeconds(variation(report)?.rfc3550Mean ?? null)),
    row("  IPDV p50 / p99", reports, ipdv),
  ];
}
