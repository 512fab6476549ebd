/** The text of `--explain`: the definition of each number in a report, followed by the run's own values. */
import { counted, formatCount, formatSeconds, formatShare } from "../../../base/format.ts";
import { GLOSSARY, type Term } from "../../../base/glossary.ts";
import type { Ranged } from "../../measure/statistics/difference.ts";
import { formatTime } from "../format-time.ts";
import type { RunReport } from "../report.ts";
import type { LossReport } from "../report-packets.ts";
import type { Times } from "../report-times.ts";
import { handshakeTimes } from "./handshake-rows.ts";
import { relaySums, relayTitle } from "./relay-table.ts";
import { wrap } from "./screen.ts";

/** A term and the run's values of it, as sentences. */
type Entry = readonly [term: Term, values: string];

/** The columns of an explanation, unless others are given; longer lines are hard to read. */
const COLUMNS = 90;

/** Definitions and values of everything in a report, one paragraph each: the term, its definition, the run's values. */
export function explain(report: RunReport, columns = COLUMNS): string {
  const lines = (text: string) => wrap(text, Math.min(columns, COLUMNS), "  ");
  return [...packetEntries(report), ...timeEntries(report), ...variationEntries(report), ...validityEntries(report)]
    .map(([term, values]) => `${term}\n${lines(GLOSSARY[term])}\n${lines(values)}`)
    .join("\n\n");
}

function packetEntries({ packets, duplicates, loss, evidence, via }: RunReport): Entry[] {
  const n = formatCount;
  const refused = packets.refused === 0 ? "" : ` The kernel of the sender refused ${n(packets.refused)} more.`;
  return [
    [
      "packet accounting",
      `${n(packets.sent)} sent = ${n(packets.answered)} answered + ${n(packets.lost)} lost + ${n(packets.late)} late + ${n(packets.failed)} failed + ${n(packets.corrupt)} corrupt. ${n(packets.planned)} were planned; ${n(packets.unsent)} of them could not be sent.${refused}`,
    ],
    [
      "loss direction",
      `${n(packets.lost)} lost = ${n(packets.lostUp)} upstream + ${n(packets.lostDown)} downstream + ${n(packets.unexplained)} unexplained. ${evidence.kind === "relay" ? "The relay and the target" : "The target"} dropped ${n(packets.droppedUp)} upstream and ${n(packets.droppedDown)} downstream on purpose. Directions: ${evidence.text}.`,
    ],
    ...relayEntry(via),
    ["loss", lossValues(loss)],
    ...(loss.bursts.count > 0 ? burstEntries(loss) : []),
    ...placesEntry(loss),
    ["duplicate answers", `${n(packets.duplicate)} in this run${duplicatePlaces(duplicates)}.`],
    ["reordered answers", `${n(packets.reordered)} in this run.`],
  ];
}

function relayEntry(via: RunReport["via"]): Entry[] {
  return via === null ? [] : [["relay", `${relayTitle(via)}: ${relaySums(via)}.`]];
}

function duplicatePlaces(duplicates: RunReport["duplicates"]): string {
  if (!duplicates || duplicates.up + duplicates.down === 0) return "";
  return `: ${formatCount(duplicates.up)} made upstream, ${formatCount(duplicates.down)} downstream`;
}

function lossValues({ ratio, low, high, reason, effectiveSampleSize, highIfIndependent }: LossReport): string {
  const value = formatShare(ratio);
  if (low !== null && high !== null) {
    return `${value}; the 95 % interval is ${formatShare(low)} to ${formatShare(high)}, as precise as that of ${formatCount(effectiveSampleSize ?? 0)} independent packets.`;
  }
  const bound =
    highIfIndependent === null
      ? ""
      : ` If losses are independent, it is below ${formatShare(highIfIndependent)} with 95 % confidence.`;
  return `${value}; there is no interval: ${reason}.${bound}`;
}

function placesEntry({ places }: LossReport): Entry[] {
  const { path, targetBuffer, ownBuffer } = places;
  if (path === null) return [];
  const n = formatCount;
  return [
    [
      "loss places",
      `${n(path)} on the path, at most ${n(targetBuffer ?? 0)} at the target's receive buffer, ${n(ownBuffer ?? 0)} at the own one.`,
    ],
  ];
}

function burstEntries({ bursts, gaps, gilbert }: LossReport): Entry[] {
  const lengths = ({ count, mean, max }: LossReport["bursts"]) =>
    mean === null
      ? "none"
      : `${formatCount(count)}, on average ${Number(mean.toPrecision(3))} packets, at most ${formatCount(max ?? 0)}`;
  const range = ({ value, low, high }: Ranged) => `${formatShare(value)} (${formatShare(low)} to ${formatShare(high)})`;
  return [
    ["loss bursts", `Bursts: ${lengths(bursts)}. Gaps: ${lengths(gaps)}.`],
    ...(gilbert === null ? [] : [["Gilbert model", `p ${range(gilbert.p)}, r ${range(gilbert.r)}.`] as const]),
  ];
}

