/** A run under way, as observers read it. */
import type { Protocol } from "../../base/protocol.ts";
import type { Directions } from "./directions/loss-direction.ts";
import type { Recorder } from "./recorder.ts";

/** The counts and distributions of a run as they grow. */
export interface MeasuredRun {
  readonly protocol: Protocol;
  readonly recorder: () => Recorder;
  /** The losses by direction, as far as they are attributed. */
  readonly directions: () => Directions;
}
