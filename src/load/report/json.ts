/** Reports as JSON text. */
import { completed, FIRST_SCHEMA, type FirstReport } from "./first-schema.ts";
import type { RunReport } from "./report.ts";

/** One report as an object, several as an array; indented, without a line break at the end. */
export function jsonOf(reports: readonly RunReport[]): string {
  return JSON.stringify(reports.length === 1 ? reports[0] : reports, undefined, 2);
}

/** The reports in a JSON text, earlier schemas in the present shape; undefined if it contains anything else. */
export function readReports(text: string): RunReport[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return list.length > 0 && list.every(isReport) ? list.map(current) : undefined;
}

/** A report of any schema that this program wrote. */
type AnyReport = RunReport | (FirstReport & { readonly schema: typeof FIRST_SCHEMA });

function isReport(value: unknown): value is AnyReport {
  // Only this program writes these schema names, so the name implies the shape.
  if (typeof value !== "object" || value === null) return false;
  const schema: unknown = Reflect.get(value, "schema");
  return schema === "wirelab.run/2" || schema === FIRST_SCHEMA;
}

function current(report: AnyReport): RunReport {
  return report.schema === FIRST_SCHEMA ? completed(report) : report;
}
