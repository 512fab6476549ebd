/** Prometheus text exposition of a table of series (format version 0.0.4), rendered by prom-client. */
/// <reference path="./prom-client.d.ts" />
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import type { ProcessUsage } from "../base/kernel.ts";
import { nextTurn } from "../base/turns.ts";
import type { Series, SeriesTable } from "./catalogue.ts";
import type { Distribution } from "./counters.ts";

type Labels = Readonly<Record<string, string>>;

/** One value of a series with its labels. */
export type Sample = readonly [labels: Labels, value: number];

/** The buckets of a histogram at a scrape. */
export interface Buckets {
  /** Upper bounds, rising. */
  readonly bounds: readonly number[];
  /** Number of values up to each bound. */
  readonly cumulative: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** One histogram with its labels. */
export type HistogramSample = readonly [labels: Labels, buckets: Buckets];

/** A function for each series of a table that reads its values at a scrape. */
export type Readers<Table extends SeriesTable> = {
  readonly [Name in keyof Table]: Table[Name]["type"] extends "histogram"
    ? () => readonly HistogramSample[]
    : () => readonly Sample[];
};

/** A registry that can be served. */
export interface Exposition {
  readonly contentType: string;
  render(): Promise<string>;
}

/** The buckets of a distribution. */
export function bucketsOf({ bounds, counts, sum, count }: Distribution): Buckets {
  let total = 0;
  const cumulative = bounds.map((_, i) => {
    total += counts[i] ?? 0;
    return total;
  });
  return { bounds, cumulative, sum, count };
}

/** A line of the exposition, as prom-client has it. */
interface Line {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

/** The lines of a histogram. */
function linesOf(name: string, [labels, { bounds, cumulative, sum, count }]: HistogramSample): Line[] {
  const bucket = (le: number | string, value: number): Line => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: `${le}` },
    value,
  });
  return [
    ...bounds.map((bound, i) => bucket(bound, cumulative[i] ?? 0)),
    bucket("+Inf", count),
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

/** A series as it is at a scrape: its lines, in groups that are not divided. */
interface ReadSeries {
  readonly name: string;
  readonly help: string;
  readonly type: Series["type"];
  readonly groups: readonly (() => readonly Line[])[];
}

/** Lines that are encoded in one turn of the event loop; 64 relays have 10,000. */
const LINES_PER_TURN = 256;

/** Encodes series, divided over turns of the event loop. */
class Encoder {
  #lines = 0;

  constructor(private readonly registry: Registry) {}

  async encode(all: readonly ReadSeries[]): Promise<string> {
    const texts: string[] = [];
    await nextTurn(); // after that in which all were read
    for (const series of all) texts.push(await this.#series(series));
    await nextTurn();
    return `${texts.join("\n\n")}\n`;
  }

  async #series({ name, help, type, groups }: ReadSeries): Promise<string> {
    const texts: string[] = [];
    let lines: Line[] = [];
    const add = async () => {
      const values = lines;
      lines = [];
      const text = await this.registry.getMetricsAsString({ get: async () => ({ name, help, type, values }) });
      const [, , ...rest] = texts.length === 0 ? ["", "", text] : text.split("\n"); // the first two lines are about the series
      texts.push(...rest);
      this.#lines += values.length;
      if (this.#lines < LINES_PER_TURN) return;
      this.#lines = 0;
      await nextTurn();
    };
    for (const group of groups) {
      lines.push(...group());
      if (lines.length + this.#lines >= LINES_PER_TURN) await add();
    }
    if (lines.length > 0 || texts.length === 0) await add();
    return texts.join("\n");
  }
}

const TYPES = { counter: Counter, gauge: Gauge, histogram: Histogram } as const;

/**
 * Builds a registry of its own from the declarations in `table`; `readers` provide the values at each scrape. All values of a scrape
 * are read in one turn of the event loop.
 */
export function createExposition<Table extends SeriesTable>(table: Table, readers: Readers<Table>): Exposition {
  const registry = new Registry();
  const series = Object.entries(table).map(([name, { type, help, labels }]) => {
    new TYPES[type]({ name, help, labelNames: [...labels], registers: [registry] }); // checks the names
    // The reader of a histogram reads buckets, by the type of `readers`, and the others numbers.
    const read = readers[name] as () => readonly (Sample | HistogramSample)[];
    const linesOfSample = ([labels, value]: Sample | HistogramSample): (() => readonly Line[]) =>
      typeof value === "number" ? () => [{ labels, value }] : () => linesOf(name, [labels, value]);
    return (): ReadSeries => ({ name, help, type, groups: read().map(linesOfSample) });
  });
  return {
    contentType: registry.contentType,
    render: () => new Encoder(registry).encode(series.map((read) => read())),
  };
}

/** Readers of the process's own series. */
export function processReaders(usage: () => ProcessUsage) {
  const single = (read: (usage: ProcessUsage) => number) => (): Sample[] => [[{}, read(usage())]];
  return {
    process_cpu_seconds_total: (): Sample[] => {
      const { userSeconds, systemSeconds } = usage();
      return [
        [{ mode: "user" }, userSeconds],
        [{ mode: "system" }, systemSeconds],
      ];
    },
    process_resident_memory_bytes: single(({ residentBytes }) => residentBytes),
    process_open_fds: single(({ openFiles }) => openFiles),
    process_max_fds: single(({ maxFiles }) => maxFiles),
    process_start_time_seconds: single(({ startTime }) => startTime),
  };
}
