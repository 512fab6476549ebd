/** Compares the reports of two runs or of two sets of runs: the changes, and whether they are statistically significant. */
import { formatSeconds, formatShare } from "../../../base/format.ts";
import { DIRECTIONS } from "../../../faults/faults.ts";
import { HANDSHAKE_KINDS, HANDSHAKE_TITLES, type HandshakeKind } from "../../measure/handshake-kinds.ts";
import { ONE_PAIR, type Ranged } from "../../measure/statistics/difference.ts";
import { quantileLabel } from "../../plan/quantiles.ts";
import type { ReportedWay } from "../report-via.ts";
import {
  differenceOfRuns,
  differenceOfSets,
  isComparable,
  isMeasuredRate,
  type Pair,
  type Reports,
  separation,
} from "./differences.ts";
import { formatMean, formatValue, isComplete, RUN_VALUES, type RunValue, setValue } from "./run-set.ts";

/**
 * Whether a change is significant at 95 % confidence. Only sets of runs show whether a value became better or worse; if
 * one side is a single run, the value of these runs is higher or lower, or within their noise. "cannot tell": there is
 * too little data.
 */
export type Significance =
  | "better"
  | "worse"
  | "within noise"
  | "higher"
  | "lower"
  | "within noise of the runs"
  | "cannot tell";

/** One compared value, formatted for display. */
export interface Change {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly change: string;
  /** The 95 % interval of the difference of the means of two sets; empty without one. */
  readonly interval: string;
  /** Degrees of freedom of that interval; null without one. */
  readonly degreesOfFreedom: number | null;
  /** Empty for a value that is not tested. */
  readonly significance: Significance | "";
}

/** The verdicts on a difference: above 0, below 0, neither. */
type Verdicts = readonly [above: Significance, below: Significance, neither: Significance];

const OF_RUNS: Verdicts = ["higher", "lower", "within noise of the runs"];
const OF_SETS: Verdicts = ["worse", "better", "within noise"];
const OF_RATES: Verdicts = ["better", "worse", "within noise"];

/** Whether the interval of the difference excludes 0. Unknown without an interval. */
function judge(change: Ranged | undefined, [above, below, neither]: Verdicts): Significance {
  if (change === undefined) return "cannot tell";
  if (change.low > 0) return above;
  return change.high < 0 ? below : neither;
}

/** Whether the values of both sides differ, of which at least one is a set of runs. */
function judgeSets(name: RunValue, pair: Pair, change: Ranged | undefined, verdicts: Verdicts): Significance {
  const side = isSingle(pair) ? 0 : separation(name, pair);
  return side === 0 ? judge(change, verdicts) : verdicts[side > 0 ? 0 : 1];
}

