/** Recomputes the loss of a report: ratio, 95 % interval, bursts, gaps, the parameters of the Gilbert model. */
import { lostAndCorrupt } from "./counts.ts";
import { absent, derived, type Expectations, exact } from "./expected.ts";
import { greatest, mean, sum } from "./plain.ts";
import { byOrder, bySession, type Row, SENT } from "./rows.ts";
import { batchMeans, cosinePowers, degreesFor, independentBatches, studentT, Z95 } from "./series.ts";

/** Fewer bursts give no interval; with up to so many, their number has influenced whether there is one. */
const FEWEST_BURSTS = 6;
const FEW_BURSTS = 16;
/** Least probability, in a chain, of a burst as long as the longest one. */
const IMPROBABLE = 0.03;
/** Fewer dominant bursts that are improbable in a chain give no interval. */
const FEWEST_DOMINANT = 7;
/** How many of the lowest frequencies are compared with the chain, most frequencies, and least for a variance. */
const SCALES = [1, 2, 4, 8, 16];
const [MOST, LEAST] = [24, 4];
/** Above this ratio of the lowest third of the frequencies to the others, the loss ratio changes too slowly. */
const STEEPEST = 2;
/** Degrees of freedom of limits that are no interval. */
const ROUGH = 2;
/** By how much limits may differ, as a share, because the report integrates t numerically. */
const SHARE = 1e-5;

interface Limits {
  readonly low: number;
  readonly high: number;
}

/** Lengths of the maximal runs of equal fates in a session, in order. */
function runsOf(lost: readonly boolean[]): { lost: boolean; length: number }[] {
  const runs: { lost: boolean; length: number }[] = [];
  for (const fate of lost) {
    const last = runs.at(-1);
    if (last?.lost === fate) last.length++;
    else runs.push({ lost: fate, length: 1 });
  }
  return runs;
}

/** Wilson's score interval. */
function wilson(hits: number, total: number): Limits {
  const share = hits / total;
  const z = Z95 ** 2 / total;
  const half = Z95 * Math.sqrt((share * (1 - share)) / total + z / (4 * total));
  return {
    low: hits === 0 ? 0 : (share + z / 2 - half) / (1 + z),
    high: hits === total ? 1 : (share + z / 2 + half) / (1 + z),
  };
}

/**
 * The expected number of bursts at which `seen` or fewer have a probability of 95 %, given that there are at least
 * FEWEST_BURSTS; half of the probability of exactly `seen` counts.
 */
function leastExpected(seen: number): number {
  if (seen < FEWEST_BURSTS) return 0;
  const below = (expected: number) => {
    const poisson = Array.from({ length: seen + 1 }, () => 0);
    for (let n = 0; n <= seen; n++) poisson[n] = n === 0 ? Math.exp(-expected) : ((poisson[n - 1] ?? 0) * expected) / n;
    const fewer = sum(poisson.slice(FEWEST_BURSTS, seen)) + (poisson[seen] ?? 0) / 2;
    return fewer / (1 - sum(poisson.slice(0, FEWEST_BURSTS)));
  };
  let [low, high] = [0.01, seen];
  if (below(low) < 0.95) return 0;
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (below(middle) > 0.95) low = middle;
    else high = middle;
  }
  return low;
}

/** By how much a variance estimate with these degrees of freedom exceeds the true one in 2.5 % of cases. */
function varianceExcess(degrees: number): number {
  const spread = 2 / (9 * degrees);
  return (1 - spread + Z95 * Math.sqrt(spread)) ** 3;
}

interface Losses {
  readonly sequence: readonly boolean[];
  readonly bursts: readonly number[];
  readonly gaps: readonly number[];
  readonly fromLost: number;
  readonly left: number;
  readonly fromReceived: number;
  readonly entered: number;
}

function lossesOf(packets: readonly Row[]): Losses {
  const isLost = ({ fate }: Row) => fate === "lost";
  const sessions = bySession(packets).map((session) => session.map(isLost));
  const runs = sessions.map(runsOf);
  const pairs = sessions.flatMap((lost) => lost.slice(1).map((now, index) => ({ before: lost[index] ?? false, now })));
  const isInner = (index: number, length: number) => index > 0 && index < length - 1;
  return {
    sequence: byOrder(packets).map(isLost),
    bursts: runs.flatMap((session) => session.filter(({ lost }) => lost).map(({ length }) => length)),
    gaps: runs.flatMap((session) =>
      session.filter(({ lost }, index) => !lost && isInner(index, session.length)).map(({ length }) => length),
    ),
    fromLost: pairs.filter(({ before }) => before).length,
    left: pairs.filter(({ before, now }) => before && !now).length,
    fromReceived: pairs.filter(({ before }) => !before).length,
    entered: pairs.filter(({ before, now }) => !before && now).length,
  };
}

