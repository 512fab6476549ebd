/** Records how long the opening of connections takes. */
import type { Recorder } from "../measure/recorder.ts";
import type { OpeningTimes } from "./socket-owner.ts";

/** Records the steps of a connection that has just opened. */
export function recordOpening(_recorder: Recorder, _times: OpeningTimes): void {}
