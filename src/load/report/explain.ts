/** The text of `--explain`: the definition of each number in a report, followed by the run's own values. */
import { formatCount, formatSeconds, formatShare } from "../../base/format.ts";
import { GLOSSARY, type Term } from "../../base/glossary.ts";
import type { RunReport } from "./report.ts";

/** A term and the run's values of it, as sentences. */
type Entry = readonly [term: Term, values: string];

/** Definitions and values of everything in a report, one paragraph each: the term, its definition, the run's values. */
export function explain(report: RunReport): string {
  return [...packetEntries(report), ...timeEntries(report), ...variationEntries(report), ...validityEntries(report)]
    .map(([term, values]) => `${term}\n${wrap(GLOSSARY[term])}\n${wrap(values)}`)
    .join("\n\n");
}

function packetEntries({ packets, loss, evidence }: RunReport): Entry[] {
  const n = formatCount;
  return [
    [
      "packet accounting",
      `${n(packets.sent)} sent = ${n(packets.answered)} answered + ${n(packets.lost)} lost + ${n(packets.late)} late + ${n(packets.failed)} failed + ${n(packets.corrupt)} corrupt. ${n(packets.planned)} were planned; ${n(packets.unsent)} of them could not be sent.`,
    ],
    [
      "loss direction",
      `${n(packets.lost)} lost = ${n(packets.lostUp)} upstream + ${n(packets.lostDown)} downstream + ${n(packets.unexplained)} unexplained. The target dropped ${n(packets.droppedUp)} upstream and ${n(packets.droppedDown)} downstream on purpose. Directions: ${evidence.text}.`,
    ],
    ["loss", `${formatShare(loss.ratio)}; the 95 % interval is ${formatShare(loss.low)} to ${formatShare(loss.high)}.`],
    ...placesEntry(loss),
    ["duplicate answers", `${n(packets.duplicate)} in this run.`],
    ["reordered answers", `${n(packets.reordered)} in this run.`],
  ];
}

function placesEntry({ places }: RunReport["loss"]): Entry[] {
  if (places === undefined || places.path === null) return [];
  const n = formatCount;
  const { path, targetBuffer, ownBuffer } = places;
  return [
    [
      "loss places",
      `${n(path)} on the path, at most ${n(targetBuffer ?? 0)} at the target's receive buffer, ${n(ownBuffer ?? 0)} at the own one.`,
    ],
  ];
}

function timeEntries({ responseTime, serviceTime, serverTime, oneWay }: RunReport): Entry[] {
  const t = formatSeconds;
  const entries: Entry[] = [
    ["response time", `p50 ${t(responseTime.p50)}, max ${t(responseTime.max)}.`],
    ["service time", `p50 ${t(serviceTime.p50)}, max ${t(serviceTime.max)}.`],
    [
      "percentile",
      `${medianInterval(responseTime)}"–" stands for a percentile with too few answers for a 95 % interval.`,
    ],
  ];
  if (serverTime.count > 0) entries.push(["server time", `p50 ${t(serverTime.p50)}.`]);
  if (oneWay.up.count > 0) entries.push(["one-way delay", oneWayValues(oneWay)]);
  return entries;
}

function medianInterval({ p50, intervals }: RunReport["responseTime"]): string {
  const edges = intervals.p50;
  if (p50 === null || edges === undefined) return "";
  return `The 95 % interval of the median response time is ${formatSeconds(edges[0])} to ${formatSeconds(edges[1])} (from order statistics, for any distribution). `;
}

function oneWayValues({ up, down, comparable, clockOffset }: RunReport["oneWay"]): string {
  const values = `Upstream p50 ${formatSeconds(up.p50)}, downstream p50 ${formatSeconds(down.p50)}.`;
  if (comparable) return `${values} Both ends read the same clock, so the values are comparable.`;
  const unknown = `${values} The clocks of the two ends are not known to agree, so only changes of these values are meaningful.`;
  if (clockOffset === null) return unknown;
  const side = clockOffset.seconds < 0 ? "behind" : "ahead of";
  return `${unknown} The target's clock is ${formatSeconds(Math.abs(clockOffset.seconds))} ${side} the sender's, with an error of at most ${formatSeconds(clockOffset.error)}, from the exchange with the shortest round trip (RFC 5905 section 8).`;
}

function variationEntries({ jitter, serviceTime }: RunReport): Entry[] {
  const t = formatSeconds;
  return [
    ["jitter", `${t(jitter.rfc3550)} at the end of this run.`],
    ["IPDV", `p50 ${t(jitter.ipdv.p50)}, p99 ${t(jitter.ipdv.p99)}.`],
    ["PDV", `p50 ${t(jitter.pdv.p50)}, p99 ${t(jitter.pdv.p99)}, over a minimum of ${t(serviceTime.min)}.`],
  ];
}

function validityEntries({ scheduleError, verdict }: RunReport): Entry[] {
  return [
    ["schedule error", `p50 ${formatSeconds(scheduleError.p50)}, p99 ${formatSeconds(scheduleError.p99)}.`],
    ["verdict", verdict.valid ? "This run is valid." : `This run is not valid: ${verdict.reasons.join("; ")}.`],
  ];
}

/** Longest line, in characters. */
const WIDTH = 90;

function wrap(text: string): string {
  const lines: string[] = [];
  let line = " ";
  for (const word of text.split(" ")) {
    if (line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = " ";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
