/** Counts by name in one line. */
import { formatCount } from "../../../base/format.ts";

/** A list of counts by name, as one line; none if there are no counts. */
export function countLine(label: string, counts: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(counts);
  if (entries.length === 0) return [];
  return [`${label}: ${entries.map(([name, count]) => `${name} × ${formatCount(count)}`).join(", ")}`];
}
