/** The measurements of a run while it lasts, for its metrics endpoint. */
import type { Protocol } from "../../base/protocol.ts";
import type { Directions } from "./loss-direction.ts";
import type { Recorder } from "./recorder.ts";

/** A run as its metrics endpoint reads it. Both functions return the present state. */
export interface MeasuredRun {
  readonly protocol: Protocol;
  readonly recorder: () => Recorder;
  /** Losses by direction, as far as they are known. */
  readonly directions: () => Directions;
}
