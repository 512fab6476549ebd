/** The report as text: one table with the protocols side by side, notes, and a summary line for each protocol. */
import { formatCount, formatRate, formatSeconds, formatShare, NONE } from "../../base/format.ts";
import type { JudgedObjective, RunReport } from "./report.ts";
import { layOut } from "./table.ts";
import { tableRows } from "./text-rows.ts";

/** A list of counts by name, as one line; none if there are no counts. */
function countLine(label: string, counts: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(counts);
  if (entries.length === 0) return [];
  return [`${label}: ${entries.map(([name, count]) => `${name} × ${formatCount(count)}`).join(", ")}`];
}

function objectiveLine({ text, met, value, edge, note }: JudgedObjective): string {
  const format = /^\s*rate/i.test(text)
    ? formatRate
    : /^\s*(loss|errors|late)/i.test(text)
      ? formatShare
      : formatSeconds;
  const measured = value === null ? NONE : format(value);
  const limit = edge === null || edge === value ? "" : `, confidence limit ${format(edge)}`;
  return `objective ${text}: ${met ? "met" : "MISSED"}: ${measured}${limit}${note === undefined ? "" : ` (${note})`}`;
}

function notesOf(report: RunReport, several: boolean): string[] {
  const { packets, evidence, oneWay, errors, statuses, objectives, verdict } = report;
  const hasOtherStatuses = Object.keys(statuses).some((status) => status !== "200");
  const notes = [
    ...(packets.lost > 0 ? [`directions of losses: ${evidence.text}`] : []),
    ...(oneWay.up.count > 0 && !oneWay.comparable
      ? ["one-way delays: the two clocks may differ, so only changes of the delays are meaningful"]
      : []),
    ...countLine("errors", errors),
    ...(hasOtherStatuses ? countLine("statuses", statuses) : []),
    ...objectives.map(objectiveLine),
    ...verdict.reasons.map((reason) => `invalid: ${reason}`),
  ];
  return several ? notes.map((note) => `${report.protocol}: ${note}`) : notes;
}

/** The summary line of a report. */
function summaryLine({ protocol, packets, responseTime, verdict, loss }: RunReport): string {
  const head = `${protocol}: ${formatCount(packets.answered)} of ${formatCount(packets.sent)} answered`;
  if (packets.answered + packets.late === 0) {
    const [reason] = verdict.reasons;
    return `${head}: nothing could be measured${reason === undefined ? "" : `: ${reason}`}`;
  }
  const median = responseTime.p50 === null ? "" : `, p50 ${formatSeconds(responseTime.p50)}`;
  return `${head}, ${formatShare(loss.ratio)} lost${median}; ${verdict.valid ? "valid" : "NOT VALID, see above"}`;
}

/** The whole report, without colours. It ends with the summary lines. */
export function renderReport(reports: readonly RunReport[]): string {
  const hasPercentiles = reports.some(({ responseTime }) => responseTime.p50 !== null);
  const notes = reports.flatMap((report) => notesOf(report, reports.length > 1));
  const lines = [
    layOut(tableRows(reports)),
    ...(hasPercentiles ? ["[ ] 95 % confidence intervals of the percentiles"] : []),
    ...(notes.length > 0 ? ["", ...notes] : []),
    "",
    ...reports.map(summaryLine),
  ];
  return `${lines.join("\n")}\n`;
}
