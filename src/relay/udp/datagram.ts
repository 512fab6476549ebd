/** A datagram on its way through a relay, and where it leaves. */
import type { Direction } from "../../faults/faults.ts";
import type { Transit } from "../../faults/path.ts";
import type { LossReason } from "../counts.ts";

/** Where the datagrams of a flow leave the relay. */
export interface Exit {
  /** Names the flow, within which the order of datagrams matters. */
  readonly name: string;
  /** Datagrams of the flow that are delayed, and their octets; the paths keep both. */
  delayed: number;
  delayedBytes: number;
  /** Passes a datagram to the kernel; the reason if it did not accept it. */
  transmit(direction: Direction, datagram: Buffer): LossReason | undefined;
  /** Counts a datagram that was lost. */
  lost(direction: Direction): void;
  /** Whether datagrams can be transmitted, or the flow has ended. */
  readonly isOpen: boolean;
  /** Calls `forward` when it is open; returns false if too many datagrams wait. */
  whenOpen(forward: () => void): boolean;
}

const EMPTY = Buffer.alloc(0);

/** The exit of no flow. */
const NOWHERE: Exit = {
  name: "",
  delayed: 0,
  delayedBytes: 0,
  transmit: () => "peer-gone",
  lost() {},
  isOpen: true,
  whenOpen: () => false,
};

/** A datagram. A path uses one object for all that it forwards at once. */
export class Datagram implements Transit {
  data: Buffer = EMPTY;
  exit = NOWHERE;
  /** When the relay received it, monotonic ms. */
  enteredAt = 0;
  /** Whether it counts in `Exit.delayed`. */
  isDelayed = false;

  set(data: Buffer, exit: Exit, enteredAt: number): void {
    this.data = data;
    this.exit = exit;
    this.enteredAt = enteredAt;
    this.isDelayed = false;
  }

  /** Leaves the octets and the flow to the garbage collector. */
  clear(): void {
    this.data = EMPTY;
    this.exit = NOWHERE;
  }

  peer(): string {
    return this.exit.name;
  }

  get heldBytes(): number {
    return this.data.length;
  }

  keep(): this {
    // The class has no subclass. The runtime makes a Buffer for each datagram and does not use it again: it needs no copy.
    return Object.assign(new Datagram(), this) as this;
  }
}
