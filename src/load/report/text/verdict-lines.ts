/** The first lines of the text report: the verdict of each run, its objectives and the reasons; and its last line. */
import { formatCount, formatSeconds, formatShare } from "../../../base/format.ts";
import type { QuantileName } from "../../plan/quantiles.ts";
import { formatTime } from "../format-time.ts";
import { hasNoAnswer } from "../no-answer.ts";
import type { JudgedObjective, RunReport } from "../report.ts";
import type { PacketCounts } from "../report-packets.ts";
import { END_TEXTS, objectiveLine, verdictOf } from "./judgement.ts";
import { paint, type Screen, wrap } from "./screen.ts";

/** The status of a lab for a dropped request, which counts as lost. */
const DROPPED = "503";

/** The statuses of failed packets, with the median of their times; empty without any. */
function failedStatuses({ statuses, failedTime }: RunReport): string {
  const failing = Object.entries(statuses).filter(([status]) => !/^2/.test(status));
  const dropped = failing.reduce((sum, [, count]) => sum + count, 0) - failedTime.count;
  const list = failing
    .map(([status, count]) => [status, status === DROPPED ? count - dropped : count] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `status ${status} × ${formatCount(count)}`);
  if (list.length === 0) return "";
  return `: ${list.join(", ")}${failedTime.p50 === null ? "" : ` (p50 ${formatSeconds(failedTime.p50)})`}`;
}

/** The outcomes of the packets: `990 of 1,000 answered, 2 late`. */
function outcomes(report: RunReport, withStatuses: boolean): string {
  const { packets } = report;
  const others = (["late", "failed", "corrupt"] as const).filter((name) => packets[name] > 0);
  const suffix = (name: keyof PacketCounts) => (name === "failed" && withStatuses ? failedStatuses(report) : "");
  return [
    `${formatCount(packets.answered)} of ${formatCount(packets.sent)} answered`,
    ...others.map((name) => `${formatCount(packets[name])} ${name}${suffix(name)}`),
  ].join(", ");
}

/** A percentile of the response time; empty without one, and if every answer failed (`failedStatuses` has their time). */
function percentile({ packets, responseTime }: RunReport, name: QuantileName): string {
  const hasValue = responseTime[name] !== null || responseTime.over[name] !== undefined;
  if (packets.answered + packets.late === 0) return "";
  return hasValue ? `, ${name} ${formatTime(responseTime, name)}` : "";
}

function numbers(report: RunReport): string {
  const { packets, loss } = report;
  if (hasNoAnswer(report)) return `${outcomes(report, false)}, nothing could be measured`;
  const lost = packets.sent === 0 ? "" : `, ${formatShare(loss.ratio)} lost`;
  return `${outcomes(report, false)}${lost}${percentile(report, "p50")}${percentile(report, "p99")}`;
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
  const head = `${protocol}: ${outcomes(report, true)}`;
  if (hasNoAnswer(report)) {
    const [reason] = verdict.reasons;
    return `${head}${end}: nothing could be measured${reason === undefined ? "" : `: ${reason}`}`;
  }
  const result = `${verdict.valid ? "valid" : "NOT VALID, see above"}${missed(objectives)}`;
  return `${head}, ${formatShare(loss.ratio)} lost${percentile(report, "p50")}${end}; ${result}`;
}
