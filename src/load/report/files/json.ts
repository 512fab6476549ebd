/** Reports as JSON text. */

import type { RunReport } from "../report.ts";
import { completed, FIRST_SCHEMA, type FirstReport } from "./first-schema.ts";
import { filled, type SecondReport } from "./second-schema.ts";

/**
 * One report as an object, several as an array; indented, without a line break at the end.
 * @param asArray whether a single report is an array too, as that of a repeated run
 */
export function jsonOf(reports: readonly RunReport[], asArray = false): string {
  return JSON.stringify(reports.length === 1 && !asArray ? reports[0] : reports, undefined, 2);
}

/**
 * The reports in a JSON text, those of schema wirelab.run/1 completed to wirelab.run/2; undefined if it contains anything
 * else.
 */
export function readReports(text: string): RunReport[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const reports = list.map(readReport).filter((report) => report !== undefined);
  return list.length > 0 && reports.length === list.length ? reports : undefined;
}

function schemaOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, "schema") : undefined;
}

function readReport(value: unknown): RunReport | undefined {
  // Only this program writes these schema names, so the name implies the shape.
  if (schemaOf(value) === "wirelab.run/2") return filled(value as SecondReport);
  return schemaOf(value) === FIRST_SCHEMA ? completed(value as FirstReport) : undefined;
}
