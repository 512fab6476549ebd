/** The toxics that end a connection or discard octets: `timeout`, `reset_peer` and `limit_data`. */

import type { LossReason } from "../relay/counts.ts";
import type { ConnectionHandle, StreamGate } from "../relay/tcp/connection-faults.ts";
import { attribute, MAX_TIMER_MS, type Toxic } from "./toxic.ts";

/** Discards all octets, and ends the connection if none came for a time, or when the toxic is removed. */
class TimeoutGate implements StreamGate {
  readonly reason = "stall";
  readonly isOver = false;
  #timer: Timer | undefined;

  constructor(
    private readonly timeoutMs: number,
    private readonly connection: ConnectionHandle,
  ) {
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    if (this.timeoutMs > 0)
      this.#timer = setTimeout(() => this.connection.end("stall"), Math.min(this.timeoutMs, MAX_TIMER_MS));
  }

  admit(): number {
    this.#wait();
    return 0;
  }

  admitEnd(): boolean {
    return true;
  }

  removed(): void {
    this.connection.end("stall");
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Resets the connection some time after the first octets, which are discarded, or after a FIN. */
class ResetGate implements StreamGate {
  readonly reason = "reset";
  readonly isOver = false;
  /** Whether octets were discarded. */
  isStarted = false;
  #timer: Timer | undefined;

  constructor(
    private readonly timeoutMs: number,
    private readonly connection: ConnectionHandle,
  ) {}

  admit(): number {
    this.start();
    return 0;
  }

  admitEnd(): boolean {
    this.start();
    return false;
  }

  start(): void {
    this.isStarted = true;
    if (this.timeoutMs === 0) this.connection.reset("reset");
    else this.#timer ??= setTimeout(() => this.connection.reset("reset"), Math.min(this.timeoutMs, MAX_TIMER_MS));
  }

  /** Octets are missing in the stream after the first ones: the connection cannot go on. */
  removed(): void {
    if (this.isStarted) this.connection.reset("reset");
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Ends the connection behind a number of octets, counted from the time at which the toxic was added. */
class LimitGate implements StreamGate {
  readonly reason = "limit";
  isOver = false;

  constructor(
    private readonly bytes: number,
    /** Octets that have passed. */
    public passed: number,
  ) {}

  admit(bytes: number): number {
    const admitted = Math.min(bytes, Math.max(0, this.bytes - this.passed));
    this.passed += admitted;
    this.isOver = this.passed >= this.bytes;
    return admitted;
  }

  admitEnd(): boolean {
    return true;
  }

  removed(): void {}

  [Symbol.dispose](): void {}
}

/** The gate of a toxic on a connection, in place of `before`; undefined for a type without one. */
export function gateOf(toxic: Toxic, connection: ConnectionHandle, before?: StreamGate): StreamGate | undefined {
  switch (toxic.type) {
    case "timeout":
      return new TimeoutGate(attribute(toxic, "timeout"), connection);
    case "reset_peer":
      return resetGate(attribute(toxic, "timeout"), connection, before);
    case "limit_data":
      return new LimitGate(attribute(toxic, "bytes"), before instanceof LimitGate ? before.passed : 0);
    default:
      return undefined;
  }
}

function resetGate(timeoutMs: number, connection: ConnectionHandle, before: StreamGate | undefined): ResetGate {
  const gate = new ResetGate(timeoutMs, connection);
  if (before instanceof ResetGate && before.isStarted) gate.start();
  return gate;
}

/** The gates of one direction, one behind another. */
export class GateChain implements StreamGate {
  gates: readonly StreamGate[] = [];
  /** That of the last octets which did not pass. */
  reason: LossReason = "stall";

  admit(bytes: number): number {
    let admitted = bytes;
    for (const gate of this.gates) {
      if (admitted === 0) break;
      const before = admitted;
      admitted = gate.admit(admitted);
      if (admitted < before) this.reason = gate.reason;
    }
    return admitted;
  }

  get isOver(): boolean {
    return this.gates.some((gate) => gate.isOver);
  }

  admitEnd(): boolean {
    return this.gates.every((gate) => gate.admitEnd());
  }

  removed(): void {
    for (const gate of this.gates) gate.removed();
  }

  [Symbol.dispose](): void {
    for (const gate of this.gates) gate[Symbol.dispose]();
  }
}
