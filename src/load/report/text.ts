/** The report for a person: one table, protocols side by side. */
import { formatCount, formatRate, formatSeconds, formatShare, NONE } from "../../base/format.ts";
import type { QuantileName } from "../plan/quantiles.ts";
import type { JudgedObjective, RunReport, Times } from "./report.ts";
import { layOut } from "./table.ts";

type Cell = (report: RunReport) => string;

/** Whether the target was a name, whose address is worth telling. */
function isNamed({ target, address }: RunReport): boolean {
  return address !== "" && !target.includes(address);
}

function row(label: string, reports: readonly RunReport[], cell: Cell): string[] {
  return [label, ...reports.map(cell)];
}

function packetRows(reports: readonly RunReport[]): string[][] {
  const count =
    (pick: (packets: RunReport["packets"]) => number): Cell =>
    (report) =>
      formatCount(pick(report.packets));
  const optional: readonly (readonly [string, (packets: RunReport["packets"]) => number])[] = [
    ["unsent", (packets) => packets.unsent],
    ["late", (packets) => packets.late],
    ["failed", (packets) => packets.failed],
    ["corrupt", (packets) => packets.corrupt],
    ["duplicate", (packets) => packets.duplicate],
    ["reordered", (packets) => packets.reordered],
  ];
  return [
    row(
      "planned",
      reports,
      count((packets) => packets.planned),
    ),
    row(
      "sent",
      reports,
      count((packets) => packets.sent),
    ),
    row(
      "answered",
      reports,
      count((packets) => packets.answered),
    ),
    row(
      "lost",
      reports,
      count((packets) => packets.lost),
    ),
    row("  on the way up", reports, directed("lostUp")),
    row("    dropped on purpose", reports, directed("droppedUp")),
    row("  on the way down", reports, directed("lostDown")),
    row("    dropped on purpose", reports, directed("droppedDown")),
    row(
      "  unexplained",
      reports,
      count((packets) => packets.unexplained),
    ),
    ...optional
      .filter(([, pick]) => reports.some((report) => pick(report.packets) > 0))
      .map(([label, pick]) => row(label, reports, count(pick))),
    row("loss", reports, (report) => (report.packets.sent === 0 ? NONE : formatShare(report.loss.ratio))),
    row("  95 % interval", reports, (report) =>
      report.packets.sent === 0 ? NONE : `${formatShare(report.loss.low)} to ${formatShare(report.loss.high)}`,
    ),
  ];
}

/** A direction is a number only where something tells it. */
function directed(name: "lostUp" | "lostDown" | "droppedUp" | "droppedDown"): Cell {
  return (report) =>
    report.evidence.kind === "none" && report.packets.lost > 0 ? NONE : formatCount(report.packets[name]);
}

/** A time, and behind a percentile the ends of its 95 % interval. */
function withInterval(times: Times, name: "min" | "mean" | "max" | QuantileName): string {
  const edges = name === "min" || name === "mean" || name === "max" ? undefined : times.intervals[name];
  const value = formatSeconds(times[name]);
  return edges === undefined ? value : `${value} [${formatSeconds(edges[0])}, ${formatSeconds(edges[1])}]`;
}

function timeRows(label: string, reports: readonly RunReport[], pick: (report: RunReport) => Times): string[][] {
  if (reports.every((report) => pick(report).count === 0)) return [];
  const names = ["min", "mean", "p50", "p90", "p99", "p999", "max"] as const;
  return [
    [label],
    ...names.map((name) =>
      row(`  ${name === "p999" ? "p99.9" : name}`, reports, (report) => withInterval(pick(report), name)),
    ),
  ];
}

/** One-way times, where there are any; across hosts with what is known of the clocks. */
function oneWayRows(reports: readonly RunReport[]): string[][] {
  const known = reports.filter(({ oneWay }) => oneWay.up.count > 0);
  if (known.length === 0) return [];
  const pair = (times: Times) => `${formatSeconds(times.p50)} / ${formatSeconds(times.p99)}`;
  const offset: Cell = ({ oneWay: { comparable, clockOffset } }) =>
    comparable || clockOffset === null
      ? NONE
      : `${formatSigned(clockOffset.seconds)} ± ${formatSeconds(clockOffset.error)}`;
  const foreign = known.some(({ oneWay }) => !oneWay.comparable);
  return [
    row("one way up p50 / p99", reports, ({ oneWay }) => pair(oneWay.up)),
    row("one way down p50 / p99", reports, ({ oneWay }) => pair(oneWay.down)),
    ...(foreign ? [row("  target's clock ahead by", reports, offset)] : []),
  ];
}

