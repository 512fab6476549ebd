/** The report as text: the verdicts and settings, the times, the accounting, notes, and a last line for each protocol. */
import { hasNoAnswer } from "../no-answer.ts";
import type { RunReport } from "../report.ts";
import { accounting } from "./accounting.ts";
import { noteLines } from "./notes.ts";
import { relayTables } from "./relay-table.ts";
import { PLAIN, type Screen } from "./screen.ts";
import { settingsLines } from "./settings.ts";
import { sideBySide } from "./side-by-side.ts";
import { timeMatrices } from "./time-matrix.ts";
import { summaryLine, verdictLines } from "./verdict-lines.ts";

/**
 * The whole report. It ends with the last lines, before which the texts of `appendix` are printed. Where nothing was
 * answered there are no times.
 */
export function renderReport(
  reports: readonly RunReport[],
  screen: Screen = PLAIN,
  appendix: readonly string[] = [],
): string {
  const answered = reports.filter((report) => !hasNoAnswer(report));
  const parts = [
    [...verdictLines(reports, screen), ...settingsLines(reports, screen)].join("\n"),
    sideBySide(answered, screen),
    timeMatrices(answered, reports.length === 1, screen),
    accounting(reports, screen),
    relayTables(reports, screen),
    noteLines(reports, screen).join("\n"),
    ...appendix,
    reports.map(summaryLine).join("\n"),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}
