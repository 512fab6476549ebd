/** How many packets a run can have in flight: its connections, the streams on each, and the window of a closed loop. */
import { PROTOCOLS, type Protocol, REGISTRY } from "../../base/protocol.ts";
import { UsageError } from "./errors.ts";
import type { LoadOptions } from "./options.ts";
import { wholeInRange } from "./ranges.ts";
import { alternatives } from "./values.ts";

/** Most packets without numbers in flight, on connections that are opened on demand. */
const ON_DEMAND = 256;
/** Packets in flight in a closed loop: one on each connection, or one in each stream. */
const CLOSED_LOOP = 32;
const CLOSED_LOOP_WINDOW = 64;
const STREAMS = 32;
const MAX_CONNECTIONS = 10_000;
const MAX_STREAMS = 10_000;

/** Properties of the run on which several defaults and limits depend. */
export interface RunKind {
  readonly protocol: Protocol;
  /** Whether packets are STAMP test packets, which are numbered. */
  readonly stamp: boolean;
  /** Whether a packet is sent when an answer arrives, without a schedule. */
  readonly closedLoop: boolean;
}

/** The connections of a run and what they carry. */
export interface Concurrency {
  readonly connections: number;
  /** Most requests in flight on each connection; 1 for a protocol without streams. */
  readonly streams: number;
  /** Whether all connections are opened before the run, not on demand. */
  readonly openAll: boolean;
  /** Most packets in flight, all connections together. */
  readonly window: number;
}

/** The streams on each connection; 1 for a protocol that has none. Throws a UsageError. */
function planStreams({ streams }: LoadOptions, { protocol }: RunKind): number {
  if (REGISTRY[protocol].streams) return wholeInRange("streams", streams ?? STREAMS, 1, MAX_STREAMS);
  if (streams === undefined) return 1;
  const names = alternatives(PROTOCOLS.filter((name) => REGISTRY[name].streams));
  throw new UsageError(`--streams requires ${names}; the connections of ${protocol} have no streams`);
}

function planConnections({ connections }: LoadOptions, kind: RunKind, streams: number): number {
  const { protocol, stamp, closedLoop } = kind;
  if (connections !== undefined) return wholeInRange("connections", connections, 1, MAX_CONNECTIONS);
  if (stamp) return closedLoop && REGISTRY[protocol].connections ? CLOSED_LOOP : 1;
  return Math.max(1, Math.floor((closedLoop ? CLOSED_LOOP : ON_DEMAND) / streams));
}

function planWindow({ inFlight }: LoadOptions, { stamp, closedLoop }: RunKind, capacity: number): number {
  if (inFlight !== undefined && !(stamp && closedLoop)) {
    const names = alternatives(PROTOCOLS.filter((name) => REGISTRY[name].stamp));
    throw new UsageError(`--in-flight requires --rate max on ${names}; otherwise the connections are the limit`);
  }
  if (!closedLoop) return Number.POSITIVE_INFINITY;
  if (!stamp) return capacity;
  return wholeInRange("in-flight", inFlight ?? Math.max(CLOSED_LOOP_WINDOW, capacity), 1, 1_000_000);
}

/** The connections of a run, the streams on each, and the most packets in flight. Throws a UsageError. */
export function planConcurrency(options: LoadOptions, kind: RunKind): Concurrency {
  const streams = planStreams(options, kind);
  const connections = planConnections(options, kind, streams);
  return {
    connections,
    streams,
    openAll: kind.closedLoop || kind.stamp || options.connections !== undefined,
    window: planWindow(options, kind, connections * streams),
  };
}
