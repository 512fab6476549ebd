/** Recomputes the loss of a report: ratio, limits, bursts, gaps, the parameters of the Gilbert model. */
import { lostAndCorrupt } from "./counts.ts";
import { absent, derived, type Expectations, exact } from "./expected.ts";
import { estimate, type Losses, wilson } from "./loss-interval.ts";
import { greatest, mean } from "./plain.ts";
import { byOrder, bySession, type Row, SENT } from "./rows.ts";

/** By how much limits may differ, as a share, because the report integrates t numerically. */
const SHARE = 1e-5;

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
