/** The state of the soak while it runs: reports, samples of the lab's memory, and the line about the last seconds. */
import { formatCount, formatSeconds } from "../../src/base/format.ts";
import type { RunReport } from "../../src/load/report/report.ts";
import { mebibytes, reportDefects, type Series } from "./checks.ts";

/** Upper bounds of the buckets of the event-loop lag, s, as /metrics prints them. */
const LAG_BOUNDS = ["0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1"] as const;
const LAG = "wirelab_event_loop_lag_seconds";

/** Mean and limit of the event-loop lag between two scrapes. */
function lagBetween(before: Series | undefined, now: Series): string {
  const since = (name: string, labels = {}) => now.get(name, labels) - (before?.get(name, labels) ?? 0);
  const count = since(`${LAG}_count`);
  const bound = LAG_BOUNDS.find((le) => since(`${LAG}_bucket`, { le }) === count);
  const most = bound === undefined ? "more than 1 s" : `at most ${formatSeconds(Number(bound))}`;
  return `lag ${formatSeconds(count > 0 ? since(`${LAG}_sum`) / count : 0)} (${most})`;
}

/** Collects what the parts of the soak measure. */
export class Progress {
  readonly reports: RunReport[] = [];
  readonly defects: string[] = [];
  /** Resident memory of the lab at each scrape. */
  readonly memory: number[] = [];
  #latest: Series | undefined;
  #shown: Series | undefined;

  takeReport(report: RunReport): void {
    this.reports.push(report);
    this.defects.push(...reportDefects(report));
  }

  takeSeries(series: Series): void {
    this.#latest = series;
    this.memory.push(series.get("process_resident_memory_bytes"));
  }

  /** Packets that the lab has received. */
  get packets(): number {
    return this.#latest?.sum("packets_total") ?? 0;
  }

  /** What was measured so far, for the last line. */
  summary(): string {
    const most = mebibytes(this.memory.reduce((most, octets) => Math.max(most, octets), 0));
    return `${formatCount(this.packets)} packets, ${this.reports.length} reports, at most ${most}`;
  }

  /** A line about the time since the last one. */
  line(seconds: number): string {
    const series = this.#latest;
    if (series === undefined) return "";
    const dropped = series.sum("dropped_packets_total");
    const before = this.#shown;
    this.#shown = series;
    return [
      `${seconds.toFixed(0).padStart(5)} s`,
      `${formatCount(this.packets).padStart(12)} packets`,
      `${formatCount(dropped).padStart(10)} lost`,
      `memory ${mebibytes(series.get("process_resident_memory_bytes"))}`,
      `descriptors ${series.get("process_open_fds")}`,
      lagBetween(before, series),
    ].join("  ");
  }
}
