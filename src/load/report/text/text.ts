/** The report as text: one table with the protocols side by side, notes, and a summary line for each protocol. */
import { formatCount, formatRate, formatSeconds, formatShare, NONE } from "../../../base/format.ts";
import { clockNotes } from "../clock-notes.ts";
import { formatTime } from "../format-time.ts";
import { hasNoAnswer } from "../no-answer.ts";
import { shownPercentiles } from "../percentiles.ts";
import { type JudgedObjective, type RunReport, UNKNOWN_ANSWER } from "../report.ts";
import { layOut } from "./table.ts";
import { END_TEXTS, tableRows } from "./text-rows.ts";

/** A list of counts by name, as one line; none if there are no counts. */
export function countLine(label: string, counts: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(counts);
  if (entries.length === 0) return [];
  return [`${label}: ${entries.map(([name, count]) => `${name} × ${formatCount(count)}`).join(", ")}`];
}

/** An objective that is met by a run that is not valid is not called met alone. */
function resultText(met: boolean, runValid: boolean): string {
  if (!met) return "MISSED";
  return runValid ? "met" : "met, but the run is not valid";
}

/** An objective and its result, as one line. */
export function objectiveLine({ text, met, runValid, value, over, edge, note }: JudgedObjective): string {
  const format = /^\s*rate/i.test(text)
    ? formatRate
    : /^\s*(loss|errors|late)/i.test(text)
      ? formatShare
      : formatSeconds;
  const measured = over !== undefined ? `> ${formatSeconds(over)}` : value === null ? NONE : format(value);
  const limit = edge === null || edge === value ? "" : `, confidence limit ${format(edge)}`;
  return `objective ${text}: ${resultText(met, runValid)}: ${measured}${limit}${note === undefined ? "" : ` (${note})`}`;
}

/** Why estimates of the response time have no interval. */
function intervalNotes({ responseTime, loss }: RunReport): string[] {
  const reasons = new Map<string, string[]>();
  const mean = { label: "mean", noInterval: responseTime.noInterval.mean };
  for (const { label, noInterval } of [mean, ...shownPercentiles(responseTime)]) {
    if (noInterval !== undefined) reasons.set(noInterval, [...(reasons.get(noInterval) ?? []), label]);
  }
  const times = Array.from(reasons, ([reason, names]) => `${names.join(", ")} (${reason})`);
  return [
    ...(loss.highIfIndependent === null
      ? []
      : [`loss: below ${formatShare(loss.highIfIndependent)} with 95 % confidence, if losses are independent`]),
    ...(times.length === 0 ? [] : [`response times without a 95 % interval: ${times.join(", ")}`]),
  ];
}

function notesOf(report: RunReport, several: boolean): string[] {
  const { packets, evidence, errors, statuses, objectives, verdict } = report;
  const hasOtherStatuses = Object.keys(statuses).some((status) => status !== "200");
  const notes = [
    ...(packets.lost > 0 ? [`directions of losses: ${evidence.text}`] : []),
    ...clockNotes(report),
    ...intervalNotes(report),
    ...countLine("errors", errors),
    ...(errors[UNKNOWN_ANSWER] === undefined
      ? []
      : [`${UNKNOWN_ANSWER}: intact answers after the waiting time (--wait), whose packets count as lost`]),
    ...(hasOtherStatuses ? countLine("statuses", statuses) : []),
    ...objectives.map(objectiveLine),
    ...verdict.reasons.map((reason) => `invalid: ${reason}`),
  ];
  return several ? notes.map((note) => `${report.protocol}: ${note}`) : notes;
}

/** The failed packets of a report with the statuses that came, for its summary line; empty without any. */
function failedText({ packets, statuses, failedTime }: RunReport): string {
  if (packets.failed === 0) return "";
  const failing = Object.entries(statuses).filter(([status]) => !/^2/.test(status));
  const list = failing.map(([status, count]) => `status ${status} × ${formatCount(count)}`);
  const time = failedTime.p50 === null ? "" : ` (p50 ${formatSeconds(failedTime.p50)})`;
  return `, ${formatCount(packets.failed)} failed${list.length === 0 ? "" : `: ${list.join(", ")}${time}`}`;
}

/** The summary line of a report. */
function summaryLine(report: RunReport): string {
  const { protocol, ended, packets, responseTime, verdict, loss } = report;
  const end = ended === null || ended === "completed" || packets.sent === 0 ? "" : `; ${END_TEXTS[ended]}`;
  const head = `${protocol}: ${formatCount(packets.answered)} of ${formatCount(packets.sent)} answered`;
  if (hasNoAnswer(report)) {
    const [reason] = verdict.reasons;
    return `${head}${end}: nothing could be measured${reason === undefined ? "" : `: ${reason}`}`;
  }
  // Of a run with failed answers only, the median is among these packets and says nothing.
  const hasMedian =
    packets.answered + packets.late > 0 && (responseTime.p50 !== null || responseTime.over.p50 !== undefined);
  const median = hasMedian ? `, p50 ${formatTime(responseTime, "p50")}` : "";
  return `${head}${failedText(report)}, ${formatShare(loss.ratio)} lost${median}${end}; ${verdict.valid ? "valid" : "NOT VALID, see above"}`;
}

/** The whole report, without colours. It ends with the summary lines. */
export function renderReport(reports: readonly RunReport[]): string {
  const hasIntervals = reports.some(({ responseTime }) => Object.keys(responseTime.intervals).length > 0);
  const notes = reports.flatMap((report) => notesOf(report, reports.length > 1));
  const lines = [
    layOut(tableRows(reports)),
    ...(hasIntervals ? ["[ ] 95 % confidence intervals"] : []),
    ...(notes.length > 0 ? ["", ...notes] : []),
    "",
    ...reports.map(summaryLine),
  ];
  return `${lines.join("\n")}\n`;
}
