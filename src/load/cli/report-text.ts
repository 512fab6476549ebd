/** The text that the command prints at the end of its runs. */
import { describeRepetition } from "../report/comparison/run-set.ts";
import type { RunReport } from "../report/report.ts";
import { renderComparison } from "../report/text/comparison-text.ts";
import { explain } from "../report/text/explain.ts";
import { renderRepeated } from "../report/text/repeated-text.ts";
import { paint, type Screen } from "../report/text/screen.ts";
import { renderReport } from "../report/text/text.ts";
import type { Command } from "./parse.ts";

type Reports = readonly RunReport[];

/** The reports of the last repetition. */
function lastOf(reports: Reports): Reports {
  const last = reports.at(-1)?.repetition?.index;
  return reports.filter(({ repetition }) => repetition?.index === last);
}

function explanation(report: RunReport, screen: Screen): string {
  const { protocol, repetition } = report;
  const title = repetition === undefined ? protocol : `${protocol}, ${describeRepetition(repetition)}`;
  return `${paint(screen, "strong", title)}\n\n${explain(report, screen.columns)}`;
}

/**
 * The report with the explanation and the comparison before its last lines.
 * @param earlier those of `--compare`
 */
export function reportText(
  { repeat, explain: isExplained }: Pick<Command, "repeat" | "explain">,
  reports: Reports,
  earlier: Reports | undefined,
  screen: Screen,
): string {
  const appendix = [
    ...(isExplained ? lastOf(reports).map((report) => explanation(report, screen)) : []),
    ...(earlier === undefined ? [] : [renderComparison(earlier, reports, screen)]),
  ];
  return (repeat > 1 ? renderRepeated : renderReport)(reports, screen, appendix);
}
