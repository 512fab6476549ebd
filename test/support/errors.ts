import { InternalErrors } from "../../src/base/internal-errors.ts";
import { createLog } from "../../src/base/log.ts";

/** Counts internal errors and writes no log. */
export function silentErrors(): InternalErrors {
  return new InternalErrors(createLog({ level: "silent", readable: false, sink() {} }));
}
