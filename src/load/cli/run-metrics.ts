/** A run's own series while it lasts (`--metrics-port`), in a registry of their own. */
import { Counter, Gauge, Histogram as PromHistogram, Registry } from "prom-client";
import type { Histogram } from "../measure/histogram.ts";
import type { MeasuredRun } from "../measure/measured-run.ts";
import type { Recorder } from "../measure/recorder.ts";

/** The lab's buckets, s: what was measured can be laid over what was done. */
const BUCKETS = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5,
  2.5, 5, 10,
];

/** What only the process can tell; in s, octets and counts. */
export interface ProcessReading {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
  readonly openFiles: number;
  readonly maxFiles: number;
  readonly startTime: number;
}

/** What the registry is made from. */
export interface RunMetricsSources {
  readonly runs: readonly MeasuredRun[];
  readonly process: () => ProcessReading;
  readonly build: { readonly version: string; readonly bun_version: string };
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** A histogram of prom-client's that reads an HDR histogram when it is scraped, and holds nothing itself. */
class ScrapedHistogram extends PromHistogram {
  readonly #about: { readonly name: string; readonly help: string };
  readonly #rows: () => readonly (readonly [Labels, Histogram])[];

  constructor(registry: Registry, name: string, help: string, rows: () => readonly (readonly [Labels, Histogram])[]) {
    super({ name, help, labelNames: ["protocol"], registers: [registry] });
    this.#about = { name, help };
    this.#rows = rows;
  }

  override async get() {
    const { name } = this.#about;
    const values = this.#rows().flatMap(([labels, histogram]) => {
      const counts = histogram.countsUpTo(BUCKETS);
      const bucket = (le: number | string, value: number) => ({
        metricName: `${name}_bucket`,
        labels: { ...labels, le },
        value,
      });
      return [
        ...BUCKETS.map((bound, index) => bucket(bound, counts[index] ?? 0)),
        bucket("+Inf", histogram.count),
        { metricName: `${name}_sum`, labels, value: histogram.sum },
        { metricName: `${name}_count`, labels, value: histogram.count },
      ];
    });
    // prom-client's types say a number for the type; what it prints, and has itself, is this word.
    return { ...this.#about, type: "histogram" as never, aggregator: "sum" as const, values, collect() {} };
  }

  /** What the registry calls to print. */
  getForPromString() {
    return this.get();
  }
}

/** A counter never goes back: a loss that turns out to be late stays counted until as many more are lost. */
function rising(): (key: string, value: number) => number {
  const highest = new Map<string, number>();
  return (key, value) => {
    const most = Math.max(value, highest.get(key) ?? 0);
    highest.set(key, most);
    return most;
  };
}

/** Builds the registry; its `metrics()` is the text to serve. */
export function runMetrics({ runs, process, build }: RunMetricsSources): Registry {
  const registry = new Registry();
  const counter = (name: string, help: string, read: () => readonly Sample[]) => {
    const keep = rising();
    new Counter({
      name,
      help,
      labelNames: Object.keys(read()[0]?.[0] ?? {}),
      registers: [registry],
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, keep(JSON.stringify(labels), value));
      },
    });
  };
  const gauge = (name: string, help: string, read: () => readonly Sample[]) => {
    new Gauge({
      name,
      help,
      labelNames: Object.keys(read()[0]?.[0] ?? {}),
      registers: [registry],
      collect() {
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  };
  const counts = (pick: (recorder: Recorder) => number) => () =>
    runs.map(({ protocol, recorder }): Sample => [{ protocol }, pick(recorder())]);
  counter(
    "wirelab_load_sent_total",
    "Packets sent.",
    counts(({ counts }) => counts.sent),
  );
  counter(
    "wirelab_load_answered_total",
    "Packets answered within the timeout.",
    counts(({ counts }) => counts.answered),
  );
  counter("wirelab_load_lost_total", "Packets lost, by the way on which they were.", () => runs.flatMap(lostSamples));
  counter(
    "wirelab_load_duplicates_total",
    "Further copies of answers.",
    counts(({ counts }) => counts.duplicate),
  );
  counter(
    "wirelab_load_late_total",
    "Packets answered after the timeout.",
    counts(({ counts }) => counts.late),
  );
  counter(
    "wirelab_load_failed_total",
    "Packets whose connection or answer failed.",
    counts(({ counts }) => counts.failed),
  );
  counter(
    "wirelab_load_corrupt_total",
    "Packets whose answer was damaged.",
    counts(({ counts }) => counts.corrupt),
  );
  const times = (pick: (recorder: Recorder) => Histogram) => () =>
    runs.map(({ protocol, recorder }) => [{ protocol }, pick(recorder())] as const);
  new ScrapedHistogram(
    registry,
    "wirelab_load_response_time_seconds",
    "From the planned moment of sending to the answer.",
    times(({ response }) => response),
  );
  new ScrapedHistogram(
    registry,
    "wirelab_load_service_time_seconds",
    "From the actual sending to the answer.",
    times(({ service }) => service),
  );
  const usage = (pick: (reading: ProcessReading) => number) => (): Sample[] => [[{}, pick(process())]];
  counter("process_cpu_seconds_total", "CPU time used.", () => {
    const { userSeconds, systemSeconds } = process();
    return [
      [{ mode: "user" }, userSeconds],
      [{ mode: "system" }, systemSeconds],
    ];
  });
  gauge(
    "process_resident_memory_bytes",
    "Resident memory.",
    usage(({ residentBytes }) => residentBytes),
  );
  gauge(
    "process_open_fds",
    "Open file descriptors.",
    usage(({ openFiles }) => openFiles),
  );
  gauge(
    "process_max_fds",
    "The most file descriptors that may be open.",
    usage(({ maxFiles }) => maxFiles),
  );
  gauge(
    "process_start_time_seconds",
    "When the process started, since the Unix epoch.",
    usage(({ startTime }) => startTime),
  );
  gauge("wirelab_build_info", "What runs; always 1.", () => [[build, 1]]);
  return registry;
}

function lostSamples({ protocol, directions }: MeasuredRun): Sample[] {
  const { lostUp, lostDown, unexplained } = directions();
  return [
    [{ protocol, direction: "up" }, lostUp],
    [{ protocol, direction: "down" }, lostDown],
    [{ protocol, direction: "unexplained" }, unexplained],
  ];
}
