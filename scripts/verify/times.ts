/** Recomputes the distributions of a report: response, service, server and one-way times. */
import type { RunReport } from "../../src/load/report/report.ts";
import {
  absent,
  derived,
  type Expectations,
  type Expected,
  exact,
  threeDigits,
  threeDigitsAbove,
  time,
} from "./expected.ts";
import { type Delays, delayIntervals } from "./intervals.ts";
import { ascending, deviation, fewest, greatest, least, mean, QUANTILES, quantile, rankOf } from "./plain.ts";
import { byOrder, bySession, type Row, responseOf, SENT, serviceOf } from "./rows.ts";

/** Times of the file are rounded to 1 ns. */
const ROUNDING_MS = 2e-6;
/** Packets that are sent together have send times at most so far apart. */
const SPACING_MS = 0.001 + ROUNDING_MS;

/** How percentiles are rounded: by 3 significant digits of the time, or of its distance from the least one. */
type Rounding = "time" | "distance";

function percentile(sorted: readonly number[], rank: number, rounding: Rounding): Expected {
  const value = sorted[rank - 1];
  return rounding === "time" ? threeDigits(value) : threeDigitsAbove(sorted[0] ?? 0, value);
}

/** A distribution of ms. The percentiles are over `packets`; those without a time are over the timeout. */
function distribution(
  values: readonly number[],
  rounding: Rounding,
  packets = values.length,
  timeout = 0,
  percents: readonly number[] = [],
): Expectations {
  const expected: Expectations = new Map();
  const sorted = ascending(values);
  expected.set("count", exact(values.length));
  expected.set("packets", exact(packets));
  expected.set("min", time(sorted[0]));
  expected.set("mean", time(mean(values)));
  expected.set("max", time(sorted.at(-1)));
  const spread = deviation(values);
  expected.set(
    "stddev",
    spread === undefined ? exact(null) : { ...derived(spread / 1000, 1e-4), within: 1e-4 * (spread / 1000) + 2e-9 },
  );
  for (const { name, q, needs } of QUANTILES) {
    const rank = rankOf(q, packets);
    const isOver = packets >= needs && rank > values.length;
    expected.set(name, packets < needs || isOver ? exact(null) : percentile(sorted, rank, rounding));
    if (isOver) expected.set(`over.${name}`, exact(timeout));
  }
  percents.forEach((percent, index) => {
    const rank = percent === 100 ? packets : rankOf(percent / 100, packets);
    const isKnown = percent === 100 ? packets > 0 : packets >= fewest(percent / 100);
    const isOver = isKnown && rank > values.length;
    expected.set(`percentiles.${index}.percent`, exact(percent));
    expected.set(
      `percentiles.${index}.value`,
      !isKnown || isOver ? exact(null) : percent === 100 ? time(sorted.at(-1)) : percentile(sorted, rank, rounding),
    );
    if (isOver) expected.set(`percentiles.${index}.over`, exact(timeout));
  });
  return expected;
}

/** The expectations with a prefix before their names. */
function under(prefix: string, expectations: Expectations): Expectations {
  return new Map([...expectations].map(([name, expected]) => [`${prefix}.${name}`, expected]));
}

/** Absolute differences of the service times of consecutive packets that were both answered in time. */
export function differences(rows: readonly Row[]): number[] {
  return bySession(rows.filter(({ fate }) => fate === "answered")).flatMap((session) =>
    session.flatMap((row, index) => {
      const before = session[index - 1];
      return before?.sequence === row.sequence - 1 ? [Math.abs(serviceOf(row) - serviceOf(before))] : [];
    }),
  );
}

function p50p99(prefix: string, values: readonly number[], round: (ms: number | undefined) => Expected): Expectations {
  return new Map([
    [`${prefix}.p50`, round(quantile(values, "p50"))],
    [`${prefix}.p99`, round(quantile(values, "p99"))],
  ]);
}

/** A count, or one that differs by the packets whose times the file's rounding makes equal. */
function about(count: number, ties: number): Expected {
  return ties === 0 ? exact(count) : { value: count, within: ties, because: `${ties}: times are equal in the file` };
}

/**
 * The packets in the order of their hand-over. A session that passes several packets to the kernel at once gives all but
 * the last one earlier send times, up to 1 us apart.
 */
