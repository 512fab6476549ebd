/** The faults of a path between two hosts, for each direction: those of packets, and those that only a path can have. */
import { DIRECTIONS, type Direction, RANGES as PACKET_RANGES, type Range } from "./faults.ts";
import type { PacketFaults } from "./packet-faults.ts";

/** Limit of the octets that wait in front of a rate: a number of them, or the time that they take, ms. */
export type QueueLimit = { readonly bytes: number } | { readonly ms: number };

/** Divides a stream into segments. */
export interface Slice {
  /** Mean length of a segment, octets. */
  readonly bytes: number;
  /** Most octets by which a length differs from the mean. */
  readonly variation: number;
  /** Time between two segments, ms. */
  readonly gapMs: number;
}

/** What happens to some of the connections, after a time. */
export interface ShareAfter {
  /** Share of the connections. */
  readonly probability: number;
  /**
   * Time after the connection was opened or, if that was later, the fault was set, ms; for `stall` the time after which it is
   * closed, absent for never.
   */
  readonly afterMs?: number;
}

/** The faults of one direction of a path. An absent kind is off. */
export interface LinkFaults
  extends Pick<PacketFaults, "drop" | "burst" | "delay" | "correlation" | "duplicate" | "reorder" | "corrupt"> {
  /** Packets leave in the order in which they came, however much their delays differ. */
  readonly order?: "keep";
  /** Bits per second, counted in octets of the payload. */
  readonly rate?: number;
  /** What waits in front of the rate at most: 100 ms without it. */
  readonly queue?: QueueLimit;
  /** Nothing passes on some connections, which stay open. */
  readonly stall?: ShareAfter;
  /** Some connections are reset. */
  readonly reset?: ShareAfter;
  /** A connection ends after this many octets. */
  readonly limit?: number;
  /** The stream is divided into small segments. */
  readonly slice?: Slice;
  /** The end of the stream is delayed, ms. */
  readonly slowClose?: number;
}

/** The faults of both directions: `up` from the client to the upstream, `down` back. */
export type LinkFaultsByDirection = Readonly<Record<Direction, LinkFaults>>;

/** The transports that a relay forwards. */
export const TRANSPORTS = ["tcp", "udp"] as const;
/** One of TRANSPORTS. */
export type Transport = (typeof TRANSPORTS)[number];

/** A kind of fault of a path. */
export type LinkKind = keyof LinkFaults;

/** The kinds that each transport accepts. */
export const LINK_KINDS = {
  tcp: ["delay", "correlation", "rate", "queue", "stall", "reset", "limit", "slice", "slowClose"],
  udp: ["drop", "burst", "delay", "correlation", "order", "duplicate", "reorder", "corrupt", "rate", "queue"],
} as const satisfies Readonly<Record<Transport, readonly LinkKind[]>>;

/** The name of a kind in text. */
export const nameOf = (kind: LinkKind): string => (kind === "slowClose" ? "slow-close" : kind);

/** The directions that one value of a kind sets. Those of a protocol's faults are the same as there. */
export const DIRECTIONS_OF_ONE: Readonly<Record<LinkKind, readonly Direction[]>> = {
  drop: ["up"],
  burst: ["up"],
  stall: ["up"],
  delay: ["down"],
  duplicate: ["down"],
  reorder: ["down"],
  corrupt: ["down"],
  reset: ["down"],
  correlation: DIRECTIONS,
  order: DIRECTIONS,
  rate: DIRECTIONS,
  queue: DIRECTIONS,
  limit: DIRECTIONS,
  slice: DIRECTIONS,
  slowClose: DIRECTIONS,
};

/** The allowed numbers of the fields that only a path has. */
export const LINK_RANGES = {
  ...PACKET_RANGES,
  correlation: { minimum: 0, maximum: 0.999 },
  /** Bits per second. */
  rate: { minimum: 100, maximum: 1e12 },
  queueBytes: { minimum: 1, maximum: 2 ** 30 },
  limit: { minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  sliceBytes: { minimum: 1, maximum: 65_536 },
} as const satisfies Readonly<Record<string, Range>>;

/** No faults in a direction. A single object, so that one comparison shows whether any fault is on. */
export const NO_LINK_FAULTS: LinkFaults = Object.freeze({});
/** No faults in both directions. */
export const NO_FAULTS_BY_DIRECTION: LinkFaultsByDirection = Object.freeze({
  up: NO_LINK_FAULTS,
  down: NO_LINK_FAULTS,
});

/** The faults of a direction without those of the rate and of connections: what `decideDirection` uses. */
export function packetFaultsOf({
  drop,
  burst,
  delay,
  correlation,
  duplicate,
  reorder,
  corrupt,
}: LinkFaults): PacketFaults {
  return {
    ...(drop !== undefined && { drop }),
    ...(burst && { burst }),
    ...(delay && { delay }),
    ...(correlation !== undefined && { correlation }),
    ...(duplicate !== undefined && { duplicate }),
    ...(reorder !== undefined && { reorder }),
    ...(corrupt !== undefined && { corrupt }),
  };
}

/** The limit of a queue in front of `rate` (bit/s), octets. */
export function queueBytes(queue: QueueLimit | undefined, rate: number): number {
  if (queue && "bytes" in queue) return queue.bytes;
  return ((queue?.ms ?? 100) * rate) / 8000;
}