function timeEntries(report: RunReport): Entry[] {
  const { responseTime, failedTime, serviceTime, serverTime, oneWay } = report;
  const t = formatSeconds;
  const entries: Entry[] = [
    ["response time", `p50 ${formatTime(responseTime, "p50")}, max ${t(responseTime.max)}.`],
    ["service time", `p50 ${formatTime(serviceTime, "p50")}, max ${t(serviceTime.max)}.`],
    ["percentile", percentileValues(responseTime)],
  ];
  if (failedTime.count > 0) {
    entries.push([
      "failed answers",
      `${formatCount(failedTime.count)}: p50 ${t(failedTime.p50)}, max ${t(failedTime.max)}.`,
    ]);
  }
  const handshakes = handshakeTimes(report).map(
    ([label, { count, min, max }]) => `${label}: ${formatCount(count)}, ${t(min)} to ${t(max)}.`,
  );
  if (handshakes.length > 0) entries.push(["handshake time", handshakes.join(" ")]);
  if (serverTime.count > 0) entries.push(["server time", `p50 ${t(serverTime.p50)}.`]);
  if (oneWay.up.count > 0) entries.push(["one-way delay", oneWayValues(oneWay)]);
  return entries;
}

function percentileValues({ count, packets, intervals, noInterval }: Times): string {
  const over = `${formatCount(count)} of ${counted(packets, "packet")} ${count === 1 ? "has" : "have"} a response time.`;
  if (intervals.p50 === undefined)
    return `${over}${noInterval.p50 === undefined ? "" : ` The median has no 95 % interval: ${noInterval.p50}.`}`;
  const [low, high] = intervals.p50;
  return `${over} The 95 % interval of the median is ${formatSeconds(low)} to ${high === null ? "the timeout" : formatSeconds(high)}.`;
}

function oneWayValues({ up, down, comparable, clockOffset }: RunReport["oneWay"]): string {
  const values = `Upstream p50 ${formatSeconds(up.p50)}, downstream p50 ${formatSeconds(down.p50)}.`;
  const offset = clockOffset === null ? "" : ` ${offsetText(clockOffset)}`;
  if (comparable) return `${values} The clocks of the two ends agree, so the values are comparable.${offset}`;
  return `${values} The clocks of the two ends are not known to agree, so only changes of these values are meaningful.${offset}`;
}

function offsetText({ seconds, error }: NonNullable<RunReport["oneWay"]["clockOffset"]>): string {
  const side = seconds < 0 ? "behind" : "ahead of";
  return `The target's clock is ${formatSeconds(Math.abs(seconds))} ${side} the sender's, with an error of at most ${formatSeconds(error)}, from the exchange with the shortest round trip (RFC 5905 section 8).`;
}

function variationEntries({ jitter, serviceTime }: RunReport): Entry[] {
  const t = formatSeconds;
  const { up, down } = jitter;
  const jitterByDirection =
    up === null || down === null
      ? ""
      : ` One-way: upstream mean ${t(up.rfc3550Mean)}, downstream mean ${t(down.rfc3550Mean)}.`;
  const byDirection =
    up === null || down === null
      ? ""
      : ` One-way: upstream p50 ${t(up.ipdv.p50)}, p99 ${t(up.ipdv.p99)}; downstream p50 ${t(down.ipdv.p50)}, p99 ${t(down.ipdv.p99)}.`;
  return [
    [
      "jitter",
      `Round-trip: mean ${t(jitter.rfc3550Mean)}; ${t(jitter.rfc3550)} at the end of this run.${jitterByDirection}`,
    ],
    ["IPDV", `Round-trip: p50 ${t(jitter.ipdv.p50)}, p99 ${t(jitter.ipdv.p99)}.${byDirection}`],
    ["PDV", `Round-trip: p50 ${t(jitter.pdv.p50)}, p99 ${t(jitter.pdv.p99)}, over a minimum of ${t(serviceTime.min)}.`],
  ];
}

function burstsText({ handOver, packets: { sent } }: RunReport): string {
  if (!handOver || handOver.bunched === 0) return "";
  const { bunched, largestBurst } = handOver;
  const were = bunched === 1 ? "was" : "were";
  return ` ${counted(bunched, "packet")} (${formatShare(bunched / sent)}) ${were} due before the one before them was sent, up to ${formatCount(largestBurst)} in a row: the gaps between these packets are not the planned ones.`;
}

function validityEntries(report: RunReport): Entry[] {
  const { scheduleError, receiveDelay, verdict } = report;
  const lateness = `p50 ${formatSeconds(scheduleError.p50)}, p99 ${formatSeconds(scheduleError.p99)}.`;
  return [
    ["schedule error", `${lateness}${burstsText(report)}`],
    ["receive delay", `p50 ${formatSeconds(receiveDelay.p50)}, p99 ${formatSeconds(receiveDelay.p99)}.`],
    ["verdict", verdict.valid ? "This run is valid." : `This run is not valid: ${verdict.reasons.join("; ")}.`],
  ];
}
