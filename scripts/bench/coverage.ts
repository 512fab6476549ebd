/**
 * The coverage of the load generator's 95 % intervals: how many of many seeded runs over simulated paths, whose loss
 * ratio and delays are known, give an interval that contains the true value. Prints a markdown table.
 */
import { parseArgs } from "node:util";
import { random } from "../../src/base/random.ts";
import { estimateDelays } from "../../src/load/measure/delays/delay-intervals.ts";
import { DelaySeries } from "../../src/load/measure/delays/delay-series.ts";
import { Histogram } from "../../src/load/measure/histograms/histogram.ts";
import {
  estimateLoss,
  type LossEstimate,
  lossBoundIfIndependent,
} from "../../src/load/measure/losses/loss-interval.ts";
import { LossPattern } from "../../src/load/measure/losses/loss-pattern.ts";
import { difference, type Ranged } from "../../src/load/measure/statistics/difference.ts";
import type { Interval } from "../../src/load/measure/statistics/estimates.ts";
import { coverageRows, hasIntervals, summaryOf } from "./coverage-table.ts";
import { replaceBetween } from "./markdown.ts";
import {
  autoregressive,
  burstLosses,
  type DelayPath,
  eitherLosses,
  independentLosses,
  inOrder,
  type LossPath,
  NORMAL,
  pareto,
  QUEUE,
  UNIFORM,
  wanderingLosses,
} from "./paths.ts";

const HELP = `coverage: how often the load generator's 95 % intervals contain the true value

usage: bun scripts/bench/coverage.ts [--runs N] [--seed N] [--only TEXT | --write]

  --runs N      simulated runs of each path and length, default 400
  --seed N      seed of the first run, default 1; the others follow
  --only TEXT   only paths whose name contains the text
  --write       write the table in docs/benchmarks.md
  --help        print this text

"loss, objective" is how often the objective that the loss is below its true ratio is not met. "change" is how often no
change is found between two runs over the same path. Progress is on stderr; the last line counts the rows whose
intervals contain the true value in 92 to 98 % of the runs. All paths take several minutes.

examples:
  bun scripts/bench/coverage.ts --only "bursts of 10" --seed 4711
  bun scripts/bench/coverage.ts --runs 1000 --only uniform
  bun scripts/bench/coverage.ts --write
`;

const LOSS_PATHS: readonly LossPath[] = [
  ...[0.001, 0.01, 0.05, 0.2].map(independentLosses),
  ...[5, 10].flatMap((burst) => [0.01, 0.05, 0.2].map((ratio) => burstLosses(ratio, burst))),
  eitherLosses(burstLosses(0.05, 5), burstLosses(0.05, 5)),
  eitherLosses(independentLosses(0.05), burstLosses(0.05, 10)),
  wanderingLosses(0.05, 1000),
];
const LOSS_LENGTHS = [200, 1000, 5000, 20_000];

const DELAY_PATHS: readonly DelayPath[] = [
  UNIFORM,
  NORMAL,
  ...[1.5, 2, 2.5, 3].map(pareto),
  ...[0.5, 0.9, 0.99].map(autoregressive),
  QUEUE,
  ...[1.5, 2, 2.5, 3].flatMap((shape) => [0.5, 2, 10].map((scale) => inOrder(shape, scale))),
];
const DELAY_LENGTHS = [1000, 10_000, 50_000];
const QUANTILES = [0.5, 0.9, 0.99, 0.999] as const;

/** The intervals of one number over many runs. */
export interface Coverage {
  readonly path: string;
  readonly packets: number;
  readonly number: string;
  readonly runs: number;
  /** The true value. */
  readonly truth: number;
  /** Runs that gave an interval. */
  printed: number;
  /** Runs whose interval contains the true value. */
  held: number;
  /** Runs whose whole interval lies above the true value. */
  tooHigh: number;
  /** Sum of the widths of all intervals. */
  width: number;
}

function coverage(path: string, packets: number, number: string, runs: number, truth: number): Coverage {
  return { path, packets, number, runs, truth, printed: 0, held: 0, tooHigh: 0, width: 0 };
}

function count(into: Coverage, interval: Interval | undefined, truth = into.truth): void {
  if (interval === undefined) return;
  into.printed++;
  into.width += interval.high - interval.low;
  if (interval.low > truth) into.tooHigh++;
  else if (interval.high >= truth) into.held++;
}

function withValue(value: number, interval: Interval | undefined): Ranged | undefined {
  return interval && { value, ...interval };
}

/** Counts the intervals of the difference between the runs of each pair, whose true value is 0. */
function counterOfPairs(into: Coverage): (estimate: Ranged | undefined) => void {
  let before: Ranged | undefined;
  return (estimate) => {
    if (estimate !== undefined && before !== undefined) count(into, difference(before, estimate));
    before = before === undefined ? estimate : undefined;
  };
}

/** The limit that an objective `loss<BOUND` is judged by. */
function objectiveLimit({ limits }: LossEstimate, { packets, lost }: LossPattern): number {
  return limits?.high ?? (lost === 0 ? lossBoundIfIndependent(packets) : 1);
}

/**
 * Simulates `runs` runs of `packets` packets; gives the coverage of the loss ratio, in how many runs an objective that
 * the loss is below its true ratio is not met, and the coverage of the difference in pairs. If the loss probability of
 * the path changes, also how often the interval contains its mean during the run.
 */
