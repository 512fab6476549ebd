/** wirelab as a library: labs and load runs, for use in tests. */
export type { Config } from "./config.ts";
export { ImpairmentError, parseFaults, parseImpairments } from "./faults/text.ts";
export { type Lab, type LabOptions, startLab } from "./lab.ts";
export type { Limits } from "./limits.ts";
export type { IntervalSnapshot as Snapshot } from "./load/measure/snapshot.ts";
export type { LoadOptions } from "./load/plan/options.ts";
export type { RunReport } from "./load/report/report.ts";
export { type LoadRun, runLoad } from "./load/run.ts";
export { ListenError } from "./servers/listener.ts";
