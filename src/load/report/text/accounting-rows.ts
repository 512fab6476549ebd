/** The rows of the accounting, of the losses and of the sending: a label, then a cell for each report. */
import { formatCount, formatRate, formatSeconds, formatShare, NONE } from "../../../base/format.ts";
import type { DuplicatePlaces, LossPlaces } from "../places.ts";
import type { RunReport } from "../report.ts";
import type { PacketCounts, RunLengthsReport } from "../report-packets.ts";

type Cell = (report: RunReport) => string;
type Reports = readonly RunReport[];

/** A row, and the rows that divide it. */
export interface Row {
  readonly label: string;
  readonly cell: Cell;
  /** Shown even if it is zero or has no value. */
  readonly isKept?: boolean;
  /** In the line of folded rows; default: the label. */
  readonly name?: string;
  readonly parts?: readonly Row[];
}

function countRow(label: string, name: keyof PacketCounts, more: Partial<Row> = {}): Row {
  return { label, cell: ({ packets }) => formatCount(packets[name]), ...more };
}

/** A count by direction, which has a value only if the direction of losses is known. */
function directionRow(label: string, name: keyof PacketCounts, more: Partial<Row> = {}): Row {
  const cell: Cell = ({ evidence, packets }) =>
    evidence.kind === "none" && packets.lost > 0 ? NONE : formatCount(packets[name]);
  return { label, cell, ...more };
}

function countOf(count: number | null): string {
  return count === null ? NONE : formatCount(count);
}

/** The packets by outcome. */
export function packetRows(reports: Reports): Row[] {
  const isWhole = reports.every(({ packets }) => packets.planned === packets.sent);
  return [
    ...(isWhole ? [] : [countRow("planned", "planned")]),
    countRow("sent", "sent", { isKept: true }),
    countRow("unsent", "unsent"),
    countRow("refused", "refused"),
    countRow("answered", "answered", { isKept: true }),
    countRow("late", "late"),
    countRow("failed", "failed"),
    countRow("corrupt", "corrupt"),
    countRow("lost", "lost", { isKept: true, parts: lostRows(reports) }),
    countRow("duplicate", "duplicate", { parts: duplicateRows() }),
    countRow("reordered", "reordered"),
  ];
}

function lostRows(reports: Reports): Row[] {
  if (reports.every(({ packets }) => packets.lost === 0)) return [];
  const dropped = (name: "droppedUp" | "droppedDown", where: string) =>
    directionRow("dropped on purpose", name, { name: `dropped on purpose ${where}` });
  return [
    directionRow("lost upstream", "lostUp", { parts: [dropped("droppedUp", "upstream")] }),
    directionRow("lost downstream", "lostDown", { parts: [dropped("droppedDown", "downstream")] }),
    countRow("unexplained", "unexplained", { name: "unexplained losses" }),
    ...placeRows(reports),
  ];
}

/** The places of the losses, if a receive buffer was one of them. */
function placeRows(reports: Reports): Row[] {
  const isShown = reports.some(({ loss: { places } }) => (places.targetBuffer ?? 0) + (places.ownBuffer ?? 0) > 0);
  const place = (label: string, name: keyof LossPlaces): Row => ({
    label,
    cell: ({ loss: { places } }) => countOf(places[name]),
  });
  return isShown
    ? [
        place("at target's buffer, at most", "targetBuffer"),
        place("at own receive buffer", "ownBuffer"),
        place("on the path", "path"),
      ]
    : [];
}

/** Where the duplicates were made, as far as it is known. */
function duplicateRows(): Row[] {
  const place = (label: string, name: keyof DuplicatePlaces): Row => ({
    label,
    name: `duplicates ${label}`,
    cell: ({ duplicates }) => countOf(duplicates?.[name] ?? null),
  });
  return [place("made upstream", "up"), place("made downstream", "down"), place("unexplained", "unexplained")];
}

