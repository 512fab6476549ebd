/** The first lines of the text report: the verdict of each run, its objectives and the reasons; and its last line. */
import { formatCount, formatRate, formatSeconds, formatShare, NONE } from "../../../base/format.ts";
import type { QuantileName } from "../../plan/quantiles.ts";
import { formatTime } from "../format-time.ts";
import { hasNoAnswer } from "../no-answer.ts";
import type { JudgedObjective, RunEnd, RunReport } from "../report.ts";
import { paint, type Screen, type Tone, wrap } from "./screen.ts";

/** How a run ended, in words. */
export const END_TEXTS: Readonly<Record<RunEnd, string>> = {
  completed: "completed",
  interrupted: "interrupted",
  "gave-up": "gave up",
};

/** An objective that is met by a run that is not valid is not called met alone. */
function resultText(met: boolean, runValid: boolean, screen: Screen): string {
  if (!met) return paint(screen, "bad", "MISSED");
  return runValid ? paint(screen, "good", "met") : paint(screen, "caution", "met, but the run is not valid");
}

/** An objective and its result, as one line. */
export function objectiveLine(
  { text, met, runValid, value, over, edge, note }: JudgedObjective,
  screen: Screen,
): string {
  const format = /^\s*rate/i.test(text)
    ? formatRate
    : /^\s*(loss|errors|late)/i.test(text)
      ? formatShare
      : formatSeconds;
  const measured = over !== undefined ? `> ${formatSeconds(over)}` : value === null ? NONE : format(value);
  const limit = edge === null || edge === value ? "" : `, confidence limit ${format(edge)}`;
  const result = resultText(met, runValid, screen);
  return `objective ${text}: ${result}: ${measured}${limit}${note === undefined ? "" : ` (${note})`}`;
}

/** Whether there is anything that was measured. */
export function isMeasured(report: RunReport): boolean {
  return !hasNoAnswer(report);
}

/** The verdict in words, and its meaning. */
function verdictOf({ ended, verdict }: RunReport): readonly [text: string, tone: Tone] {
  if (verdict.valid) return ["valid", "good"];
  if (ended === null || ended === "completed") return ["NOT VALID", "bad"];
  return [END_TEXTS[ended], ended === "interrupted" ? "caution" : "bad"];
}

/**
 * The statuses of the failed packets and the median of their times: ` (status 404 × 20; p50 0.2 ms)`. Without the
 * statuses if a lab dropped packets with one of them, because the counts of statuses do not tell these apart.
 */
function failedDetails({ packets, statuses, failedTime }: RunReport): string {
  const failing = Object.entries(statuses).filter(([status]) => !/^2/.test(status));
  const isWhole = failing.reduce((sum, [, count]) => sum + count, 0) <= packets.failed;
  const details = [
    ...(isWhole ? failing.map(([status, count]) => `status ${status} × ${formatCount(count)}`) : []),
    ...(failedTime.p50 === null ? [] : [`p50 ${formatSeconds(failedTime.p50)}`]),
  ];
  return details.length === 0 ? "" : ` (${details.join(", ")})`;
}

/** The outcomes of the packets: `990 of 1,000 answered, 2 late`. */
function outcomes(report: RunReport): string {
  const { packets } = report;
  const others = (["late", "failed", "corrupt"] as const).filter((name) => packets[name] > 0);
  return [
    `${formatCount(packets.answered)} of ${formatCount(packets.sent)} answered`,
    ...others.map((name) => `${formatCount(packets[name])} ${name}${name === "failed" ? failedDetails(report) : ""}`),
  ].join(", ");
}

/** A percentile of the response time; empty without one, and if every answer failed (`failedDetails` has their time). */
function percentile({ packets, responseTime }: RunReport, name: QuantileName): string {
  const hasValue = responseTime[name] !== null || responseTime.over[name] !== undefined;
  if (packets.answered + packets.late === 0) return "";
  return hasValue ? `, ${name} ${formatTime(responseTime, name)}` : "";
}

function numbers(report: RunReport): string {
  const { packets, loss } = report;
  if (!isMeasured(report)) return `${outcomes(report)}, nothing could be measured`;
  const lost = packets.sent === 0 ? "" : `, ${formatShare(loss.ratio)} lost`;
  return `${outcomes(report)}${lost}${percentile(report, "p50")}${percentile(report, "p99")}`;
}

/** The verdict of each run with its numbers; below it a line for each objective and for each reason. */
export function verdictLines(reports: readonly RunReport[], screen: Screen): string[] {
  const { columns } = screen;
  const widest = (texts: readonly string[]) => Math.max(...texts.map(({ length }) => length));
  const names = widest(reports.map(({ protocol }) => protocol));
  const verdicts = widest(reports.map((report) => verdictOf(report)[0]));
  return reports.flatMap((report) => {
    const { protocol, objectives, verdict } = report;
    const [text, tone] = verdictOf(report);
    const head = `${protocol.padEnd(names)}  ${paint(screen, tone, text)}${" ".repeat(verdicts - text.length)}  `;
    const below = [
      ...objectives.map((objective) => objectiveLine(objective, screen)),
      ...verdict.reasons.map((reason) => `reason: ${reason}`),
    ];
    return [wrap(numbers(report), columns, head, "  "), ...below.map((line) => wrap(line, columns, "  ", "    "))];
  });
}

/** How many objectives are missed; empty if none is. */
function missed(objectives: readonly JudgedObjective[]): string {
  const count = objectives.filter(({ met }) => !met).length;
  return count === 0 ? "" : `; ${count} of ${objectives.length} objectives MISSED`;
}

/** The last line of a run. */
export function summaryLine(report: RunReport): string {
  const { protocol, ended, packets, objectives, verdict, loss } = report;
  const end = ended === null || ended === "completed" || packets.sent === 0 ? "" : `; ${END_TEXTS[ended]}`;
  const head = `${protocol}: ${outcomes(report)}`;
  if (!isMeasured(report)) {
    const [reason] = verdict.reasons;
    return `${head}${end}: nothing could be measured${reason === undefined ? "" : `: ${reason}`}`;
  }
  const result = `${verdict.valid ? "valid" : "NOT VALID, see above"}${missed(objectives)}`;
  return `${head}, ${formatShare(loss.ratio)} lost${percentile(report, "p50")}${end}; ${result}`;
}
