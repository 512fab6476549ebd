/**
 * The report of a repeated run as text: the verdict of each set of runs, then a table with a row for each run and the means
 * over the runs.
 */
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
import type { RunReport } from "../report.ts";
import type { Repetition } from "../report-plan.ts";
import { renderAlternating } from "./comparison-text.ts";
import { countLine } from "./count-line.ts";
import { END_TEXTS, objectiveLine } from "./judgement.ts";
import { relayNotes, relaySums } from "./relay-table.ts";
import { PLAIN, paint, type Screen, type Tone, wrap } from "./screen.ts";
import { settingsLines } from "./settings.ts";
import { fits, layOut, type Rows } from "./table.ts";

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
    row("  95 % from", limit("low")),
    row("  95 % to", limit("high")),
    row("  standard deviation", deviations),
  ];
}

/** Columns of the counts, the rate and the loss, which are a table of their own where the times do not fit beside them. */
const COUNT_COLUMNS = 6;

function tableOf(reports: Reports, screen: Screen): string {
  const complete = reports.filter(isComplete);
  const [first] = reports;
  const name = paint(screen, "strong", `${first?.protocol} ${first?.target}`);
  const heads = ["sent", "answered", "lost", ...RUN_VALUES.map(quantileLabel)];
  const rows = [
    [name, ...heads.map((head) => paint(screen, "strong", head))],
    ...reports.map(runRow),
    ...(complete.length > 0 ? meanRows(complete) : []),
  ];
  if (fits(rows, screen.columns)) return layOut(rows, screen.columns);
  const columns = (from: number, to?: number): Rows =>
    rows.map(([label = "", ...cells]) => [label, ...cells.slice(from, to)]);
  const parts = [columns(0, COUNT_COLUMNS - 1), columns(COUNT_COLUMNS - 1)];
  return parts.map((part) => layOut(part, screen.columns)).join("\n\n");
}

function sideOf(repetition: Repetition | undefined): string {
  return repetition?.side === undefined ? "" : ` ${repetition.side}`;
}

/** The notes on one run: errors, missed objectives, why it is not valid. */
function runNotes({ protocol, repetition, errors, objectives, verdict, via }: RunReport, screen: Screen): string[] {
  const notes = [
    ...verdict.reasons.map((reason) => `reason: ${reason}`),
    ...objectives.filter(({ met }) => !met).map((objective) => objectiveLine(objective, screen)),
    ...countLine("errors", errors),
    ...(via === null ? [] : [`relay: ${relaySums(via)}`, ...relayNotes(via)]),
  ];
  return notes.map((note) => `${protocol} run ${repetition?.index}${sideOf(repetition)}: ${note}`);
}

/** In how many runs each objective is met. */
function objectiveNotes(reports: Reports, screen: Screen): string[] {
  const [first] = reports;
  return (first?.objectives ?? []).map(({ text }, index) => {
    const met = reports.filter(({ objectives }) => objectives[index]?.met).length;
    const invalid = reports.filter(({ objectives }) => objectives[index]?.met && !objectives[index].runValid).length;
    const except = invalid === 0 ? "" : `, of which ${invalid} ${invalid === 1 ? "is" : "are"} not valid`;
    const tone = met < reports.length ? "bad" : invalid > 0 ? "caution" : "good";
    const result = paint(screen, tone, `met in ${met} of ${reports.length} runs${except}`);
    return `${first?.protocol}${sideOf(first?.repetition)}: objective ${text}: ${result}`;
  });
}

/** The verdict on a set of runs, and its meaning. */
function verdictOf(reports: Reports): readonly [text: string, tone: Tone] {
  const invalid = reports.filter(({ verdict }) => !verdict.valid).length;
  return invalid === 0 ? ["all valid", "good"] : [`${invalid} NOT VALID`, "bad"];
}

/** The runs and the packets of a set. */
function outcomes(reports: Reports): string {
  const total = (name: "sent" | "answered" | "late" | "lost") =>
    reports.reduce((sum, { packets }) => sum + packets[name], 0);
  const [sent, late] = [total("sent"), total("late")];
  const complete = reports.filter(isComplete).length;
  return [
    `${complete} of ${reports[0]?.repetition?.of ?? reports.length} runs completed`,
    `${formatCount(total("answered"))} of ${formatCount(sent)} answered`,
    ...(late === 0 ? [] : [`${formatCount(late)} late`]),
    `${sent === 0 ? NONE : formatShare(total("lost") / sent)} lost`,
  ].join(", ");
}

function nameOf([first]: Reports): string {
  return `${first?.protocol}${sideOf(first?.repetition)}`;
}

/** The last line of a set. */
function summaryLine(reports: Reports): string {
  const [verdict, tone] = verdictOf(reports);
  return `${nameOf(reports)}: ${outcomes(reports)}; ${verdict}${tone === "bad" ? ", see above" : ""}`;
}

/** The verdict of each set, then a line for each objective and for each run that has a reason not to be valid. */
function headLines(sets: readonly Reports[], reports: Reports, screen: Screen): string[] {
  const verdicts = sets.map((set) => {
    const [verdict, tone] = verdictOf(set);
    return wrap(outcomes(set), screen.columns, `${nameOf(set)}  ${paint(screen, tone, verdict)}  `, "  ");
  });
  const notes = [
    ...sets.flatMap((set) => objectiveNotes(set, screen)),
    ...reports.flatMap((report) => runNotes(report, screen)),
  ];
  return [
    ...verdicts,
    ...notes.map((note) => wrap(note, screen.columns, "  ", "    ")),
    ...settingsLines(
      sets.flatMap((set) => set.slice(0, 1)),
      screen,
    ),
  ];
}

const INTERVALS = "95 % intervals: Student's t, from the variation between the completed runs.";

/** The report of a repeated run. It ends with a line for each set of runs, before which the texts of `appendix` are printed. */
export function renderRepeated(reports: Reports, screen: Screen = PLAIN, appendix: readonly string[] = []): string {
  const sets = bySet(reports);
  const parts = [
    headLines(sets, reports, screen).join("\n"),
    ...sets.map((set) => tableOf(set, screen)),
    ...(sets.some((set) => set.filter(isComplete).length > 1) ? [INTERVALS] : []),
    ...renderAlternating(reports, screen),
    ...appendix,
    sets.map(summaryLine).join("\n"),
  ];
  return `${parts.join("\n\n")}\n`;
}
