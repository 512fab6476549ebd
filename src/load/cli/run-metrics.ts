/** The series of a load run while it lasts (`--metrics-port`), in a registry of their own. */
import type { ProcessUsage } from "../../base/kernel.ts";
import { RUN_SERIES } from "../../metrics/catalogue.ts";
import { RESPONSE_BUCKETS } from "../../metrics/counters.ts";
import { createExposition, type Exposition, processReaders, type Sample } from "../../metrics/prometheus.ts";
import { HANDSHAKE_KINDS } from "../measure/handshake-kinds.ts";
import type { Histogram } from "../measure/histograms/histogram.ts";
import type { MeasuredRun } from "../measure/measured-run.ts";
import type { Recorder } from "../measure/recorder.ts";

/** A run as the series read it. */
export interface MeteredRun extends Pick<MeasuredRun, "protocol" | "directions"> {
  readonly recorder: () => Pick<Recorder, "counts" | "response" | "service" | "handshakes">;
}

/** What the series are read from. */
export interface RunMetricsSources {
  /** All runs up to now; those of one protocol are added. */
  readonly runs: () => readonly MeteredRun[];
  readonly process: () => ProcessUsage;
  readonly build: { readonly version: string; readonly bun_version: string };
}

/** Keeps a counter from decreasing when a loss turns out to be late: it stays until as many more packets are lost. */
function monotonic(read: () => readonly Sample[]): () => readonly Sample[] {
  const highest = new Map<string, number>();
  return () =>
    read().map(([labels, value]): Sample => {
      const key = JSON.stringify(labels);
      const most = Math.max(value, highest.get(key) ?? 0);
      highest.set(key, most);
      return [labels, most];
    });
}

/** The samples with those of equal labels added. */
function added(samples: readonly Sample[]): readonly Sample[] {
  const sums = new Map<string, Sample>();
  for (const [labels, value] of samples) {
    const key = JSON.stringify(labels);
    sums.set(key, [labels, value + (sums.get(key)?.[1] ?? 0)]);
  }
  return [...sums.values()];
}

/** The exposition of the series of `runs`. */
export function runMetrics({ runs, process, build }: RunMetricsSources): Exposition {
  const counts = (pick: (counts: Recorder["counts"]) => number) =>
    monotonic(() => added(runs().map(({ protocol, recorder }): Sample => [{ protocol }, pick(recorder().counts)])));
  const times = (pick: (recorder: ReturnType<MeteredRun["recorder"]>) => Histogram) => () =>
    Array.from(
      Map.groupBy(runs(), ({ protocol }) => protocol),
      ([protocol, group]) => [{ protocol }, bucketsOf(group.map(({ recorder }) => pick(recorder())))] as const,
    );
  return createExposition(RUN_SERIES, {
    wirelab_load_planned_total: counts(({ planned }) => planned),
    wirelab_load_unsent_total: counts(({ unsent }) => unsent),
    wirelab_load_refused_total: counts(({ refused }) => refused),
    wirelab_load_sent_total: counts(({ sent }) => sent),
    wirelab_load_answered_total: counts(({ answered }) => answered),
    wirelab_load_lost_total: monotonic(() => added(runs().flatMap(lostSamples))),
    wirelab_load_duplicates_total: counts(({ duplicate }) => duplicate),
    wirelab_load_late_total: counts(({ late }) => late),
    wirelab_load_failed_total: counts(({ failed }) => failed),
    wirelab_load_corrupt_total: counts(({ corrupt }) => corrupt),
    wirelab_load_response_time_seconds: times(({ response }) => response),
    wirelab_load_service_time_seconds: times(({ service }) => service),
    wirelab_load_handshake_seconds: () => handshakeSamples(runs()),
    ...processReaders(process),
    wirelab_build_info: () => [[build, 1]],
  });
}

/** The same buckets as the lab's, so that both can be compared in one panel. */
function bucketsOf(histograms: readonly Histogram[]) {
  const total = (pick: (histogram: Histogram) => number) =>
    histograms.reduce((sum, histogram) => sum + pick(histogram), 0);
  const counts = histograms.map((histogram) => histogram.countsUpTo(RESPONSE_BUCKETS));
  return {
    bounds: RESPONSE_BUCKETS,
    cumulative: RESPONSE_BUCKETS.map((_, bucket) => counts.reduce((sum, row) => sum + (row[bucket] ?? 0), 0)),
    sum: total(({ sum }) => sum),
    count: total(({ count }) => count),
  };
}

/** The handshakes of each protocol and kind that there were; those of several runs are added. */
function handshakeSamples(runs: readonly MeteredRun[]) {
  const samples = runs.flatMap(({ protocol, recorder }) =>
    HANDSHAKE_KINDS.flatMap((kind) => {
      const times = recorder().handshakes.of(kind);
      if (times === undefined) return [];
      return [
        [{ protocol, kind, resumed: "false" }, times.full] as const,
        [{ protocol, kind, resumed: "true" }, times.resumed] as const,
      ];
    }),
  );
  const made = samples.filter(([, { count }]) => count > 0);
  const groups = Map.groupBy(made, ([labels]) => JSON.stringify(labels)).values();
  return Array.from(groups, (group) => {
    const histograms = group.map(([, histogram]) => histogram);
    return [group[0]?.[0] ?? {}, bucketsOf(histograms)] as const;
  });
}

function lostSamples({ protocol, directions }: MeteredRun): Sample[] {
  const { lostUp, lostDown, unexplained } = directions();
  return [
    [{ protocol, direction: "up" }, lostUp],
    [{ protocol, direction: "down" }, lostDown],
    [{ protocol, direction: "unexplained" }, unexplained],
  ];
}
