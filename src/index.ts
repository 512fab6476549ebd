/** wirelab as a library: labs, load runs and relays, for use in tests. */
export { type Config, ConfigError } from "./config.ts";
export { ImpairmentError } from "./faults/pieces.ts";
export { parseFaults, parseImpairments } from "./faults/text.ts";
export type { Lab, LabOptions } from "./lab.ts";
export { type LoadRun, runLoad, startLab } from "./library.ts";
export type { Limits } from "./limits.ts";
export type { IntervalSnapshot as Snapshot } from "./load/measure/snapshot.ts";
export { UsageError } from "./load/plan/errors.ts";
export type { LoadOptions } from "./load/plan/options.ts";
export type { RunReport } from "./load/report/report.ts";
export { RelayError } from "./relay/route/route.ts";
export {
  type RelayFaults,
  type RelayFlow,
  type RelayOptions,
  type RunningRelay,
  startRelay,
} from "./relay/running-relay.ts";
export { ListenError } from "./servers/listener.ts";
