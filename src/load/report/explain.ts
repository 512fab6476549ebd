/** What `--explain` prints: each number's definition, with the run's own numbers in it. */

import { formatCount, formatSeconds, formatShare } from "../../base/format.ts";
import type { RunReport } from "./report.ts";

/** Definitions of everything in a report, one paragraph each. */
export function explain(report: RunReport): string {
  return [...explainLedger(report), ...explainTimes(report), ...explainVariation(report), ...explainTrust(report)]
    .map(([name, text]) => `${name}\n${wrap(text)}`)
    .join("\n\n");
}

type Entry = readonly [name: string, text: string];

function explainLedger({ packets, loss, evidence }: RunReport): Entry[] {
  const n = formatCount;
  return [
    [
      "the ledger",
      `Every packet that was sent ends in exactly one column: ${n(packets.sent)} sent = ${n(packets.answered)} answered + ${n(packets.lost)} lost + ${n(packets.late)} late + ${n(packets.failed)} failed + ${n(packets.corrupt)} corrupt. ${n(packets.planned)} were planned; ${n(packets.unsent)} of them could not be sent at all. Late is an answer after the timeout; failed a status other than 2xx or a connection that broke; corrupt an answer that is not well formed or does not repeat what was sent.`,
    ],
    [
      "lost, by direction",
      `${n(packets.lost)} lost = ${n(packets.lostUp)} on the way up + ${n(packets.lostDown)} on the way down + ${n(packets.unexplained)} that nothing explains. ${n(packets.droppedUp)} and ${n(packets.droppedDown)} of them the target dropped on purpose. Evidence: ${evidence.text}.`,
    ],
    [
      "loss",
      `${formatShare(loss.ratio)} is lost / sent. With 95 % confidence the true share lies between ${formatShare(loss.low)} and ${formatShare(loss.high)} (Wilson's score interval), if losses are independent of one another; in bursts it is wider.`,
    ],
    [
      "duplicate and reordered",
      `${n(packets.duplicate)} further copies of answers came; they never make up for a loss. ${n(packets.reordered)} answers came after one with a higher number (RFC 4737 section 3.3).`,
    ],
  ];
}

function explainTimes({ responseTime, serviceTime, serverTime, oneWay }: RunReport): Entry[] {
  const t = formatSeconds;
  const entries: Entry[] = [
    [
      "response time and service time",
      `Response time (p50 ${t(responseTime.p50)}, max ${t(responseTime.max)}) runs from the moment for which a packet was planned, service time (p50 ${t(serviceTime.p50)}, max ${t(serviceTime.max)}) from its actual sending, both to its answer. Where the first is longer, packets had to wait for their turn: leaving that wait out is coordinated omission.`,
    ],
    [
      "percentiles",
      `p99 is the time that 99 % of the answered packets did not exceed, from an HDR histogram of 3 significant digits. ${interval(responseTime)}A percentile is "–" when there are too few answers for both ends of that interval to be samples.`,
    ],
  ];
  if (serverTime.count > 0) {
    entries.push([
      "server time",
      `p50 ${t(serverTime.p50)}: how long the target says that it held a packet, T3 - T2 of RFC 8762 or Server-Timing on HTTP; it is part of the service time.`,
    ]);
  }
  if (oneWay.up.count > 0) entries.push(explainOneWay(oneWay));
  return entries;
}

function interval({ p50, intervals }: RunReport["responseTime"]): string {
  const edges = intervals.p50;
  if (p50 === null || edges === undefined) return "";
  return `With 95 % confidence the true median lies between ${formatSeconds(edges[0])} and ${formatSeconds(edges[1])} (order statistics, no assumption on the distribution). `;
}

function explainOneWay({ up, down, comparable, clockOffset }: RunReport["oneWay"]): Entry {
  const offset =
    clockOffset === null
      ? ""
      : ` By the exchange with the shortest trip, the target's clock is ${formatSeconds(Math.abs(clockOffset.seconds))} ${clockOffset.seconds < 0 ? "behind" : "ahead of"} ours, give or take ${formatSeconds(clockOffset.error)} (RFC 5905 section 8).`;
  const trust = comparable
    ? "Both ends read the same clock, so the two can be compared."
    : "The two ends' clocks are not known to agree, so the absolute values prove nothing; their changes do.";
  return [
    "one-way times",
    `Up p50 ${formatSeconds(up.p50)} (T2 - T1), down p50 ${formatSeconds(down.p50)} (T4 - T3). ${trust}${offset}`,
  ];
}

function explainVariation({ jitter, serviceTime }: RunReport): Entry[] {
  const t = formatSeconds;
  return [
    [
      "jitter (RFC 3550)",
      `${t(jitter.rfc3550)}: J += (|D| - J) / 16 at each arrival, D the change of the service time from one arrival to the next (section 6.4.1).`,
    ],
    [
      "IPDV (RFC 3393)",
      `p50 ${t(jitter.ipdv.p50)}, p99 ${t(jitter.ipdv.p99)}: the absolute difference of the service times of two packets with consecutive numbers.`,
    ],
    [
      "PDV (RFC 5481)",
      `p50 ${t(jitter.pdv.p50)}, p99 ${t(jitter.pdv.p99)}: the service time over the least of the run, ${t(serviceTime.min)}.`,
    ],
  ];
}

function explainTrust({ scheduleError, verdict }: RunReport): Entry[] {
  return [
    [
      "schedule error",
      `p50 ${formatSeconds(scheduleError.p50)}, p99 ${formatSeconds(scheduleError.p99)}: how long after its planned moment the generator got to a packet, by its own fault.`,
    ],
    [
      "verdict",
      verdict.valid
        ? "Valid: the sender kept its schedule, no buffer of its own overflowed, and every printed percentile has the samples it needs."
        : verdict.reasons.join(". "),
    ],
  ];
}

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
