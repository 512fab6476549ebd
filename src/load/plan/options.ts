/** The options of a run, as the command line, the page and the library give them. Times are in s. */
import type { Protocol } from "../../base/protocol.ts";
import type { Arrival, Stage } from "./schedule.ts";

/**
 * Format of the packets of a protocol that has STAMP packets: numbered STAMP test packets, many in flight, or plain
 * text, one at a time on each connection.
 */
export type Mode = "stamp" | "plain";

/** Options of the HTTP requests. */
export interface HttpOptions {
  /** Default: POST with a body and for the path / of a lab, GET for any other URL. */
  readonly method?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
  /** Whether connections are reused. Default true. */
  readonly keepAlive?: boolean;
  /** As `verify` of the run, which replaces it. */
  readonly verify?: boolean;
}

/** Options of one run. Everything but the protocol has a default. */
export interface LoadOptions {
  readonly protocol: Protocol;
  /** Host, host:port or URL. Default: the lab on this machine at the protocol's port. */
  readonly target?: string;
  /** Address of the lab's control routes, host:port or URL; false disables them. Default: port 5000 of the target's host. */
  readonly control?: string | false;
  /** Ports of the lab on this machine, for the defaults of `target` and `control`. Default: those of a lab without flags. */
  readonly labPorts?: Readonly<Partial<Record<Protocol, number>>>;
  /**
   * A relay between the run and its target: faults as text (`drop=0.1/0.1`) of one that the run starts, or `relay:NAME` for one
   * of the lab at `control`; `relay` for the one that listens on the target's port.
   */
  readonly via?: string;
  readonly mode?: Mode;
  /** Packets a second (open loop), or "max" for a closed loop. Default 100. */
  readonly rate?: number | "max";
  readonly arrival?: Arrival;
  /** Replaces `rate` and `duration`. */
  readonly stages?: readonly Stage[];
  /**
   * Default 1 for STAMP (32 in a closed loop, where packets go over connections), otherwise opened on demand up to 256
   * (32 in a closed loop). With streams on each, as many as have together that number of streams.
   */
  readonly connections?: number;
  /** Most requests in flight on each connection, for protocols that have streams. Default 32. */
  readonly streams?: number;
  /** Most STAMP packets in flight in a closed loop. Default 64. */
  readonly inFlight?: number;
  /** Default 10; Infinity for a run that ends with `stop()`. */
  readonly duration?: number;
  readonly count?: number;
  /** Octets of a packet. Default 64 for STAMP and for an HTTP body; plain text is not padded. */
  readonly size?: number;
  /** An answer after this time is late. Default 2. */
  readonly timeout?: number;
  /**
   * A packet without an answer is lost after this time; an answer before it is late. At least `timeout`. Default: two
   * timeouts, and at least 1 s after the timeout.
   */
  readonly wait?: number;
  /** Length of the phase before the measurement. Default 0. */
  readonly warmup?: number;
  /** Default: random; the report contains it. */
  readonly seed?: number;
  /** Whether the certificate of a target with TLS is verified. Default true. */
  readonly verify?: boolean;
  /** Certificates in PEM form that are trusted in place of those of the runtime. Default: those of the lab on this machine. */
  readonly ca?: string | Uint8Array;
  /** 4 or 6: only addresses of that family. */
  readonly family?: 4 | 6;
  /** Time between two snapshots. Default 1. */
  readonly interval?: number;
  readonly http?: HttpOptions;
  /** Whether losses are attributed during the run, not only at its end. Default: only for runs without an end. */
  readonly follow?: boolean;
  /**
   * Percentiles of the times that the report contains in addition and that its text shows, above 0 to 100. Default: 50,
   * 90, 95, 99 and 99.9, which every report contains.
   */
  readonly percentiles?: readonly number[];
  /** Objectives such as `p99<5ms`, `loss<0.1%`, `rate>=950`. */
  readonly objectives?: readonly string[];
}
