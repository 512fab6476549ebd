/** Recomputes the loss of a report: ratio, 95 % interval, bursts, gaps, the parameters of the Gilbert model. */
import { lostAndCorrupt } from "./counts.ts";
import { absent, derived, type Expectations, exact } from "./expected.ts";
import { greatest, mean, sum } from "./plain.ts";
import { byOrder, bySession, type Row, SENT } from "./rows.ts";
import { batchMeans, degreesFor, independentBatches, longRunVariance, studentT, Z95 } from "./series.ts";

/** Fewer bursts give no interval; with up to so many, their number has influenced whether there is one. */
const FEWEST_BURSTS = 6;
const FEW_BURSTS = 16;

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

/** The interval of the chain's odds, `widen` times as wide. */
function chainInterval({ sequence, fromLost, left, fromReceived, entered }: Losses, widen: number): Limits {
  const lost = sequence.filter(Boolean).length;
  const interval = (hits: number, total: number, isRare: boolean): Limits => {
    const { low, high } = wilson(hits, total);
    return { low: isRare && hits <= FEW_BURSTS ? leastExpected(hits) / total : low, high };
  };
  const [enter, leave] = [entered / fromReceived, left / fromLost];
  const entering = interval(entered, fromReceived, fromReceived >= fromLost);
  const leaving = interval(left, fromLost, fromReceived < fromLost);
  const odds = Math.log(lost / (sequence.length - lost));
  const below = widen * Math.hypot(Math.log(enter / entering.low), Math.log(leaving.high / leave));
  const above = widen * Math.hypot(Math.log(entering.high / enter), Math.log(leave / leaving.low));
  return { low: 1 / (1 + Math.exp(below - odds)), high: 1 / (1 + Math.exp(-odds - above)) };
}

/** The interval, or why there is none, and the effective sample size. */
function estimate(losses: Losses): { limits?: Limits; reason?: string; effective: number } {
  const { sequence, bursts, fromLost, left, fromReceived, entered } = losses;
  const correlation = entered === 0 || left === 0 ? 0 : 1 - entered / fromReceived - left / fromLost;
  const inflation = Math.max(0, 1 + correlation) / (1 - correlation);
  const size = sequence.length;
  if (entered < FEWEST_BURSTS || left < FEWEST_BURSTS) {
    return { reason: "too few bursts", effective: Math.min(size, size / inflation) };
  }
  const ratio = sequence.filter(Boolean).length / size;
  const batches = batchMeans(sequence.map(Number));
  const chain = (ratio * (1 - ratio) * inflation) / batches.size;
  const usable = degreesFor(independentBatches(batches.means, chain));
  const degrees = Math.max(4, usable);
  const slow = longRunVariance(batches.means, degrees) / chain;
  const isExplained = bursts.length * (1 - left / fromLost) ** ((greatest(bursts) ?? 1) - 1) >= 0.05;
  const wanders = slow > varianceExcess(degrees);
  const squares = sum(bursts.map((length) => length ** 2));
  const concentration = squares / sum(bursts);
  const isPlain = isExplained && !wanders;
  const factor = isPlain ? 1 : Math.max(1, slow, isExplained ? 1 : (concentration * (1 - ratio)) / inflation);
  const effective = Math.min(size, size / (inflation * factor));
  if (!isExplained && squares ** 2 / sum(bursts.map((length) => length ** 4)) < 4) {
    return { reason: "too few bursts", effective };
  }
  if (wanders && usable === 0) return { reason: "changes slowly", effective };
  const widen = factor > 1 ? (Math.sqrt(factor) * studentT(degrees)) / Z95 : 1;
  return { limits: chainInterval(losses, widen), effective };
}

/** Expectations of `loss`. */
export function lossExpectations(rows: readonly Row[]): Expectations {
  const packets = rows.filter(({ fate }) => SENT.some((name) => name === fate));
  const losses = lossesOf(packets);
  const { lost } = lostAndCorrupt(rows);
  const seen = losses.sequence.filter(Boolean).length;
  const estimated = estimate(losses);
  const reason = seen === 0 ? "no losses" : seen !== lost ? "damaged answers" : estimated.reason;
  const limits = reason === undefined ? estimated.limits : undefined;
  const expected: Expectations = new Map();
  const set = (name: string, value: number | null) => expected.set(`loss.${name}`, derived(value));
  set("ratio", packets.length === 0 ? 0 : lost / packets.length);
  set("low", limits?.low ?? null);
  set("high", limits?.high ?? null);
  expected.set("loss.reason", exact(reason ?? null));
  set("effectiveSampleSize", limits === undefined ? null : estimated.effective);
  const ofNone = reason === "no losses" && packets.length > 0;
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
