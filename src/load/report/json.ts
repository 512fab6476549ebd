/** Reports as JSON text. */
import type { RunReport } from "./report.ts";

/** One report as an object, several as an array; indented, without a line break at the end. */
export function jsonOf(reports: readonly RunReport[]): string {
  return JSON.stringify(reports.length === 1 ? reports[0] : reports, undefined, 2);
}

/** The reports in a JSON text; undefined if it contains anything else. */
export function readReports(text: string): RunReport[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return list.length > 0 && list.every(isReport) ? list : undefined;
}

function isReport(value: unknown): value is RunReport {
  // Only this program writes this schema name, so the name implies the shape.
  return typeof value === "object" && value !== null && Reflect.get(value, "schema") === "wirelab.run/1";
}
