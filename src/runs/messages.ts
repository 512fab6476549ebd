/** What the lab and the process of a load run say to each other. */

import type { Snapshot } from "../load/measure/snapshot.ts";
import type { LoadOptions } from "../load/plan/options.ts";
import type { RunReport } from "../load/report/report.ts";
import type { RunDetail } from "./shapes.ts";

/** To the run. */
export type Order = { readonly kind: "start"; readonly runs: readonly LoadOptions[] } | { readonly kind: "stop" };

/** From the run. */
export type News =
  | { readonly kind: "ready" }
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot }
  | { readonly kind: "done"; readonly reports: readonly RunReport[]; readonly details: readonly RunDetail[] }
  | { readonly kind: "failed"; readonly error: string };