/** The interval of the chain's odds, `widen` times as wide. A burst at the start or the end of a run counts as complete. */
function chainInterval(losses: Losses, widen: number): Limits {
  const lost = losses.sequence.filter(Boolean).length;
  const [entered, left] = [Math.max(1, losses.entered), Math.max(1, losses.left)];
  const [fromReceived, fromLost] = [Math.max(1, losses.fromReceived), Math.max(1, losses.fromLost)];
  const interval = (hits: number, total: number, isRare: boolean): Limits => {
    const { low, high } = wilson(hits, total);
    return { low: isRare && hits <= FEW_BURSTS ? leastExpected(hits) / total : low, high };
  };
  const [enter, leave] = [entered / fromReceived, left / fromLost];
  const entering = interval(entered, fromReceived, fromReceived >= fromLost);
  const leaving = interval(left, fromLost, fromReceived < fromLost);
  const odds = Math.log(lost / (losses.sequence.length - lost));
  const below = widen * Math.hypot(Math.log(enter / entering.low), Math.log(leaving.high / leave));
  const above = widen * Math.hypot(Math.log(entering.high / enter), Math.log(leave / leaving.low));
  return { low: 1 / (1 + Math.exp(below - odds)), high: 1 / (1 + Math.exp(-odds - above)) };
}

/** By how much the variance of the losses exceeds that of a chain, and with how many degrees of freedom. */
interface Excess {
  readonly factor: number;
  readonly degrees: number;
  readonly reason: string | undefined;
}

const NO_EXCESS: Excess = { factor: 1, degrees: MOST, reason: undefined };

/**
 * At most how probable a burst as long as the longest one is. In a chain, all lengths of m bursts with the same sum N are
 * equally probable; those in which one of them is at least L are C(N - L, m - 1) of C(N - 1, m - 1).
 */
function chanceOfLongest(bursts: readonly number[]): number {
  const [total, longest] = [sum(bursts), greatest(bursts) ?? 1];
  let chance = bursts.length;
  for (let other = 0; other < bursts.length - 1; other++) chance *= (total - longest - other) / (total - 1 - other);
  return chance;
}

/** The excess that the longest burst shows; `inflation` is that of the chain. */
function burstExcess({ bursts, sequence }: Losses, inflation: number): Excess {
  if (chanceOfLongest(bursts) >= IMPROBABLE) return NO_EXCESS;
  const further = bursts.map((length) => length - 1);
  const dominant = sum(further) ** 2 / sum(further.map((length) => length ** 2));
  const concentration = sum(bursts.map((length) => length ** 2)) / sum(bursts);
  const received = 1 - sum(bursts) / sequence.length;
  return {
    factor: Math.max(1, (concentration * received) / inflation),
    degrees: Math.min(MOST, Math.max(ROUGH, Math.floor(dominant))),
    reason: dominant < FEWEST_DOMINANT ? "too few bursts" : undefined,
  };
}

/** The excess that slow changes show, over `noise`: the variance of a batch mean without them. */
function slowExcess(means: readonly number[], noise: number): Excess {
  const powers = cosinePowers(means, MOST).map((power) => power / noise);
  const lowest = (count: number) => sum(powers.slice(0, count)) / count;
  if (!SCALES.some((count) => lowest(count) > varianceExcess(count))) return NO_EXCESS;
  const usable = degreesFor(independentBatches(means, noise));
  const third = Math.floor(usable / 3);
  const others = sum(powers.slice(third, usable)) / (usable - third);
  const isSlow = usable === 0 || lowest(third) > STEEPEST * others;
  const degrees = isSlow ? ROUGH : usable;
  const reason = isSlow ? "changes slowly" : undefined;
  return { factor: Math.max(1, lowest(degrees), lowest(LEAST)), degrees, reason };
}

