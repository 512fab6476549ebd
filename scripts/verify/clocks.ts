/** Recomputes what a report says about the clocks: one-way times, offset, drift, steps, the reflector's error estimate. */
import { derived, type Expectations, exact, type Recomputed, time } from "./expected.ts";
import { byArrival, type Row } from "./rows.ts";
import { oneWayTimes } from "./times.ts";

/** The largest difference in rate of two clocks (RFC 5905 section 11.3), and the resolution of coarse clocks, ms. */
const LARGEST_SLEW = 0.0005;
const RESOLUTION_MS = 1;
const MAX_STEPS = 32;

/** An exchange with all four timestamps, ms. */
export interface Exchange {
  readonly row: Row;
  readonly t1: number;
  /** T2 - T1. */
  readonly up: number;
  /** T4 - T3. */
  readonly down: number;
}

/** The exchanges of packets that were answered in time, in the order of their answers. */
export function exchangesOf(rows: readonly Row[]): Exchange[] {
  return byArrival(rows.filter(({ fate }) => fate === "answered")).flatMap((row) => {
    const { t1, t2, t3, t4 } = row;
    if (t1 === undefined || t2 === undefined || t3 === undefined || t4 === undefined) return [];
    return [{ row, t1, up: t2 - t1, down: t4 - t3 }];
  });
}

interface Step {
  readonly side: "sender" | "reflector";
  readonly at: number;
  readonly by: number;
}

/** The offsets of the reflector's clock that are possible at a time. */
interface Range {
  readonly at: number;
  readonly low: number;
  readonly high: number;
}

function both(before: Range, now: Range): Range | undefined {
  const slew = LARGEST_SLEW * Math.abs(now.at - before.at);
  const low = Math.max(before.low - slew, now.low);
  const high = Math.min(before.high + slew, now.high);
  return low - high > RESOLUTION_MS ? undefined : { at: now.at, low, high };
}

/**
 * Steps of the reflector's clock, and the exchanges that show its offset. Each exchange limits the offset to the range from
 * T3 - T4 to T2 - T1. Three in a row that agree with each other and not with the earlier ones show a step.
 */
function reflectorSteps(exchanges: readonly Exchange[]): { steps: Step[]; usable: Exchange[] } {
  const steps: Step[] = [];
  const usable: Exchange[] = [];
  let allowed: Range | undefined;
  let contradicting: { range: Range; since: number; count: number } | undefined;
  const possible = exchanges.filter(({ up, down }) => up + down >= -RESOLUTION_MS);
  for (const exchange of possible) {
    const range = { at: exchange.t1, low: -exchange.down, high: exchange.up };
    const common = allowed === undefined ? range : both(allowed, range);
    if (common !== undefined) {
      allowed = common;
      contradicting = undefined;
      usable.push(exchange);
      continue;
    }
    const agreed = contradicting && both(contradicting.range, range);
    if (contradicting === undefined || agreed === undefined) {
      contradicting = { range, since: exchange.t1, count: 1 };
      continue;
    }
    contradicting = { ...contradicting, range: agreed, count: contradicting.count + 1 };
    if (contradicting.count < 3) continue;
    const before = allowed ?? agreed;
    const by = (agreed.low + agreed.high - before.low - before.high) / 2;
    steps.push({ side: "reflector", at: contradicting.since - (possible[0]?.t1 ?? 0), by });
    allowed = agreed;
    contradicting = undefined;
    usable.push(exchange);
  }
  return { steps: steps.slice(0, MAX_STEPS), usable };
}

/** Steps of the sender's clock: changes of the difference between wall-clock and monotonic send times. */
function senderSteps(rows: readonly Row[]): Step[] {
  const sent = rows
    .filter(({ octetsSent }) => octetsSent > 0)
    .map(({ sent: now = 0, wall = 0 }) => ({ now, offset: wall - now }))
    .toSorted((a, b) => a.now - b.now);
  const steps: Step[] = [];
  let offset = sent[0]?.offset ?? 0;
  for (const packet of sent) {
    const by = packet.offset - offset;
    if (Math.abs(by) <= RESOLUTION_MS) continue;
    offset = packet.offset;
    steps.push({ side: "sender", at: packet.now - (sent[0]?.now ?? 0), by });
  }
  return steps.slice(0, MAX_STEPS);
}

interface Offset {
  readonly ms: number;
  readonly error: number;
  /** By how much the offsets of exchanges differ whose round trips are equal within the rounding of the file, ms. */
  readonly spread: number;
}

/** Four times of the file, each rounded to 1 ns, make a round trip; two are compared. */
const TIE_MS = 4e-6;

