/** A row of the accuracy table: the counts of a report beside the truth, and whether they agree. */
import type { RunReport } from "../../../src/load/report/report.ts";
import type { Numbering } from "./peers.ts";
import type { Truth } from "./truth.ts";

/** The counts that every report has exactly, whatever the reflector. */
const EXACT = ["sent", "answered", "late", "duplicate", "reordered"] as const;

/** The result of a run. */
export interface Row {
  readonly path: string;
  readonly peer: string;
  readonly seed: string;
  /** One cell for each of `COUNTS`, then the directions; empty for a peer that is not there. */
  readonly cells: readonly string[];
  /** Undefined for a peer that is not there. */
  readonly differences?: readonly string[];
  readonly note: string;
}

/** The columns of counts. */
export const COUNTS = ["sent", "answered", "lostUp", "lostDown", "late", "duplicate", "reordered"] as const;

/** Where the counts of a report differ from the truth. A direction of which nothing is known may lack losses, never add any. */
export function differencesOf({ packets }: RunReport, truth: Truth, numbering: Numbering): string[] {
  const differences = EXACT.filter((key) => packets[key] !== truth[key]).map(
    (key) => `${key} ${packets[key]}, not ${truth[key]}`,
  );
  if (packets.lost !== truth.lostUp + truth.lostDown) differences.push(`${packets.lost} lost`);
  if (packets.corrupt > 0) differences.push(`${packets.corrupt} corrupt`);
  for (const key of ["lostUp", "lostDown"] as const) {
    const isFalse = numbering === "lab" ? packets[key] !== truth[key] : packets[key] > truth[key];
    if (isFalse) differences.push(`${key} ${packets[key]}, not ${truth[key]}`);
  }
  return differences;
}

/** What the report says about directions: known, or how many losses are unexplained. */
function directionsOf({ packets, evidence }: RunReport): string {
  if (packets.lost === 0) return "no losses";
  if (packets.unexplained === 0) return `known (${evidence.kind})`;
  const [, reason] = /\((.*)\)/.exec(evidence.text) ?? [];
  const known = evidence.kind === "none" ? "" : `${packets.lost - packets.unexplained} known (${evidence.kind}), `;
  return `${known}${packets.unexplained} unexplained: ${reason ?? evidence.text.replace(/^unknown: /, "")}`;
}

/** The row of a report. */
export function rowOf(
  path: string,
  peer: string,
  seed: string,
  report: RunReport,
  truth: Truth,
  numbering: Numbering,
): Row {
  const differences = differencesOf(report, truth, numbering);
  return {
    path,
    peer,
    seed,
    cells: [...COUNTS.map((key) => `${report.packets[key]} / ${truth[key]}`), directionsOf(report)],
    differences,
    note: verdictOf(differences),
  };
}

/** The verdict on a row in words. */
export function verdictOf(differences: readonly string[]): string {
  return differences.length === 0 ? "ok" : `differs: ${differences.join(", ")}`;
}

/** The row of a peer that is not there. */
export function missingRow(peer: string, why: string, columns: number): Row {
  return {
    path: "–",
    peer,
    seed: "–",
    cells: Array.from({ length: columns }, () => "–"),
    note: `not measured: ${why}`,
  };
}