function formatSigned(seconds: number): string {
  return seconds < 0 ? `-${formatSeconds(-seconds)}` : formatSeconds(seconds);
}

function jitterRows(reports: readonly RunReport[]): string[][] {
  return [
    row("jitter (RFC 3550)", reports, (report) => formatSeconds(report.jitter.rfc3550)),
    row(
      "  IPDV p50 / p99",
      reports,
      ({ jitter }) => `${formatSeconds(jitter.ipdv.p50)} / ${formatSeconds(jitter.ipdv.p99)}`,
    ),
    row(
      "  PDV p50 / p99",
      reports,
      ({ jitter }) => `${formatSeconds(jitter.pdv.p50)} / ${formatSeconds(jitter.pdv.p99)}`,
    ),
    row("schedule error p99", reports, (report) => formatSeconds(report.scheduleError.p99)),
  ];
}

/** The list of a report's counted oddities: errors and HTTP statuses. */
function tallyLine(label: string, tally: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(tally);
  return entries.length === 0
    ? []
    : [`${label}: ${entries.map(([name, count]) => `${name} × ${formatCount(count)}`).join(", ")}`];
}

function objectiveLine({ text, met, value, edge, note }: JudgedObjective): string {
  const format = /^\s*rate/i.test(text)
    ? formatRate
    : /^\s*(loss|errors|late)/i.test(text)
      ? formatShare
      : formatSeconds;
  const measured = value === null ? NONE : format(value);
  const decided = edge === null || edge === value ? "" : `, at worst ${format(edge)}`;
  return `objective ${text}: ${met ? "met" : "MISSED"}: ${measured}${decided}${note === undefined ? "" : ` (${note})`}`;
}

function notesOf(report: RunReport, several: boolean): string[] {
  const notes = [
    ...(report.packets.lost > 0 ? [`directions: ${report.evidence.text}`] : []),
    ...(report.oneWay.up.count > 0 && !report.oneWay.comparable
      ? ["one-way times: the two clocks are not known to agree; only their changes mean anything"]
      : []),
    ...tallyLine("errors", report.errors),
    ...tallyLine("statuses", Object.keys(report.statuses).some((status) => status !== "200") ? report.statuses : {}),
    ...report.objectives.map(objectiveLine),
    ...report.verdict.reasons.map((reason) => `invalid: ${reason}`),
  ];
  return several ? notes.map((note) => `${report.protocol}: ${note}`) : notes;
}

/** The last line: what this run comes to. */
export function lastLine(report: RunReport): string {
  const { packets, responseTime, verdict, loss } = report;
  const good = packets.answered + packets.late;
  const head = `${report.protocol}: ${formatCount(packets.answered)} of ${formatCount(packets.sent)} answered`;
  if (good === 0)
    return `${head}: nothing could be measured${verdict.reasons[0] === undefined ? "" : `: ${verdict.reasons[0]}`}`;
  const middle = responseTime.p50 === null ? "" : `, p50 ${formatSeconds(responseTime.p50)}`;
  return `${head}, ${formatShare(loss.ratio)} lost${middle}; ${verdict.valid ? "valid" : "NOT VALID, see above"}`;
}

/** The whole report as text, without colours, ending with a line for each protocol. */
export function renderReport(reports: readonly RunReport[]): string {
  const table = layOut([
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
    ...jitterRows(reports),
  ]);
  const legend = reports.some(({ responseTime }) => responseTime.p50 !== null)
    ? ["[ ] percentiles' 95 % intervals"]
    : [];
  const notes = reports.flatMap((report) => notesOf(report, reports.length > 1));
  return `${[table, ...legend, ...(notes.length > 0 ? ["", ...notes] : []), "", ...reports.map(lastLine)].join("\n")}\n`;
}
