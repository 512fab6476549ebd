/** wirelab as a library: a lab and a load run for somebody's own tests. */
export { ConfigError, type Limits } from "./config.ts";
export { type Lab, type LabOptions, ListenError, startLab } from "./lab.ts";
