/** A comparison as text. */
import { comparedOf, compareReports, limitsOf } from "./compare.ts";
import type { RunReport } from "./report.ts";
import { byProtocol } from "./run-set.ts";
import { layOut } from "./table.ts";

type Reports = readonly RunReport[];

function heading(label: string, reports: Reports): string {
  const { length } = comparedOf(reports);
  return length < 2 ? label : `${label}, ${length} runs`;
}

function tableOf(before: Reports, after: Reports): string {
  const changes = compareReports(before, after);
  const withInterval = changes.some(({ degreesOfFreedom }) => degreesOfFreedom !== null);
  const head = [after[0]?.protocol ?? "", heading("before", before), heading("after", after), "change"];
  const rows = changes.map(({ name, before, after, change, interval, degreesOfFreedom, significance }) => [
    ...[name, before, after, change],
    ...(withInterval ? [interval, degreesOfFreedom?.toFixed(1) ?? ""] : []),
    significance,
  ]);
  return `${layOut([[...head, ...(withInterval ? ["95 % interval", "df"] : []), ""], ...rows])}\n`;
}

/** The comparison as text: a table for each protocol in `after`, then what limits it. */
export function renderComparison(before: Reports, after: Reports): string {
  const limits = new Set<string>();
  const tables = byProtocol(after).map((reports) => {
    const protocol = reports[0]?.protocol;
    const earlier = before.filter((report) => report.protocol === protocol);
    if (earlier.length === 0) return `${protocol}: not in the earlier report\n`;
    for (const limit of limitsOf(earlier, reports)) limits.add(limit);
    return tableOf(earlier, reports);
  });
  return [...tables, ...Array.from(limits, (limit) => `${limit}\n`)].join("\n");
}
