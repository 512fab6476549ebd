/** The interface between the connections of a client and the module that opens them. */
import type { Clock } from "../../base/clock.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { Endpoint } from "../plan/target.ts";
import type { TlsPlan } from "../plan/tls.ts";

/** An exchange of octets before the first packet. */
export interface Prologue {
  readonly request: Buffer;
  /** Reads a chunk; returns how many octets of it belong to the prologue, if it is complete. Throws if it is refused. */
  read(chunk: Buffer): number | undefined;
}

/** The owner of the connections; it has at most one that is in use. */
export interface SocketOwner {
  /**
   * A connection is open and can be written. Called before `connect` resolves.
   * @param isLate whether `connect` has rejected already: the connection took too long
   */
  onOpen(socket: Bun.Socket, isLate: boolean): void;
  onData(socket: Bun.Socket, data: Buffer): void;
  onDrain(socket: Bun.Socket): void;
  /** An open connection has ended. May be called twice. */
  onClose(socket: Bun.Socket, error: Error | undefined): void;
}

/** Settings of a connector. */
export interface ConnectorSettings {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** Gets the times of the handshakes. */
  readonly recorder: Pick<Recorder, "handshakes">;
  /** Undefined for connections without TLS. */
  readonly tls?: TlsPlan | undefined;
  /**
   * Name of the protocol in TLS (ALPN, RFC 7301), such as `http/1.1`. Undefined for a protocol that has none. A target that
   * selects none is accepted unless `requiresAlpn` is true; `socket.alpnProtocol` has what it selected.
   */
  readonly alpn?: string;
  readonly requiresAlpn?: boolean;
  /** Makes the prologue of each connection; undefined without one. */
  readonly makePrologue?: (() => Prologue) | undefined;
}
