/** Prometheus text exposition of a table of series (format version 0.0.4), rendered by prom-client. */
/// <reference path="./prom-client.d.ts" />
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import type { ProcessUsage } from "../base/kernel.ts";
import type { SeriesTable } from "./catalogue.ts";
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

/** A prom-client histogram that stores nothing and reads its values at a scrape. */
class ReadHistogram extends Histogram {
  readonly #about: { readonly name: string; readonly help: string };
  readonly #read: () => readonly HistogramSample[];

  constructor(
    registry: Registry,
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly HistogramSample[],
  ) {
    super({ name, help, labelNames: [...labelNames], registers: [registry] });
    this.#about = { name, help };
    this.#read = read;
  }

  override async get() {
    const { name } = this.#about;
    const values = this.#read().flatMap(([labels, { bounds, cumulative, sum, count }]) => {
      const bucket = (le: number | string, value: number) => ({
        metricName: `${name}_bucket`,
        labels: { ...labels, le },
        value,
      });
      return [
        ...bounds.map((bound, i) => bucket(bound, cumulative[i] ?? 0)),
        bucket("+Inf", count),
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    });
    // prom-client declares `type` as a numeric enumeration but writes this text.
    return { ...this.#about, type: "histogram" as never, aggregator: "sum" as const, values, collect() {} };
  }

  /** Called by the registry in place of `get` when it renders text. */
  getForPromString() {
    return this.get();
  }
}

/** Builds a registry of its own from the declarations in `table`; `readers` provide the values at each scrape. */
export function createExposition<Table extends SeriesTable>(table: Table, readers: Readers<Table>): Exposition {
  const registry = new Registry();
  for (const [name, { type, help, labels }] of Object.entries(table)) {
    if (type === "histogram") {
      // The reader of a histogram reads buckets, by the type of `readers`.
      new ReadHistogram(registry, name, help, labels, readers[name] as () => readonly HistogramSample[]);
      continue;
    }
    const read = readers[name] as () => readonly Sample[]; // likewise
    const Type = type === "counter" ? Counter : Gauge;
    const metric = new Type({ name, help, labelNames: [...labels], registers: [registry], collect });
    function collect() {
      metric.reset();
      for (const [labels, value] of read()) metric.inc(labels, value);
    }
  }
  return { contentType: registry.contentType, render: () => registry.metrics() };
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