/** The limits, why they are no interval, and the effective sample size. There are losses, and answers. */
function estimate(losses: Losses): { limits: Limits; reason: string | undefined; effective: number } {
  const { sequence, fromLost, left, fromReceived, entered } = losses;
  const correlation = entered === 0 || left === 0 ? 0 : 1 - entered / fromReceived - left / fromLost;
  const inflation = Math.max(0, 1 + correlation) / (1 - correlation);
  const ratio = sequence.filter(Boolean).length / sequence.length;
  const { size, means } = batchMeans(sequence.map(Number));
  const ofBursts = burstExcess(losses, inflation);
  const slow = slowExcess(means, (ratio * (1 - ratio) * inflation * ofBursts.factor) / size);
  const factor = ofBursts.factor * slow.factor;
  const bursts = Math.min(entered, left);
  const isFew = bursts < FEWEST_BURSTS;
  const degrees = isFew ? Math.max(ROUGH, bursts) : Math.min(ofBursts.degrees, slow.degrees);
  const widen = isFew || factor > 1 ? (Math.sqrt(factor) * studentT(degrees)) / Z95 : 1;
  return {
    limits: chainInterval(losses, widen),
    reason: isFew ? "too few bursts" : (ofBursts.reason ?? slow.reason),
    effective: Math.min(sequence.length, sequence.length / (inflation * factor)),
  };
}

/** Expectations of the interval, of the limits without an interval, and of the reason for that. */
function intervalExpectations(losses: Losses, lost: number): Expectations {
  const seen = losses.sequence.filter(Boolean).length;
  const hasBoth = seen > 0 && seen < losses.sequence.length;
  const estimated = hasBoth ? estimate(losses) : undefined;
  const otherwise = hasBoth ? estimated?.reason : "too few bursts";
  const reason = seen === 0 ? "no losses" : seen !== lost ? "damaged answers" : otherwise;
  const interval = reason === undefined ? estimated : undefined;
  const limits = reason !== undefined && reason === otherwise ? estimated?.limits : undefined;
  const expected: Expectations = new Map([
    ["loss.low", derived(interval?.limits.low ?? null, SHARE)],
    ["loss.high", derived(interval?.limits.high ?? null, SHARE)],
    ["loss.reason", exact(reason ?? null)],
    ["loss.effectiveSampleSize", derived(interval?.effective ?? null)],
  ]);
  if (limits === undefined) return expected.set("loss.limits", exact(null));
  expected.set("loss.limits.low", derived(limits.low, SHARE));
  return expected.set("loss.limits.high", derived(limits.high, SHARE));
}

/** Expectations of `loss`. */
export function lossExpectations(rows: readonly Row[]): Expectations {
  const packets = rows.filter(({ fate }) => SENT.some((name) => name === fate));
  const losses = lossesOf(packets);
  const { lost } = lostAndCorrupt(rows);
  const expected = intervalExpectations(losses, lost);
  const set = (name: string, value: number | null) => expected.set(`loss.${name}`, derived(value));
  set("ratio", packets.length === 0 ? 0 : lost / packets.length);
  const ofNone = packets.length > 0 && !losses.sequence.includes(true);
  set("highIfIndependent", ofNone ? 1 - 0.05 ** (1 / packets.length) : null);
  for (const [name, lengths] of [["bursts", losses.bursts] as const, ["gaps", losses.gaps] as const]) {
    expected.set(`loss.${name}.count`, exact(lengths.length));
    set(`${name}.mean`, mean(lengths) ?? null);
    expected.set(`loss.${name}.max`, exact(greatest(lengths) ?? null));
  }
  const { entered, fromReceived, left, fromLost } = losses;
  if (entered === 0 || left === 0) expected.set("loss.gilbert", exact(null));
  else {
    const chances = { p: [entered, fromReceived], r: [left, fromLost] } as const;
    for (const [name, [hits, total]] of Object.entries(chances)) {
      const { low, high } = wilson(hits, total);
      set(`gilbert.${name}.value`, hits / total);
      set(`gilbert.${name}.low`, low);
      set(`gilbert.${name}.high`, high);
    }
  }
  for (const place of ["path", "targetBuffer", "ownBuffer"]) {
    expected.set(`loss.places.${place}`, absent("places come from the lab's and the kernel's drop counters"));
  }
  return expected;
}
