/** The interface between the serial client and the connections of a protocol whose answers have no numbers. */

/** The result of one exchange: what arrived in answer to a packet. */
export interface Outcome {
  /**
   * `dropped`: the target reported that it dropped the packet, which counts as lost. `refused`: this machine's kernel did
   * not send it.
   */
  readonly kind: "answered" | "dropped" | "failed" | "corrupt" | "lost" | "refused";
  /** Direction in which it was dropped. */
  readonly direction?: "up" | "down";
  /** Processing time that the target reported, ms. */
  readonly serverMs?: number | undefined;
  /** HTTP status code. */
  readonly status?: number;
  /** Error code, if there was an error. */
  readonly code?: string;
}

/** An answer without more to say about it. */
export const ANSWERED: Outcome = Object.freeze({ kind: "answered" });

/** A connection with at most one packet in flight. */
export interface SerialConnection {
  /** Connects within `patienceMs`; rejects with the system's error. */
  connect(patienceMs: number): Promise<void>;
  /**
   * Sends a packet with this sequence number; returns the octets sent, 0 if the outcome is `refused`.
   * @param ofRun whether it is one of the run, and not of its warm-up
   */
  write(sequence: number, ofRun: boolean): number;
  /** Whether it is open and can send another packet. */
  readonly usable: boolean;
  readonly localPort: number | undefined;
  close(): void;
}

/** Events of a connection. There are none after it was closed by its owner. */
export interface ConnectionEvents {
  /**
   * A part of the answer was read, and is about to be processed.
   * @param waited how long ago the kernel received it, ms; undefined if it does not say
   */
  onRead(waited: () => number | undefined): void;
  /** The answer to the packet in flight is complete; it has `octets` octets. */
  onAnswer(outcome: Outcome, octets: number): void;
  /**
   * Octets arrived that are no part of the answer to the packet in flight, or no packet is in flight. Later answers may
   * not be those to the packets that they are counted for.
   */
  onSurplus(octets: number): void;
  /** The connection is closed; `outcome` is that of the packet in flight, if there is one. */
  onClosed(outcome: Outcome): void;
}
