/** The parts of a response that a load run evaluates, in any version of HTTP. */
import type { Outcome } from "../serial/connection.ts";

/** What the header fields of a response say. */
export interface ResponseFields {
  /** Status code; 0 until it is known. */
  status: number;
  /** Direction in which the target dropped the packet on purpose (X-Wirelab-Fate). */
  dropped: "up" | "down" | undefined;
  /** Processing time that the target reports, ms (Server-Timing: app;dur=MS). */
  serverMs: number | undefined;
}

/** The direction that a value of X-Wirelab-Fate names. */
export function fateOf(value: string): "up" | "down" | undefined {
  return value === "dropped-up" ? "up" : value === "dropped-down" ? "down" : undefined;
}

/** The duration of `app` in a value of Server-Timing, ms. */
export function durationOf(value: string): number | undefined {
  const duration = /(?:^|,)\s*app\s*;[^,]*?dur=([\d.]+)/.exec(value);
  return duration?.[1] === undefined ? undefined : Number(duration[1]);
}

/** The outcome of a complete response: a 503 that reports a drop is a loss, any other status outside 2xx a failure. */
export function outcomeOf({ status, dropped, serverMs }: Readonly<ResponseFields>): Outcome {
  if (status === 503 && dropped !== undefined) return { kind: "dropped", direction: dropped, status };
  return { kind: status >= 200 && status < 300 ? "answered" : "failed", status, serverMs };
}
