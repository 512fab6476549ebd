/** The rows of the text report's table: a label, then a cell for each report. */
import { formatCount, formatRate, formatSeconds, formatShare, NONE } from "../../base/format.ts";
import { QUANTILE_NAMES, type QuantileName, quantileLabel } from "../plan/quantiles.ts";
import type { LossPlaces } from "./places.ts";
import type { PacketCounts, RunReport, Times } from "./report.ts";

type Cell = (report: RunReport) => string;
type Reports = readonly RunReport[];

/** All rows, for reports of one or more protocols side by side. */
export function tableRows(reports: Reports): string[][] {
  return [
    row("", reports, (report) => report.protocol),
    row("target", reports, (report) => report.target),
    ...(reports.some(isNamed) ? [row("  address", reports, (report) => report.address)] : []),
    row("sent in", reports, (report) => formatSeconds(report.durationSeconds)),
    row("rate", reports, (report) => formatRate(report.rate.achieved)),
    ...packetRows(reports),
    ...timeRows("response time", reports, (report) => report.responseTime),
    ...timeRows("service time", reports, (report) => report.serviceTime),
    ...timeRows("server time", reports, (report) => report.serverTime),
    ...oneWayRows(reports),
    ...variationRows(reports),
    row("schedule error p99", reports, (report) => formatSeconds(report.scheduleError.p99)),
  ];
}

function row(label: string, reports: Reports, cell: Cell): string[] {
  return [label, ...reports.map(cell)];
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
  const optional = (["unsent", "late", "failed", "corrupt", "duplicate", "reordered"] as const).filter((name) =>
    reports.some((report) => report.packets[name] > 0),
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
    ...optional.map((name) => counted(name, name)),
    row("loss", reports, ({ packets, loss }) => (packets.sent === 0 ? NONE : formatShare(loss.ratio))),
    row("  95 % confidence interval", reports, ({ packets, loss }) =>
      packets.sent === 0 ? NONE : `${formatShare(loss.low)} to ${formatShare(loss.high)}`,
    ),
  ];
}

/** The places of the losses, if a receive buffer was one of them. */
function placeRows(reports: Reports): string[][] {
  const isShown = reports.some(({ loss: { places } }) => (places?.targetBuffer ?? 0) + (places?.ownBuffer ?? 0) > 0);
  if (!isShown) return [];
  const place = (label: string, name: keyof LossPlaces) =>
    row(label, reports, ({ loss: { places } }) => (places?.[name] == null ? NONE : formatCount(places[name])));
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

/** A time, followed by the limits of its 95 % confidence interval if it is a percentile. */
function withInterval(times: Times, name: "min" | "mean" | "max" | QuantileName): string {
  const limits = name === "min" || name === "mean" || name === "max" ? undefined : times.intervals[name];
  const value = formatSeconds(times[name]);
  return limits === undefined ? value : `${value} [${formatSeconds(limits[0])}, ${formatSeconds(limits[1])}]`;
}

function timeRows(label: string, reports: Reports, times: (report: RunReport) => Times): string[][] {
  if (reports.every((report) => times(report).count === 0)) return [];
  const names = ["min", "mean", ...QUANTILE_NAMES, "max"] as const;
  return [
    [label],
    ...names.map((name) => row(`  ${quantileLabel(name)}`, reports, (report) => withInterval(times(report), name))),
  ];
}

/** One-way delays, if there are any; between two hosts also the offset of their clocks. */
function oneWayRows(reports: Reports): string[][] {
  const measured = reports.filter(({ oneWay }) => oneWay.up.count > 0);
  if (measured.length === 0) return [];
  const offset: Cell = ({ oneWay: { comparable, clockOffset } }) =>
    comparable || clockOffset === null
      ? NONE
      : `${formatSigned(clockOffset.seconds)} ± ${formatSeconds(clockOffset.error)}`;
  const twoClocks = measured.some(({ oneWay }) => !oneWay.comparable);
  return [
    row("one-way upstream p50 / p99", reports, ({ oneWay }) => pair(oneWay.up)),
    row("one-way downstream p50 / p99", reports, ({ oneWay }) => pair(oneWay.down)),
    ...(twoClocks ? [row("  offset of the target's clock", reports, offset)] : []),
  ];
}

function formatSigned(seconds: number): string {
  return seconds < 0 ? `-${formatSeconds(-seconds)}` : formatSeconds(seconds);
}

function pair({ p50, p99 }: Pick<Times, "p50" | "p99">): string {
  return `${formatSeconds(p50)} / ${formatSeconds(p99)}`;
}

function variationRows(reports: Reports): string[][] {
  return [
    row("round-trip jitter (RFC 3550)", reports, ({ jitter }) => formatSeconds(jitter.rfc3550)),
    ["round-trip delay variation"],
    row("  IPDV p50 / p99", reports, ({ jitter }) => pair(jitter.ipdv)),
    row("  PDV p50 / p99", reports, ({ jitter }) => pair(jitter.pdv)),
  ];
}