/** The change in percent; empty if one of the values is missing. */
function formatChange(before: number | undefined, after: number | undefined): string {
  if (before === undefined || after === undefined) return "";
  if (before === 0) return after === 0 ? "0 %" : "new";
  const percent = (after / before - 1) * 100;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(Math.abs(percent) < 10 ? 1 : 0)} %`;
}

function isSingle({ before, after }: Pair): boolean {
  return before.length < 2 || after.length < 2;
}

function changeOf(name: RunValue, pair: Pair): Change {
  const [before, after] = [setValue(pair.before, name), setValue(pair.after, name)];
  const overSets = differenceOfSets(name, pair);
  const isPair = pair.before.length < 2 && pair.after.length < 2;
  const verdicts = isSingle(pair) ? OF_RUNS : name === "rate" ? OF_RATES : OF_SETS;
  const isTested = name !== "rate" || (isMeasuredRate(pair) && !isPair);
  const verdict = () =>
    isPair ? judge(differenceOfRuns(name, pair), verdicts) : judgeSets(name, pair, overSets, verdicts);
  // Values that are equal in all runs do not show how much they vary.
  const shown = isTested && overSets !== undefined && overSets.low < overSets.high ? overSets : undefined;
  return {
    name: quantileLabel(name),
    before: formatMean(name, before),
    after: formatMean(name, after),
    change: isComparable(name, pair) ? formatChange(before.sample?.mean, after.sample?.mean) : "",
    interval: shown === undefined ? "" : `${formatValue(name, shown.low)} to ${formatValue(name, shown.high)}`,
    degreesOfFreedom: shown?.degrees ?? null,
    significance: isTested ? verdict() : "",
  };
}

/** What the relays dropped, and the mean time that they added, where both sides went through one. It is not tested. */
function relayChanges({ before, after }: Pair): Change[] {
  return DIRECTIONS.flatMap((direction) => {
    const ways = [before, after].map((reports) => reports.flatMap(({ via }) => via?.[direction] ?? []));
    const where = `relay ${direction === "up" ? "upstream" : "downstream"}`;
    const change = (name: string, of: (way: ReportedWay) => number | null, format: (value: number) => string) => {
      const [earlier, later] = ways.map((list) => meanOf(list.map(of)));
      if (earlier === undefined || later === undefined) return [];
      const texts = { name: `${where} ${name}`, before: format(earlier), after: format(later) };
      const untested = { interval: "", degreesOfFreedom: null, significance: "" as const };
      return [{ ...texts, change: formatChange(earlier, later), ...untested }];
    };
    const share = ({ dropped, packetsIn }: ReportedWay) => (packetsIn === 0 ? null : dropped / packetsIn);
    const isUdp = [...before, ...after].every(({ via }) => via?.transport === "udp");
    return [
      ...(isUdp ? change("dropped", share, formatShare) : []),
      ...change("delay", ({ added }) => added.mean, formatSeconds),
    ];
  });
}

function meanOf(values: readonly (number | null)[]): number | undefined {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** The mean of the full handshakes of each kind, where both sides had some. It is not tested. */
function handshakeChanges({ before, after }: Pair): Change[] {
  return HANDSHAKE_KINDS.flatMap((kind) => {
    const [earlier, later] = [before, after].map((reports) => meanHandshake(reports, kind));
    if (earlier === undefined || later === undefined) return [];
    return [
      {
        ...{ name: `${HANDSHAKE_TITLES[kind]} handshake`, before: formatSeconds(earlier), after: formatSeconds(later) },
        ...{ change: formatChange(earlier, later), interval: "", degreesOfFreedom: null, significance: "" as const },
      },
    ];
  });
}

function meanHandshake(reports: Reports, kind: HandshakeKind): number | undefined {
  return meanOf(reports.map(({ handshakes }) => handshakes?.[kind]?.full.mean ?? null));
}

/** The runs of one side that are compared: those that were completed, or the first one if there is none. */
export function comparedOf(reports: Reports): Reports {
  const complete = reports.filter(isComplete);
  return complete.length > 0 ? complete : reports.slice(0, 1);
}

function changesOf(pair: Pair): Change[] {
  return [...RUN_VALUES.map((name) => changeOf(name, pair)), ...handshakeChanges(pair), ...relayChanges(pair)];
}

/** The changes from one run or set of runs to another of the same protocol. */
export function compareReports(before: Reports, after: Reports): Change[] {
  const pair: Pair = { before: comparedOf(before), after: comparedOf(after) };
  return changesOf(pair);
}

/** The completed runs of two targets that alternated, in the same order on both sides. */
function alternating(reports: Reports): Pair {
  const runs = Map.groupBy(reports.filter(isComplete), ({ repetition }) => repetition?.side);
  const partners = (own: Reports, others: Reports) =>
    own
      .filter(({ repetition }) => others.some((other) => other.repetition?.index === repetition?.index))
      .toSorted((one, other) => (one.repetition?.index ?? 0) - (other.repetition?.index ?? 0));
  const [target, against] = [runs.get("target") ?? [], runs.get("against") ?? []];
  return { before: partners(target, against), after: partners(against, target), paired: true };
}

/** The changes from `--target` to `--against`, by the differences within the repetitions; empty for fewer than two. */
export function compareAlternating(reports: Reports): Change[] {
  const pair = alternating(reports);
  return isSingle(pair) ? [] : changesOf(pair);
}

const EARLIER_RUN =
  "A report of schema wirelab.run/1 has percentiles of the answered packets only, and intervals that hold for " +
  "independent packets only: whether it differs cannot be told.";
const EARLIER_SET =
  "A report of schema wirelab.run/1 has percentiles of the answered packets only: with unanswered packets they are not " +
  "comparable.";
const SETS =
  "df: degrees of freedom of the 95 % interval of the difference (Welch). The interval covers the variation between " +
  "the runs of a set, but not conditions that changed from one set to the other: --against alternates two targets.";

/** What limits a comparison: sentences that every display of it shows. */
export function limitsOf(before: Reports, after: Reports): string[] {
  const pair: Pair = { before: comparedOf(before), after: comparedOf(after) };
  const compared = [...pair.before, ...pair.after];
  const isEarlier = compared.some(({ loss }) => loss.reason === "earlier schema");
  const leftOut = before.length + after.length - compared.length;
  return [
    ...(leftOut > 0 ? [`Runs that were not completed are left out: ${leftOut}.`] : []),
    ...(isEarlier ? [isSingle(pair) ? EARLIER_RUN : EARLIER_SET] : []),
    isSingle(pair) ? ONE_PAIR : SETS,
  ];
}
