/** Repeated runs of one protocol: the values of each run, and their mean over the runs. */
import { formatRate, formatSeconds, formatShare, NONE } from "../../../base/format.ts";
import { type Sample, sampleOf } from "../../measure/statistics/between-runs.ts";
import { QUANTILE_NAMES } from "../../plan/quantiles.ts";
import type { RunReport } from "../report.ts";
import type { Repetition } from "../report-plan.ts";
import type { EstimatedTime } from "../report-times.ts";

/** A value that is compared between runs. */
export type RunValue = "rate" | "loss" | EstimatedTime;

/** The values, in the order of tables. */
export const RUN_VALUES = ["rate", "loss", "mean", ...QUANTILE_NAMES] as const satisfies readonly RunValue[];

/** One value of a set of runs. */
export interface SetValue {
  /** Undefined unless every run has the value. */
  readonly sample: Sample | undefined;
  /** The timeout, s, if the value of a run is a percentile over it. */
  readonly over: number | undefined;
}

/** The number of a repeated run in words: `run 2 of 5`, and with `--against` its side. */
export function describeRepetition({ index, of, side }: Repetition): string {
  return `run ${index} of ${of}${side === undefined ? "" : ` ${side}`}`;
}

/** The reports of each protocol, in the order of their first ones. */
export function byProtocol(reports: readonly RunReport[]): (readonly RunReport[])[] {
  return [...Map.groupBy(reports, ({ protocol }) => protocol).values()];
}

/** The reports of each protocol and target, in the order of their first ones. */
export function bySet(reports: readonly RunReport[]): (readonly RunReport[])[] {
  return byProtocol(reports).flatMap((group) => [...Map.groupBy(group, ({ repetition }) => repetition?.side).values()]);
}

/** Whether a run followed its plan to the end. A report of schema wirelab.run/1 does not say; it counts as complete. */
export function isComplete({ ended }: RunReport): boolean {
  return ended === null || ended === "completed";
}

/** The value of one run; null if it has none. */
export function runValue({ rate, loss, packets, responseTime }: RunReport, name: RunValue): number | null {
  if (name === "rate") return rate.achieved;
  if (name === "loss") return packets.sent === 0 ? null : loss.ratio;
  return responseTime[name];
}

/** The value over a set of runs. */
export function setValue(reports: readonly RunReport[], name: RunValue): SetValue {
  const values = reports.map((report) => runValue(report, name)).filter((value) => value !== null);
  const over = reports.map((report) => overOf(report, name)).find((timeout) => timeout !== undefined);
  return { sample: values.length === reports.length ? sampleOf(values) : undefined, over };
}

/** The timeout, s, if the value of a run is a percentile over it. */
export function overOf({ responseTime }: RunReport, name: RunValue): number | undefined {
  return name === "rate" || name === "loss" || name === "mean" ? undefined : responseTime.over[name];
}

/** A value as text, with its unit. */
export function formatValue(name: RunValue, value: number | null): string {
  if (value === null) return NONE;
  if (name === "rate") return formatRate(value);
  return name === "loss" ? formatShare(value) : formatSeconds(value);
}

/** The mean over the runs as text; `> 2 s` if the percentile of a run is over the timeout. */
export function formatMean(name: RunValue, { sample, over }: SetValue): string {
  return over === undefined ? formatValue(name, sample?.mean ?? null) : `> ${formatSeconds(over)}`;
}

/**
 * The least variance of a value between runs: that of independent losses, and that of a time with 3 significant digits.
 * Runs that happen to be equal do not show less.
 */
export function leastVariance(name: RunValue, reports: readonly RunReport[]): number {
  const sample = setValue(reports, name).sample;
  if (sample === undefined || name === "rate") return 0;
  if (name !== "loss") return (sample.mean / 1000) ** 2 / 12;
  const sent = reports.reduce((sum, { packets }) => sum + packets.sent, 0) / reports.length;
  return (sample.mean * (1 - sample.mean)) / sent;
}
