/** A comparison as text. */
import { type Change, compareAlternating, comparedOf, compareReports, limitsOf } from "../comparison/compare.ts";
import { byProtocol } from "../comparison/run-set.ts";
import type { RunReport } from "../report.ts";
import { layOut } from "./table.ts";

type Reports = readonly RunReport[];

function heading(label: string, reports: Reports): string {
  const { length } = comparedOf(reports);
  return length < 2 ? label : `${label}, ${length} runs`;
}

function tableOf(head: readonly string[], changes: readonly Change[]): string {
  const withInterval = changes.some(({ degreesOfFreedom }) => degreesOfFreedom !== null);
  const rows = changes.map(({ name, before, after, change, interval, degreesOfFreedom, significance }) => [
    ...[name, before, after, change],
    ...(withInterval ? [interval, degreesOfFreedom?.toFixed(1) ?? ""] : []),
    significance,
  ]);
  return `${layOut([[...head, "change", ...(withInterval ? ["95 % interval", "df"] : []), ""], ...rows])}\n`;
}

function isOfTarget({ repetition }: RunReport): boolean {
  return repetition?.side !== "against";
}

/**
 * The comparison as text: a table for each protocol in `after`, then what limits it. Runs of `--against` are not part of
 * it.
 */
export function renderComparison(earlierReports: Reports, laterReports: Reports): string {
  const [before, after] = [earlierReports.filter(isOfTarget), laterReports.filter(isOfTarget)];
  const limits = new Set<string>();
  const tables = byProtocol(after).map((reports) => {
    const protocol = reports[0]?.protocol;
    const earlier = before.filter((report) => report.protocol === protocol);
    if (earlier.length === 0) return `${protocol}: not in the earlier report\n`;
    for (const limit of limitsOf(earlier, reports)) limits.add(limit);
    const head = [protocol ?? "", heading("before", earlier), heading("after", reports)];
    return tableOf(head, compareReports(earlier, reports));
  });
  return [...tables, ...Array.from(limits, (limit) => `${limit}\n`)].join("\n");
}

const PAIRED =
  "df: degrees of freedom of the 95 % interval of the difference (Student's t of the differences within the repetitions).";

/** The comparison of `--target` with `--against` as text; empty for fewer than two complete repetitions of both. */
export function renderAlternating(reports: Reports): string[] {
  const tables = byProtocol(reports).flatMap((group) => {
    const changes = compareAlternating(group);
    return changes.length === 0 ? [] : [tableOf([group[0]?.protocol ?? "", "target", "against"], changes)];
  });
  return tables.length === 0 ? [] : [...tables.map((table) => table.trimEnd()), PAIRED];
}
