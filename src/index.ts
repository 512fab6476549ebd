/** wirelab as a library: a lab and a load run, for somebody's own `bun test`. */
export type { Config, Limits } from "./config.ts";
export { ImpairmentError, parseFaults, parseImpairments } from "./impairment-text.ts";
export { type Lab, type LabOptions, startLab } from "./lab.ts";
export { ListenError } from "./listen.ts";
export type { LoadOptions } from "./load/options.ts";
export type { RunReport } from "./load/report.ts";
export { type LoadRun, runLoad } from "./load/run.ts";
export type { Snapshot } from "./load/snapshot.ts";
