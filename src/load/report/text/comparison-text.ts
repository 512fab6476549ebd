/** A comparison as text. */
import {
  type Change,
  compareAlternating,
  comparedOf,
  compareReports,
  limitsOf,
  type Significance,
} from "../comparison/compare.ts";
import { byProtocol } from "../comparison/run-set.ts";
import type { RunReport } from "../report.ts";
import { PLAIN, paint, type Screen, type Tone, wrap } from "./screen.ts";
import { layOut } from "./table.ts";

type Reports = readonly RunReport[];

function heading(label: string, reports: Reports): string {
  const { length } = comparedOf(reports);
  return length < 2 ? label : `${label}, ${length} runs`;
}

const TONES: Partial<Record<Significance | "", Tone>> = {
  better: "good",
  worse: "bad",
  higher: "strong",
  lower: "strong",
};

function tableOf(head: readonly string[], changes: readonly Change[], screen: Screen): string {
  const withInterval = changes.some(({ degreesOfFreedom }) => degreesOfFreedom !== null);
  const rows = changes.map(({ name, before, after, change, interval, degreesOfFreedom, significance }) => {
    const tone = TONES[significance];
    return [
      ...[name, before, after, change],
      ...(withInterval ? [interval, degreesOfFreedom?.toFixed(1) ?? ""] : []),
      tone === undefined ? significance : paint(screen, tone, significance),
    ];
  });
  const heads = [...head, "change", ...(withInterval ? ["95 % interval", "df"] : []), ""];
  return layOut([heads.map((text) => (text === "" ? "" : paint(screen, "strong", text))), ...rows], screen.columns);
}

/** Which of the compared runs of one side are not valid: why, or with several runs how many. */
function invalidRuns(side: "before" | "after", reports: Reports, screen: Screen): string[] {
  const runs = comparedOf(reports);
  const invalid = runs.filter(({ verdict }) => !verdict.valid);
  const [first] = invalid;
  if (first === undefined) return [];
  const head = `${first.protocol} ${side}`;
  const bad = paint(screen, "bad", "NOT VALID");
  if (runs.length > 1) return [`${head}: ${invalid.length} of ${runs.length} runs ${bad}`];
  return [`${head}: ${bad}${side === "after" ? ", see above" : `: ${first.verdict.reasons.join("; ")}`}`];
}

function isOfTarget({ repetition }: RunReport): boolean {
  return repetition?.side !== "against";
}

/**
 * The comparison as text: a table for each protocol in `after`, then the runs that are not valid and what limits it. Runs of `--against` are not part of
 * it.
 */
export function renderComparison(earlierReports: Reports, laterReports: Reports, screen: Screen = PLAIN): string {
  const [before, after] = [earlierReports.filter(isOfTarget), laterReports.filter(isOfTarget)];
  const invalid: string[] = [];
  const limits = new Set<string>();
  const tables = byProtocol(after).map((reports) => {
    const protocol = reports[0]?.protocol;
    const earlier = before.filter((report) => report.protocol === protocol);
    if (earlier.length === 0) return `${protocol}: not in the earlier report`;
    invalid.push(...invalidRuns("before", earlier, screen), ...invalidRuns("after", reports, screen));
    for (const limit of limitsOf(earlier, reports)) limits.add(limit);
    const head = [protocol ?? "", heading("before", earlier), heading("after", reports)];
    return tableOf(head, compareReports(earlier, reports), screen);
  });
  const sentences = [...invalid, ...limits].map((text) => wrap(text, screen.columns, "", "  "));
  return [...tables, ...(sentences.length === 0 ? [] : [sentences.join("\n")])].join("\n\n");
}

const PAIRED =
  "df: degrees of freedom of the 95 % interval of the difference (Student's t of the differences within the repetitions).";

/** The comparison of `--target` with `--against` as text; empty for fewer than two complete repetitions of both. */
export function renderAlternating(reports: Reports, screen: Screen): string[] {
  const tables = byProtocol(reports).flatMap((group) => {
    const changes = compareAlternating(group);
    return changes.length === 0 ? [] : [tableOf([group[0]?.protocol ?? "", "target", "against"], changes, screen)];
  });
  return tables.length === 0 ? [] : [...tables, wrap(PAIRED, screen.columns, "", "  ")];
}
