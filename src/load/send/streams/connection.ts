/** The interface between the client for streams and the connections of a protocol that carries many requests at once. */
import type { Recorder } from "../../measure/recorder.ts";
import type { ResponseFields } from "../http/fields.ts";
import type { Outcome } from "../serial/connection.ts";

/** A request of a stream. The client reuses the object, after `clear`, when it has an outcome. */
export class Exchange implements ResponseFields {
  // The fields of the client.
  sequence = 0;
  intendedAt = 0;
  /** When it was passed on or, until then, when it was accepted; monotonic ms. */
  sentAt = 0;
  /** Whether it was counted as handed over when it was accepted, because its connection was not open. */
  hasWaited = false;
  /** The recorder of the packet: the answer to a warm-up packet is not counted later. */
  recorder: Recorder;
  /** Whether the packet is one of the run. */
  ofRun = false;

  // The fields of the connection.
  /** The id of the stream. */
  stream = 0;
  status = 0;
  dropped: "up" | "down" | undefined;
  serverMs: number | undefined;
  /** Octets of the response. */
  octets = 0;
  /** Octets of the request's body that are passed on. */
  bodySent = 0;
  /** Octets that the target accepts on this stream. */
  window = 0;

  constructor(recorder: Recorder) {
    this.recorder = recorder;
  }

  /** Prepares for a response. */
  clear(): void {
    this.status = 0;
    this.dropped = undefined;
    this.serverMs = undefined;
    this.octets = 0;
    this.bodySent = 0;
  }
}

/** A connection with many streams. It is opened once; `onClosed` is its last event. */
export interface StreamConnection {
  /** Opens it, each step within `patienceMs`; rejects with an error that has a code. */
  connect(patienceMs: number): Promise<void>;
  /** How many streams can be opened now; 0 while it is not open. */
  readonly free: number;
  /** Requests without an outcome. */
  readonly active: number;
  /** Whether it opens no more streams, because it is closed or the target announced that. */
  readonly isSpent: boolean;
  readonly localPort: number | undefined;
  /** Opens a stream with the request; returns its octets. `flush` passes it on. */
  request(exchange: Exchange): number;
  flush(): void;
  /** The oldest request without an outcome. */
  oldest(): Exchange | undefined;
  /** Gives a request up; it has no outcome. */
  cancel(exchange: Exchange): void;
  /** Closes it; there are no more events. */
  close(): void;
}

/** Events of a connection. */
export interface StreamEvents {
  /**
   * Octets were read, and are about to be processed.
   * @param waited how long ago the kernel received them, ms; undefined if it does not say
   */
  onRead(waited: () => number | undefined): void;
  /** A request has an outcome. `octets` of the exchange has the length of what arrived of its response. */
  onOutcome(exchange: Exchange, outcome: Outcome): void;
  /** All that was read is processed. */
  onTurnEnd(): void;
  /** It is closed. All its requests have outcomes. */
  onClosed(): void;
}

/** The outcome of a request whose stream the target reset: a loss, as of one whose connection ends. */
export const RESET: Outcome = Object.freeze({ kind: "lost", code: "reset" });
/** The outcome of a request that the target refused and did not process (RFC 9113 section 8.7). */
export const REFUSED: Outcome = Object.freeze({ kind: "failed", code: "refused-stream" });
/** The outcome of a request that the target did not process, because it closes the connection. */
export const GONE: Outcome = Object.freeze({ kind: "failed", code: "goaway" });

/** The outcome of a request whose connection ended: without a response a loss, within one a failure. */
export function closedOutcome({ status }: Exchange, code: string): Outcome {
  return { kind: status === 0 ? "lost" : "failed", code };
}