/** The offset of the exchange with the shortest round trip; undefined without exchanges. */
function offsetOf(exchanges: readonly Exchange[]): Offset | undefined {
  const [best] = exchanges.toSorted((a, b) => a.up + a.down - (b.up + b.down));
  if (best === undefined) return undefined;
  const roundTrip = best.up + best.down;
  const ms = (best.up - best.down) / 2;
  const spread = exchanges
    .filter(({ up, down }) => up + down <= roundTrip + TIE_MS)
    .reduce((widest, { up, down }) => Math.max(widest, Math.abs((up - down) / 2 - ms)), 0);
  return { ms, error: roundTrip < 0 ? RESOLUTION_MS : roundTrip / 2 + 0.001, spread };
}

/** A time that depends on which of several exchanges with the same round trip is taken. */
function tied(ms: number, ...offsets: readonly Offset[]): Recomputed {
  const expected = time(ms);
  const spread = offsets.reduce((sum, offset) => sum + offset.spread, 0);
  return spread === 0
    ? expected
    : { ...expected, within: expected.within + spread / 1000, because: "exchanges with the same round trip" };
}

/**
 * The two halves of a run: the spans of equal length of which there are at most 64, whose length in ms is a power of two,
 * are divided in the middle.
 */
function halves(exchanges: readonly Exchange[]): [Exchange[], Exchange[]] {
  const elapsed = exchanges.map(({ t1 }) => Math.max(0, t1 - (exchanges[0]?.t1 ?? 0)));
  const longest = elapsed.reduce((a, b) => Math.max(a, b), 0);
  let span = 1;
  while (longest >= 64 * span) span *= 2;
  const middle = Math.ceil((Math.floor(longest / span) + 1) / 2);
  const isFirst = (_: unknown, index: number) => Math.floor((elapsed[index] ?? 0) / span) < middle;
  return [exchanges.filter(isFirst), exchanges.filter((exchange, index) => !isFirst(exchange, index))];
}

/** S, Z and the error of the reflector's clock, combined over the answers: it is as good as its worst estimate. */
function reflectorClock(rows: readonly Row[], expected: Expectations): void {
  const estimates = rows.flatMap(({ estimate }) => (estimate === undefined ? [] : [estimate]));
  const [first] = estimates;
  if (first === undefined) {
    expected.set("reflectorClock", exact(null));
    return;
  }
  const errors = estimates.map((bits) => (bits & 0xff) * 2 ** (((bits >> 8) & 0x3f) - 32));
  const worst = errors.includes(0) ? null : errors.reduce((a, b) => Math.max(a, b));
  expected.set("reflectorClock.synchronized", exact(estimates.every((bits) => (bits & 0x8000) !== 0)));
  expected.set("reflectorClock.format", exact((first & 0x4000) === 0 ? "ntp" : "ptp"));
  expected.set("reflectorClock.errorSeconds", derived(worst));
}

/** Expectations of the one-way times and of the clocks. */
export function clockExpectations(rows: readonly Row[], isStamp: boolean): Expectations {
  const exchanges = exchangesOf(rows);
  const { steps: ofReflector, usable } = reflectorSteps(exchanges);
  const ofSender = isStamp ? senderSteps(rows) : [];
  const parts = halves(usable).map(offsetOf);
  const [first, second] = parts;
  const offset = offsetOf(usable);
  const isZero = (part: Offset | undefined) => part === undefined || Math.abs(part.ms) <= part.error;
  const hasHalves = first !== undefined && second !== undefined;
  const agrees = offset !== undefined && isZero(offset) && (!hasHalves || parts.every(isZero));
  const up = exchanges.map((exchange) => exchange.up);
  const down = exchanges.map((exchange) => exchange.down);
  const expected: Expectations = new Map([...oneWayTimes("up", up), ...oneWayTimes("down", down)]);
  expected.set("oneWay.comparable", exact(agrees && ofReflector.length + ofSender.length === 0));
  if (offset === undefined) expected.set("oneWay.clockOffset", exact(null));
  else {
    expected.set("oneWay.clockOffset.seconds", tied(offset.ms, offset));
    expected.set("oneWay.clockOffset.error", time(offset.error));
  }
  expected.set("oneWay.drift", hasHalves ? tied(second.ms - first.ms, first, second) : exact(null));
  const steps = [...ofSender, ...ofReflector].sort((a, b) => a.at - b.at);
  expected.set("clockSteps.length", exact(steps.length));
  steps.forEach(({ side, at, by }, index) => {
    expected.set(`clockSteps.${index}.side`, exact(side));
    // A packet can leave later than its clocks were compared.
    expected.set(`clockSteps.${index}.atSeconds`, { value: at / 1000, within: 0.01, because: "time of writing" });
    expected.set(`clockSteps.${index}.seconds`, {
      value: by / 1000,
      within: 1e-6,
      because: "resolution of the clocks",
    });
  });
  reflectorClock(
    exchanges.map(({ row }) => row),
    expected,
  );
  return expected;
}