export function measureLoss(path: LossPath, packets: number, runs: number, seed: number): Coverage[] {
  const loss = coverage(path.name, packets, "loss", runs, path.ratio);
  const during = coverage(path.name, packets, "loss, during the run", runs, path.ratio);
  const change = coverage(path.name, packets, "loss, change", runs / 2, 0);
  const objective = coverage(path.name, packets, "loss, objective", runs, path.ratio);
  const countPair = counterOfPairs(change);
  let probabilities = 0;
  for (let run = 0; run < runs; run++) {
    probabilities = 0;
    const observe = (probability: number) => {
      probabilities += probability;
    };
    const next = path.start(random(seed + run, `coverage/${path.name}/${packets}`), observe);
    const pattern = new LossPattern();
    const stream = pattern.stream();
    for (let packet = 0; packet < packets; packet++) stream.record(next());
    const estimate = estimateLoss(pattern);
    const { interval } = estimate;
    count(loss, interval);
    count(objective, { low: 0, high: objectiveLimit(estimate, pattern) });
    count(during, interval, probabilities / packets);
    countPair(withValue(pattern.lost / packets, interval));
  }
  return [loss, ...(probabilities > 0 ? [during] : []), objective, change];
}

/** Simulates `runs` runs of `packets` delays; gives the coverage of the quantiles and of the mean, in s. */
export function measureDelays(path: DelayPath, packets: number, runs: number, seed: number): Coverage[] {
  const rows = QUANTILES.map((q) => coverage(path.name, packets, `p${q * 100}`, runs, path.quantile(q) / 1000));
  const mean = coverage(path.name, packets, "mean", runs, (path.mean ?? Number.NaN) / 1000);
  const change = coverage(path.name, packets, "p50, change", runs / 2, 0);
  const countPair = counterOfPairs(change);
  for (let run = 0; run < runs; run++) {
    const next = path.start(random(seed + run, `coverage/${path.name}/${packets}`));
    const series = new DelaySeries(QUANTILES);
    const steps = new Histogram();
    let before: number | undefined;
    for (let packet = 0; packet < packets; packet++) {
      const delay = next();
      series.record(delay);
      if (before !== undefined) steps.record(Math.abs(delay - before));
      before = delay;
    }
    const estimate = estimateDelays(series, steps);
    rows.forEach((row, i) => void count(row, estimate.quantiles[i]?.interval));
    count(mean, estimate.mean.interval);
    countPair(withValue(series.values.quantile(0.5) ?? 0, estimate.quantiles[0]?.interval));
  }
  return [...rows, ...(path.mean === undefined ? [] : [mean]), change];
}

/** Paths and numbers of packets to simulate. */
export interface Selection {
  readonly runs: number;
  readonly seed: number;
  /** Only paths whose name contains this text. */
  readonly only: string;
  readonly lossLengths: readonly number[];
  readonly delayLengths: readonly number[];
}

/** The rows of the table in docs/benchmarks.md. */
export const DOCUMENTED: Selection = {
  runs: 400,
  seed: 1,
  only: "",
  lossLengths: [1000, 5000],
  delayLengths: [10_000],
};

/** Simulates the selected paths; yields the rows of each path and number of packets. */
export function* measure({ runs, seed, only, lossLengths, delayLengths }: Selection): Generator<Coverage[]> {
  for (const path of LOSS_PATHS.filter(({ name }) => name.includes(only)))
    for (const packets of lossLengths) yield measureLoss(path, packets, runs, seed);
  for (const path of DELAY_PATHS.filter(({ name }) => name.includes(only)))
    for (const packets of delayLengths) yield measureDelays(path, packets, runs, seed);
}

/** Ends the program with status 2 and one line. */
function refuse(message: string): never {
  console.error(`coverage: ${message}`);
  process.exit(2);
}

function wholeNumber(flag: string, text: string, least: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  return value >= least ? value : refuse(`${flag} ${text}: expected a whole number from ${least}`);
}

function readFlags() {
  try {
    return parseArgs({
      options: {
        runs: { type: "string", default: String(DOCUMENTED.runs) },
        seed: { type: "string", default: String(DOCUMENTED.seed) },
        only: { type: "string", default: "" },
        write: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return refuse(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  }
}

/** Simulates the selection, with a line on stderr for each path and number of packets. */
function measureAll(selection: Selection): Coverage[] {
  const paths = [...LOSS_PATHS, ...DELAY_PATHS].filter(({ name }) => name.includes(selection.only));
  if (paths.length === 0) return refuse(`--only ${selection.only}: no path has this name`);
  const rows: Coverage[] = [];
  for (const some of measure(selection)) {
    rows.push(...some);
    console.error(`coverage: ${some[0]?.path}, ${some[0]?.packets} packets`);
  }
  return rows;
}

/** Simulates the selection; the rows with intervals, and their summary. */
export function coverageTable(selection: Selection): string {
  const rows = measureAll(selection);
  return `${coverageRows(rows.filter(hasIntervals))}\n\n${summaryOf(rows)}.`;
}

async function write(runs: number, seed: number): Promise<void> {
  const file = new URL("../../docs/benchmarks.md", import.meta.url);
  const table = coverageTable({ ...DOCUMENTED, runs, seed });
  await Bun.write(file, replaceBetween(await Bun.file(file).text(), "coverage", table));
  console.log(`docs/benchmarks.md: written\n${table.split("\n").at(-1)}`);
}

async function main(): Promise<void> {
  const { runs, seed, only, write: isWritten, help } = readFlags();
  if (help) return void console.log(HELP.trimEnd());
  const numbers = { runs: wholeNumber("--runs", runs, 2), seed: wholeNumber("--seed", seed, 0) };
  if (isWritten && only !== "") refuse("--only and --write: the table in the document has all paths");
  const selection = { ...numbers, only, lossLengths: LOSS_LENGTHS, delayLengths: DELAY_LENGTHS };
  if (isWritten) return write(numbers.runs, numbers.seed);
  const rows = measureAll(selection);
  console.log(`${coverageRows(rows)}\n\n${summaryOf(rows)}`);
}

if (import.meta.main) await main();