/** The loss ratio, its precision and the pattern of the losses. */
export function lossRows(reports: Reports): Row[] {
  const isPartial = reports.some(({ packets: { lost, sent } }) => lost > 0 && lost < sent);
  const parts: Row[] = [
    ...(reports.some(({ loss, packets: { lost, sent } }) => lost < sent && loss.reason !== "no losses")
      ? [{ label: "95 % interval", cell: lossInterval }]
      : []),
    ...(reports.some(({ loss }) => loss.highIfIndependent !== null) ? [{ label: "at most *", cell: lossBound }] : []),
  ];
  const pattern: Row[] = [
    { label: "effective sample size", cell: ({ loss }) => countOf(loss.effectiveSampleSize) },
    { label: "bursts (mean, max)", cell: ({ loss }) => lengthsCell(loss.bursts) },
    { label: "gaps (mean, max)", cell: ({ loss }) => lengthsCell(loss.gaps) },
    { label: "Gilbert model p, r", cell: gilbertCell },
  ];
  const ratio: Cell = ({ packets, loss }) => (packets.sent === 0 ? NONE : formatShare(loss.ratio));
  return [{ label: "loss", cell: ratio, isKept: true, parts: [...parts, ...(isPartial ? pattern : [])] }];
}

function lossInterval({ packets, loss: { low, high, reason } }: RunReport): string {
  if (packets.sent === 0) return NONE;
  if (low === null || high === null) return reason ?? NONE;
  return `${formatShare(low).replace(/ %$/, "")} to ${formatShare(high)}`;
}

function lossBound({ loss }: RunReport): string {
  return loss.highIfIndependent === null ? NONE : formatShare(loss.highIfIndependent);
}

function gilbertCell({ loss: { gilbert } }: RunReport): string {
  return gilbert === null ? NONE : `${formatShare(gilbert.p.value)}, ${formatShare(gilbert.r.value)}`;
}

function lengthsCell({ count, mean, max }: RunLengthsReport): string {
  const lengths = mean === null ? "" : ` (${Number(mean.toPrecision(3))}, ${countOf(max)})`;
  return `${formatCount(count)}${lengths}`;
}

/** Share of packets in bursts above which the text report has a row for it. */
const NOTABLE_BUNCHES = 0.05;

/** The share of packets that were passed to the kernel together with the one before, because they were due already. */
function bunchedShare({ handOver, packets: { sent } }: RunReport): number {
  return sent === 0 ? 0 : (handOver?.bunched ?? 0) / sent;
}

/** The sender, and the clock of the target unless its offset is 0 within its error. */
export function sendingRows(reports: Reports): Row[] {
  const twoClocks = reports.some(({ oneWay }) => oneWay.up.count > 0 && !oneWay.comparable);
  return [
    { label: "sent in", cell: ({ durationSeconds }) => formatSeconds(durationSeconds) },
    { label: "rate", cell: ({ rate }) => formatRate(rate.achieved) },
    { label: "schedule error p99", cell: ({ scheduleError }) => formatSeconds(scheduleError.p99) },
    ...(reports.some((report) => bunchedShare(report) > NOTABLE_BUNCHES)
      ? [{ label: "sent in bursts", cell: (report: RunReport) => formatShare(bunchedShare(report)) }]
      : []),
    { label: "receive delay p99", cell: ({ receiveDelay }) => formatSeconds(receiveDelay.p99) },
    ...(twoClocks ? clockRows() : []),
  ];
}

function clockRows(): Row[] {
  const offset: Cell = ({ oneWay: { comparable, clockOffset } }) =>
    comparable || clockOffset === null
      ? NONE
      : `${formatSeconds(clockOffset.seconds)} ± ${formatSeconds(clockOffset.error)}`;
  return [
    { label: "target's clock offset", cell: offset },
    { label: "drift between the halves", cell: ({ oneWay }) => formatSeconds(oneWay.drift) },
  ];
}
