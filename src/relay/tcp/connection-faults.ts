/** Faults of a TCP relay that differ between its connections. */
import type { Direction } from "../../faults/faults.ts";
import type { LinkFaults, LinkFaultsByDirection } from "../../faults/link-faults.ts";
import type { LossReason } from "../counts.ts";

/** What a gate can do to its connection. */
export interface ConnectionHandle {
  /** Ends both sides with a FIN; what waits is lost. */
  end(reason: LossReason): void;
  /** Resets both sides. */
  reset(reason: LossReason): void;
}

/** Decides which octets of one direction of a connection pass, before its faults act on them. Disposed of with the connection. */
export interface StreamGate extends Disposable {
  /** The source has sent `bytes` octets: how many of them pass, from the first. The others are discarded. */
  admit(bytes: number): number;
  /** Why octets are discarded. */
  readonly reason: LossReason;
  /** Whether the connection ends behind the octets that have passed. */
  readonly isOver: boolean;
  /** The source has sent a FIN: whether it passes. */
  admitEnd(): boolean;
  /** Other faults act in its place, and its connection goes on. It is disposed of after that. */
  removed(): void;
}

/** One direction of a connection. */
export interface StreamPlan {
  /** The rate is that of this connection alone. The same object as before means that nothing has changed. */
  readonly faults: LinkFaults;
  readonly gate: StreamGate | undefined;
}

/** Selects the faults of each connection. */
export interface ConnectionFaults {
  /** The faults that the relay shows as its own. */
  readonly shown: LinkFaultsByDirection;
  /** Called when a connection is opened, and for the open ones when they are set. */
  of(connection: ConnectionHandle): Readonly<Record<Direction, StreamPlan>>;
}

/** The kinds that hold octets. */
const HOLDING = ["delay", "rate", "slice", "slowClose"] as const satisfies readonly (keyof LinkFaults)[];

/** Whether a fault that can hold octets has ended or changed. */
export function hasHoldingEnded(before: LinkFaults, after: LinkFaults): boolean {
  return HOLDING.some((kind) => before[kind] !== undefined && !Bun.deepEquals(before[kind], after[kind]));
}