function byHandOver(rows: readonly Row[]): Row[] {
  const sent = rows.filter((row) => row.sent !== undefined && row.scheduleError !== undefined);
  const passed = bySession(sent).flatMap((session) => {
    const withTime: { row: Row; at: number }[] = [];
    for (const row of session.toReversed()) {
      const [own, after] = [row.sent ?? 0, withTime.at(-1)];
      const isTogether = after !== undefined && (after.row.sent ?? 0) - own <= SPACING_MS;
      withTime.push({ row, at: isTogether ? after.at : own });
    }
    return withTime.toReversed();
  });
  return passed.toSorted((a, b) => a.at - b.at).map(({ row }) => row);
}

/**
 * Packets that were due when the one before them was sent, and most packets that were sent without waiting. Only STAMP
 * packets are sent at the moment of their hand-over: others can wait for their connection.
 */
function handOver(rows: readonly Row[], isStamp: boolean): Expectations {
  if (!rows.some((row) => row.scheduleError !== undefined)) return new Map([["handOver", exact(null)]]);
  if (!isStamp) {
    const waits = absent("a packet can wait for its connection between its hand-over and its send time");
    return new Map(["handOver.bunched", "handOver.largestBurst"].map((name) => [name, waits]));
  }
  let [bunched, burst, largest, ties, last] = [0, 0, 0, 0, Number.NEGATIVE_INFINITY];
  for (const { sent = 0, scheduleError = 0 } of byHandOver(rows)) {
    const margin = sent - scheduleError - last;
    bunched += margin < 0 ? 1 : 0;
    burst = margin < 0 ? burst + 1 : 1;
    largest = Math.max(largest, burst);
    ties += Math.abs(margin) <= ROUNDING_MS ? 1 : 0;
    last = sent;
  }
  return new Map([
    ["handOver.bunched", about(bunched, ties)],
    ["handOver.largestBurst", about(largest, ties)],
  ]);
}

/** Expectations of the round-trip times, of the server times and of the schedule error. */
export function timeExpectations(rows: readonly Row[], report: RunReport): Expectations {
  const packets = byOrder(rows.filter(({ fate }) => SENT.some((name) => name === fate)));
  const answered = packets.filter(({ fate }) => fate === "answered");
  const timeout = report.plan?.timeoutSeconds ?? 0;
  const percents = report.plan?.percentiles ?? [];
  const responses = answered.map(responseOf);
  const services = answered.map(serviceOf);
  const failed = packets.filter(({ fate, status }) => fate === "failed" && status !== undefined).map(responseOf);
  const server = answered.flatMap(({ t2, t3, server: reported }) => {
    if (t2 !== undefined && t3 !== undefined) return [Math.max(0, t3 - t2)];
    return reported === undefined ? [] : [reported];
  });
  const late = rows.flatMap(({ scheduleError }) => (scheduleError === undefined ? [] : [scheduleError]));
  const delays: Delays = {
    series: packets.map((row) => (row.fate === "answered" ? responseOf(row) : Number.POSITIVE_INFINITY)),
    steps: differences(rows),
  };
  const shortest = least(services) ?? 0;
  const variation = services.map((ms) => ms - shortest);
  return new Map([
    ...under("responseTime", distribution(responses, "distance", packets.length, timeout, percents)),
    ...under("responseTime", delayIntervals(delays)),
    ...under("failedTime", distribution(failed, "time", failed.length, 0, percents)),
    ...under("serviceTime", distribution(services, "time", packets.length, timeout, percents)),
    ...under("serverTime", distribution(server, "time", server.length, 0, percents)),
    ...p50p99("jitter.ipdv", delays.steps, threeDigits),
    ...p50p99("jitter.pdv", variation, (ms) => threeDigitsAbove(0, ms)),
    ...p50p99("scheduleError", late, threeDigits),
    ["scheduleError.max", time(greatest(late))],
    ...handOver(rows, report.plan?.mode === "stamp"),
  ]);
}

/** Expectations of one-way times. */
export function oneWayTimes(name: "up" | "down", values: readonly number[]): Expectations {
  return under(`oneWay.${name}`, distribution(values, "distance"));
}
