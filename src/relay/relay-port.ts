/** What the relays of both transports have in common. */
import type { Bounded, Budget } from "../base/bounded.ts";
import type { Clock } from "../base/clock.ts";
import type { Chance } from "../faults/decide.ts";
import type { DelayQueue } from "../faults/delay-queue.ts";
import type { Direction } from "../faults/faults.ts";
import type { LinkFaultsByDirection } from "../faults/link-faults.ts";
import type { Tally } from "../metrics/counters.ts";
import type { DirectionCounts } from "./counts.ts";
import type { ConnectionFaults } from "./tcp/connection-faults.ts";
import type { Upstream } from "./upstream.ts";

/** Limits of one relay. */
export interface RelayLimits {
  /** UDP flows; a further one replaces one that is idle or new (`UdpFlows`). */
  readonly flows: number;
  /** Time without a datagram in either direction after which a UDP flow is closed, ms. */
  readonly flowIdleMs: number;
  /** TCP connections; further ones are refused. */
  readonly connections: number;
  /** Time for a TCP connection to the upstream to open, ms. */
  readonly connectMs: number;
  /** Octets of one direction of a TCP connection that wait in the relay, before it stops reading. */
  readonly waitingBytes: number;
  /** Packets that are delayed. */
  readonly delayed: number;
  /** Octets that are delayed, or that the kernel has not accepted, unless all relays have one budget. */
  readonly delayedBytes: number;
  /** Receive buffer requested for the UDP port, octets. */
  readonly receiveBuffer: number;
}

/** The default limits. */
export const RELAY_LIMITS: RelayLimits = {
  flows: 10_000,
  flowIdleMs: 120_000, // the least of a mapping of a NAT (RFC 4787, REQ-5)
  connections: 4096,
  connectMs: 10_000,
  waitingBytes: 1024 * 1024,
  delayed: 65_536,
  delayedBytes: 256 * 1024 * 1024,
  receiveBuffer: 4 * 1024 * 1024,
};

/** Why an upstream could not be reached. */
export const UPSTREAM_ERRORS = ["refused", "unreachable", "timeout", "no-address", "loop", "limit"] as const;
/** One of UPSTREAM_ERRORS. */
export type UpstreamError = (typeof UPSTREAM_ERRORS)[number];

/** What a relay of either transport is made of. */
export interface RelayParts {
  readonly counts: Readonly<Record<Direction, DirectionCounts>>;
  readonly upstream: Upstream;
  readonly upstreamErrors: Tally<UpstreamError>;
  readonly clock: Clock;
  readonly delayQueue: DelayQueue;
  /** The octets that wait: those that are delayed, and those that the kernel has not accepted. */
  readonly memory: Budget;
  readonly limits: RelayLimits;
  /** New random streams, from the seed. */
  readonly newChance: () => Chance;
  /** Counts an error of the relay itself. */
  readonly failed: (error: unknown) => void;
}

/** Packets and octets of a flow in one direction, as received, and those lost. */
export interface FlowAmounts {
  packets: number;
  bytes: number;
  drops: number;
}

/** One flow or connection. */
export interface FlowState {
  /** Of the client. */
  readonly address: string;
  readonly port: number;
  /** Monotonic ms. */
  readonly openedAt: number;
  readonly up: Readonly<FlowAmounts>;
  readonly down: Readonly<FlowAmounts>;
}

/** An open port. */
export interface RelayPort {
  readonly port: number;
  /** Open flows or connections. */
  readonly open: Bounded;
  /** Sets the faults of what comes from now on. */
  setFaults(faults: LinkFaultsByDirection): void;
  /** Selects the faults of each connection in place of those; TCP only. */
  setConnectionFaults?(faults: ConnectionFaults): void;
  /** The open flows or connections themselves, whose amounts go on changing. */
  flows(): readonly FlowState[];
  /**
   * Datagrams that the kernel dropped because a receive buffer of the relay was full, which no other counter has: of all clients
   * in one buffer (`up`), of the upstream in one for each flow (`down`). Undefined if the kernel does not report them. UDP only. Many flows are read in several turns of the
   * event loop.
   */
  receiveBufferDrops?(): Promise<Readonly<Record<Direction, number | undefined>>>;
  /** The same as far as known, at once: those of flows are read in turns, some of them each second. */
  knownReceiveBufferDrops?(): Readonly<Record<Direction, number | undefined>>;
  /** Closes the port and every flow. */
  close(): Promise<void>;
}
