/** The faults that the process injects: kinds, directions, values and presets (docs/CONTRACT.md, section 4). */
import { byProtocol, type Protocol, REGISTRY } from "../base/protocol.ts";

/** The directions of a packet: `up` from the client to the lab, `down` from the lab to the client. */
export const DIRECTIONS = ["up", "down"] as const;
/** One of DIRECTIONS. */
export type Direction = (typeof DIRECTIONS)[number];

/** A record with `make(direction)` for each direction. */
export function perDirection<Value>(make: (direction: Direction) => Value): Readonly<Record<Direction, Value>> {
  return { up: make("up"), down: make("down") };
}

/** Every kind of fault. */
export const KINDS = [
  "drop",
  "close",
  "stall",
  "burst",
  "delay",
  "duplicate",
  "reorder",
  "corrupt",
  "reset",
  "status",
] as const;
/** One of KINDS. */
export type Kind = (typeof KINDS)[number];

/** The kinds of faults that each protocol accepts, from the registry. */
export const KINDS_OF: Readonly<Record<Protocol, readonly Kind[]>> = byProtocol(
  (protocol) => REGISTRY[protocol].faults,
);

/** The directions in which each kind can act. */
export const DIRECTIONS_OF: Readonly<Record<Kind, readonly Direction[]>> = {
  drop: DIRECTIONS,
  close: DIRECTIONS,
  stall: DIRECTIONS,
  burst: DIRECTIONS,
  delay: DIRECTIONS,
  duplicate: DIRECTIONS,
  reorder: DIRECTIONS,
  corrupt: DIRECTIONS,
  reset: ["down"],
  status: ["down"],
};

/** Longest delay that can be configured, ms; samples of an unbounded distribution are limited to it. */
export const MAX_DELAY_MS = 60_000;

/** A range of numbers, both ends included. */
export interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

/** The allowed numbers of every field of the faults, in the text form, in JSON and in the library. */
export const RANGES = {
  probability: { minimum: 0, maximum: 1 },
  /** Of `Burst.badToGood`; a state that never ends would lose every packet. */
  recovery: { minimum: 1e-9, maximum: 1 },
  ms: { minimum: 0, maximum: MAX_DELAY_MS },
  shape: { minimum: 0.01, maximum: 1000 },
  /** An integer. */
  status: { minimum: 400, maximum: 599 },
} as const satisfies Readonly<Record<string, Range>>;

/** Distribution of the delay, ms; every sample lies between 0 and MAX_DELAY_MS. */
export type Delay =
  | { readonly kind: "fixed"; readonly ms: number }
  | { readonly kind: "uniform"; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: "normal"; readonly meanMs: number; readonly stddevMs: number }
  | { readonly kind: "pareto"; readonly scaleMs: number; readonly shape: number };

/** Gilbert's two-state model: every packet is lost in the bad state, none in the good state (RFC 6534 section 3.3). */
export interface Burst {
  /** Probability per packet of a transition from the good to the bad state. */
  readonly goodToBad: number;
  /** Probability per packet of a transition back. The mean burst length is 1 / badToGood packets. */
  readonly badToGood: number;
}

/** A probability for each direction. */
export interface ByDirection {
  readonly up: number;
  readonly down: number;
}

/** A value of the downstream direction alone, or one for each direction; a direction that is absent has none. */
export type DownOrBoth<Value> = Value | { readonly up?: Value; readonly down?: Value };

/** Whether a value has parts for directions and nothing else. */
export function isByDirection<Value extends number | Delay>(
  value: DownOrBoth<Value>,
): value is { readonly up?: Value; readonly down?: Value } {
  if (typeof value !== "object" || value === null) return false;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => name === "up" || name === "down");
}

/** The part of a value that one direction has; undefined for none. */
export function inDirection<Value extends number | Delay>(
  value: DownOrBoth<Value> | undefined,
  direction: Direction,
): Value | undefined {
  if (value === undefined) return undefined;
  if (isByDirection(value)) return value[direction];
  return direction === "down" ? (value as Value) : undefined; // the guard does not narrow a type parameter
}

/** The faults of one protocol. An absent kind is off. Probabilities are between 0 and 1. */
export interface Faults {
  readonly drop?: ByDirection;
  /** HTTP: the connection ends without a response. */
  readonly close?: ByDirection;
  /** HTTP: there is no response, and the connection stays open. */
  readonly stall?: ByDirection;
  readonly burst?: { readonly up?: Burst; readonly down?: Burst };
  readonly delay?: DownOrBoth<Delay>;
  readonly duplicate?: DownOrBoth<number>;
  readonly reorder?: DownOrBoth<number>;
  readonly corrupt?: DownOrBoth<number>;
  readonly reset?: number;
  readonly status?: { readonly code: number; readonly probability: number };
}

/** The faults of every protocol. */
export type Impairments = Readonly<Record<Protocol, Faults>>;

/** No faults. A single object, so that one comparison shows whether any fault is on. */
export const NO_FAULTS: Faults = Object.freeze({});

/** No faults on any protocol. */
export const NO_IMPAIRMENTS: Impairments = byProtocol(() => NO_FAULTS);

/** Named sets of faults; `classroom` are the faults of the learning project that wirelab rebuilds. */
export const PRESETS: Readonly<Record<string, Impairments>> = {
  none: NO_IMPAIRMENTS,
  classroom: {
    ...NO_IMPAIRMENTS,
    http: { drop: { up: 0.2, down: 0 }, delay: { kind: "uniform", minMs: 0, maxMs: 1500 } },
    tcp: { drop: { up: 0.2, down: 0 } },
    udp: { drop: { up: 0.2, down: 0 } },
  },
};
