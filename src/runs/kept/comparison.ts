/** The comparison of two kept runs. */
import { compareReports, limitsOf } from "../../load/report/comparison/compare.ts";
import { byProtocol } from "../../load/report/comparison/run-set.ts";
import type { KeptRun, RunComparison } from "../shapes.ts";

/** The changes from one run to another, for each protocol of both. */
export function compareRuns(before: KeptRun, after: KeptRun): RunComparison {
  const pairs = byProtocol(before.reports).flatMap((reports) => {
    const protocol = reports[0]?.protocol;
    const others = after.reports.filter((report) => report.protocol === protocol);
    return protocol === undefined || others.length === 0 ? [] : [{ protocol, before: reports, after: others }];
  });
  const changes = pairs.map((pair) => [pair.protocol, compareReports(pair.before, pair.after)] as const);
  const limits = new Set(pairs.flatMap((pair) => limitsOf(pair.before, pair.after)));
  return { before: before.id, after: after.id, protocols: Object.fromEntries(changes), limits: [...limits] };
}
