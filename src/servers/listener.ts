/**
 * The common shape of listeners. The listener of a protocol is the file of this folder with the protocol's name; it
 * exports `listen`.
 */

import type { Bounded, Budget } from "../base/bounded.ts";
import type { InternalErrors } from "../base/internal-errors.ts";
import { type Protocol, REGISTRY, type SecureProtocol } from "../base/protocol.ts";
import type { CertificateSource } from "../certificates/source.ts";
import type { Limits } from "../limits.ts";
import type { Handshakes } from "../metrics/counters.ts";
import type { Responder } from "../reflector/responder.ts";
import type { Sessions } from "../reflector/sessions.ts";
import type { ConnectionMemory } from "./bounds/connection-memory.ts";
import type { HttpApplication } from "./http/application.ts";
import type { HttpSessions } from "./http/sessions.ts";
import type { WebSocketEndpoint } from "./websocket/endpoint.ts";

/** An open port of the lab. */
export interface Listener {
  readonly protocol: Protocol;
  readonly port: number;
  /** Connections open now; undefined for a protocol without connections. */
  connections(): number | undefined;
  /** Updates `connections`, where it returns an earlier number. */
  refresh?(): Promise<void>;
  /** The limited set of connections; undefined if the listener does not limit them itself. */
  readonly connectionTable: Bounded | undefined;
  /** HTTP: the requests that a fault leaves without a response. */
  readonly stalled?: Bounded;
  /** Whether the listener counts the connections that it accepts. */
  readonly countsConnections: boolean;
  /** Whether the listener counts the handshakes of its connections; the runtime does not report all of them. */
  readonly countsHandshakes?: boolean;
  /** Datagrams that the kernel dropped because the receive buffer was full; undefined if this cannot happen. */
  receiveBufferDrops(): number | undefined;
  /** Accepts no further packets; responses in progress are still sent. Resolves when they have been. */
  pause(): Promise<void>;
  /** Closes the port and its connections. */
  close(): Promise<void>;
}

/** What a listener is started with. */
export interface ListenerContext {
  readonly hostname: string;
  /** 0 selects a free port. */
  readonly port: number;
  readonly responder: Responder;
  readonly sessions: Sessions;
  readonly limits: Limits;
  /** The certificate of the protocols with a handshake; undefined if none of them is served. */
  readonly certificate: CertificateSource | undefined;
  /** The handshakes of each protocol that begins with one. */
  readonly handshakes: Readonly<Record<SecureProtocol, Handshakes>>;
  /** TCP, TLS and WebSocket: what connections hold, unread responses and incomplete frames. */
  readonly streamMemory: ConnectionMemory;
  /** HTTP: the octets of the bodies that are being read. */
  readonly httpBodies: Budget;
  /** HTTP: the losses of each session of requests. */
  readonly httpSessions: HttpSessions;
  /** UDP: every datagram of 44 octets or more is a STAMP test packet and every other is dropped (the STAMP port). */
  readonly stampOnly: boolean;
  /** The UDP ports of this lab, one octet per port: datagrams from a port that is 1 get no response. */
  readonly labPorts: Uint8Array;
  /** Errors of timers. */
  readonly errors: InternalErrors;
  /** HTTP/1.1: the endpoint of WebSocket connections. */
  readonly webSockets: WebSocketEndpoint | undefined;
  /** HTTP: the routes served besides the traffic routes. */
  readonly application: HttpApplication;
  /** HTTP: the port of HTTP/3, which is open before those of the other versions; undefined if it is not served. */
  readonly http3Port: number | undefined;
}

/** Starts listening. Rejects with the system's error if the port is not available. */
export type Listen = (context: ListenerContext) => Promise<Listener>;

/** Name of a port: its label in `ports` and in metrics. */
export type PortName = Protocol | "stamp";

/** A port that is not available; the message is one line that names it. */
export class ListenError extends Error {
  override readonly name = "ListenError";

  constructor(
    message: string,
    readonly portName: PortName | "toxiproxy",
    /** The system's error code. */
    readonly code: string,
  ) {
    super(message);
  }
}

/** Starts the listener of `protocol` at the port called `name`. Rejects with ListenError. */
export async function openListener(
  protocol: Protocol,
  context: ListenerContext,
  name: PortName = protocol,
): Promise<Listener> {
  // Every protocol of the registry has such a module; a test checks that.
  const { listen } = (await import(`./${protocol}.ts`)) as { readonly listen: Listen };
  try {
    return await listen(context);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const title = name === "stamp" ? "STAMP" : REGISTRY[name].title;
    const line = `${title} port ${context.port} on ${context.hostname} ${portProblem(code, context.hostname)}`;
    throw new ListenError(line, name, code);
  }
}

/** Why a port could not be opened: the end of a sentence, from the system's error code. */
export function portProblem(code: string, host: string): string {
  switch (code) {
    case "EADDRINUSE":
      return "is in use";
    case "EACCES":
      return "may not be used by this user";
    case "EADDRNOTAVAIL":
      return `is not available: ${host} is not an address of this machine`;
    default:
      return `is not available: ${code}`;
  }
}
