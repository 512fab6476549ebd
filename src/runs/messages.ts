/** The messages between the lab and the process of a load run, over the IPC channel of the subprocess. */

import type { IntervalSnapshot } from "../load/measure/snapshot.ts";
import type { LoadOptions } from "../load/plan/options.ts";
import type { RunReport } from "../load/report/report.ts";
import type { RunDetail } from "./shapes.ts";

/** A message from the lab to the process of the run. */
export type RunCommand = { readonly kind: "start"; readonly runs: readonly LoadOptions[] } | { readonly kind: "stop" };

/** A message from the process of the run to the lab; "ready" is the first one. */
export type RunEvent =
  | { readonly kind: "ready" }
  | { readonly kind: "snapshot"; readonly snapshot: IntervalSnapshot }
  | { readonly kind: "done"; readonly reports: readonly RunReport[]; readonly details: readonly RunDetail[] }
  | { readonly kind: "failed"; readonly error: string };
