/** The verdict of a run on the page, in the words of the text report: its objectives, its reasons and its accounting. */
import type { Term } from "../../base/glossary.ts";
import { namingOptions } from "../../load/plan/errors.ts";
import { clockNotes } from "../../load/report/clock-notes.ts";
import type { RunReport } from "../../load/report/report.ts";
import { objectiveLine, verdictOf } from "../../load/report/text/judgement.ts";
import { PLAIN } from "../../load/report/text/screen.ts";
import { capitalized, h } from "../ui/dom.ts";
import { labelOf } from "../ui/protocols.ts";
import { createAccountingBar } from "./accounting-bar.ts";

/** Fields of the form whose names differ from those of the flags. */
const FIELDS = { wait: "waiting time" } as const satisfies Readonly<Record<string, Term>>;

/** The verdict with a mark: `✓ valid`, `✕ interrupted`. */
export function verdictText(report: Parameters<typeof verdictOf>[0]): string {
  const [text, tone] = verdictOf(report);
  return `${tone === "good" ? "✓" : "✕"} ${text.toLowerCase()}`;
}

/** A line for each objective and for each reason; where the text report names flags, these name fields of the form. */
export function judgementLines({ objectives, verdict }: Pick<RunReport, "objectives" | "verdict">): readonly string[] {
  return [
    ...objectives.map((objective) => objectiveLine(objective, PLAIN)),
    ...verdict.reasons.map((reason) => namingOptions(reason, FIELDS)),
  ];
}

/** Creates the verdict of a report with its heading. */
export function createVerdict(heading: string, report: RunReport): HTMLElement {
  return h(
    "li",
    { class: "verdict", "data-valid": String(report.verdict.valid), "data-protocol": report.protocol },
    h("strong", {}, ...labelOf(report.protocol, heading)),
    " ",
    h("span", { class: "badge" }, verdictText(report)),
    ...judgementLines(report).map((line) => h("p", {}, line)),
    createAccountingBar(report),
    h("p", { class: "note" }, `Directions: ${report.evidence.text}`),
    ...clockNotes(report).map((note) => h("p", { class: "note" }, `${capitalized(note)}.`)),
  );
}
