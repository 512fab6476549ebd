/** What the driver needs of a client, whatever the protocol. */
import type { Clock } from "../../../base/clock.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { Recorder } from "../../measure/recorder.ts";
import { TargetError } from "../../plan/errors.ts";
import type { Endpoint } from "../../plan/target.ts";

/** What every client is made from. */
export interface ClientSettings {
  readonly endpoint: Endpoint;
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** The most connections (sockets, sessions) at once. */
  readonly connections: number;
  /** Whether all connections are opened before the run, rather than when a packet needs one. */
  readonly openAll: boolean;
  /** Whether packets go out as answers come in, rather than by a schedule. */
  readonly closedLoop: boolean;
  /** The most packets that may wait for their answers at once, all connections together. */
  readonly window: number;
  /** Octets of one packet: the UDP payload, the STAMP packet of a TCP frame, the HTTP body. */
  readonly size: number;
  readonly timeoutMs: number;
  /** The highest rate that will be asked for, packets a second: sizes the ledgers. */
  readonly highestRate: number;
  /** STAMP session id (RFC 8972) of all sessions of this run, 1 to 65535. */
  readonly ssid: number;
  /** Whether the target is a lab that keeps session summaries: its numbers start at 0 and its padding comes back as sent. */
  readonly lab: boolean;
  readonly seed: number;
  /** Called when an answer or an expiry has made room for more packets. */
  readonly onRoom: () => void;
}

/** A session sender: hands packets to sockets and what comes back to the ledger. */
export interface Client {
  /** Opens the connections; rejects where the target cannot be reached at all. */
  open(): Promise<void>;
  /** Takes one packet that was planned for `planned` (monotonic ms); false where there is no room for it now. */
  send(planned: number, now: number): boolean;
  /** Takes a packet that found no room within its timeout as lost, where that is because the target is gone. */
  miss?(planned: number, now: number): boolean;
  /** Hands what `send` took to the kernel. */
  flush(): void;
  /** Settles what has timed out, and repairs connections. */
  tick(now: number): void;
  /** From here on a new session with this id counts, and answers to earlier packets do not. */
  restart(recorder: Recorder, ssid: number): void;
  /** How many packets wait for an answer. */
  readonly pending: number;
  /** When the last answer came, monotonic ms. */
  readonly lastArrival: number;
  /** Every local port that the run has sent from, so that its sessions can be told from others'. */
  readonly localPorts: ReadonlySet<number>;
  /** Datagrams for this run that the kernel dropped because a receive buffer was full; undefined where it cannot be known. */
  bufferDrops(): number | undefined;
  /** Nothing more is awaited: what the sessions know goes to the recorder. */
  finish(): void;
  close(): void;
}

/** The TargetError for a connection that did not come about: refused, cut, or a certificate that is not trusted. */
export function unreachable({ address, port }: Endpoint, error: unknown): TargetError {
  const code = errorCode(error);
  const where = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  if (code === "ECONNREFUSED") return new TargetError(`nothing listens at ${where} (${code})`, code);
  const reason = error instanceof Error ? error.message : "unknown";
  return new TargetError(`no connection to ${where}: ${reason} (${code})`, code);
}

/** The unspecified address of the same family: what a socket has to be bound to before it is connected to `address`. */
export function anyAddressLike(address: string): string {
  return address.includes(":") ? "::" : "0.0.0.0";
}

/**
 * A connection that comes about within `ms`, or a rejection with ETIMEDOUT: the kernel would go on knocking for minutes
 * at an address that does not answer. One that comes later is given to `tooLate`.
 */
export async function connected<Socket>(
  connecting: Promise<Socket>,
  ms: number,
  tooLate: (socket: Socket) => void,
): Promise<Socket> {
  const deadline = Promise.withResolvers<never>();
  const error = Object.assign(new Error(`no answer to the connection attempt within ${ms} ms`), { code: "ETIMEDOUT" });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    deadline.reject(error);
  }, ms);
  connecting.then(
    (socket) => late && tooLate(socket),
    () => undefined,
  );
  try {
    return await Promise.race([connecting, deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
}
