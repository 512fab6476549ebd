/** The report of a repeated run as text: a table for each protocol with a row for each run, and the means over the runs. */
import { formatCount, formatShare, NONE } from "../../../base/format.ts";
import { meanInterval } from "../../measure/statistics/between-runs.ts";
import { quantileLabel } from "../../plan/quantiles.ts";
import {
  bySet,
  formatMean,
  formatValue,
  isComplete,
  RUN_VALUES,
  type RunValue,
  setValue,
} from "../comparison/run-set.ts";
import type { Repetition, RunReport } from "../report.ts";
import { renderAlternating } from "./comparison-text.ts";
import { layOut } from "./table.ts";
import { countLine, objectiveLine } from "./text.ts";
import { END_TEXTS } from "./text-rows.ts";

type Reports = readonly RunReport[];

/** The limits of a ratio; times and rates have no upper one. */
function limited(name: RunValue, value: number): number {
  return Math.min(Math.max(0, value), name === "loss" ? 1 : Number.POSITIVE_INFINITY);
}

/** A run as a row: its number, what was sent, answered and lost, its values. */
function runRow(report: RunReport, index: number): string[] {
  const { packets, ended } = report;
  const end = isComplete(report) || ended === null ? "" : `, ${END_TEXTS[ended]}`;
  return [
    `run ${report.repetition?.index ?? index + 1}${end}`,
    ...[packets.sent, packets.answered, packets.lost].map(formatCount),
    ...RUN_VALUES.map((name) =>
      packets.sent === 0 && name === "rate" ? NONE : formatMean(name, setValue([report], name)),
    ),
  ];
}

/**
 * The means over complete runs and their 95 % intervals, as rows. A value that is over the timeout in a run has no
 * interval, and neither has one that is equal in all runs: they do not show how much it varies.
 */
function meanRows(reports: Reports): string[][] {
  const values = RUN_VALUES.map((name) => [name, setValue(reports, name)] as const);
  const limit = (edge: "low" | "high") =>
    values.map(([name, { sample }]) => {
      const interval = sample && sample.variance > 0 ? meanInterval(sample) : undefined;
      return interval === undefined ? NONE : formatValue(name, limited(name, interval[edge]));
    });
  const deviations = values.map(([name, { sample }]) =>
    sample === undefined || sample.count < 2 ? NONE : formatValue(name, Math.sqrt(sample.variance)),
  );
  const row = (label: string, cells: readonly string[]) => [label, "", "", "", ...cells];
  return [
    row(
      "mean over runs",
      values.map(([name, value]) => formatMean(name, value)),
    ),
    row("  95 % interval, from", limit("low")),
    row("  to", limit("high")),
    row("  standard deviation", deviations),
  ];
}

function tableOf(reports: Reports): string {
  const complete = reports.filter(isComplete);
  const [first] = reports;
  const head = [`${first?.protocol} ${first?.target}`, "sent", "answered", "lost", ...RUN_VALUES.map(quantileLabel)];
  return layOut([head, ...reports.map(runRow), ...(complete.length > 0 ? meanRows(complete) : [])]);
}

function sideOf(repetition: Repetition | undefined): string {
  return repetition?.side === undefined ? "" : ` ${repetition.side}`;
}

/** What a reader has to know about one run: errors, missed objectives, why it is not valid. */
function runNotes({ protocol, repetition, errors, objectives, verdict }: RunReport): string[] {
  const notes = [
    ...countLine("errors", errors),
    ...objectives.filter(({ met }) => !met).map(objectiveLine),
    ...verdict.reasons.map((reason) => `invalid: ${reason}`),
  ];
  return notes.map((note) => `${protocol} run ${repetition?.index}${sideOf(repetition)}: ${note}`);
}

/** In how many runs each objective is met. */
function objectiveNotes(reports: Reports): string[] {
  const [first] = reports;
  return (first?.objectives ?? []).map(({ text }, index) => {
    const met = reports.filter(({ objectives }) => objectives[index]?.met).length;
    const invalid = reports.filter(({ objectives }) => objectives[index]?.met && !objectives[index].runValid).length;
    const except = invalid === 0 ? "" : `, of which ${invalid} ${invalid === 1 ? "is" : "are"} not valid`;
    return `${first?.protocol}${sideOf(first?.repetition)}: objective ${text}: met in ${met} of ${reports.length} runs${except}`;
  });
}

/** The summary line of a protocol. */
function summaryLine(reports: Reports): string {
  const [first] = reports;
  const count = (name: "sent" | "answered") => reports.reduce((sum, { packets }) => sum + packets[name], 0);
  const [sent, answered] = [count("sent"), count("answered")];
  const complete = reports.filter(isComplete);
  const runs = `${complete.length} of ${first?.repetition?.of ?? reports.length} runs completed`;
  const head = `${first?.protocol}${sideOf(first?.repetition)}: ${runs}, ${formatCount(answered)} of ${formatCount(sent)} answered`;
  const lost = reports.reduce((sum, { packets }) => sum + packets.lost, 0);
  const invalid = reports.filter(({ verdict }) => !verdict.valid).length;
  const verdict = invalid === 0 ? "all valid" : `${invalid} NOT VALID, see above`;
  return `${head}, ${sent === 0 ? NONE : formatShare(lost / sent)} lost; ${verdict}`;
}

const INTERVALS = "95 % intervals: Student's t, from the variation between the completed runs.";

/** The report of a repeated run, without colours. It ends with a summary line for each protocol. */
export function renderRepeated(reports: Reports): string {
  const sets = bySet(reports);
  const notes = [...sets.flatMap(objectiveNotes), ...reports.flatMap(runNotes)];
  const parts = [
    ...sets.map(tableOf),
    ...(sets.some((set) => set.filter(isComplete).length > 1) ? [INTERVALS] : []),
    ...renderAlternating(reports),
    ...(notes.length > 0 ? [notes.join("\n")] : []),
    sets.map(summaryLine).join("\n"),
  ];
  return `${parts.join("\n\n")}\n`;
}
