/**
 * What the faults are, and what they do to one packet. Pure: no clock, no socket, no randomness of its own.
 * The text form is read and printed by impairment-text.ts.
 */
import { byProtocol, type Protocol, REGISTRY } from "../base/protocol.ts";
import { type Random, random } from "../base/random.ts";

/** The two ways of a packet: `up` from the client to the lab, `down` back. */
export const DIRECTIONS = ["up", "down"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Every kind of fault. */
export const KINDS = ["drop", "burst", "delay", "duplicate", "reorder", "corrupt", "reset", "status"] as const;
export type Kind = (typeof KINDS)[number];

/** The kinds of faults that each protocol accepts, from the registry. */
export const KINDS_OF: Readonly<Record<Protocol, readonly Kind[]>> = byProtocol(
  (protocol) => REGISTRY[protocol].faults,
);

/** The directions in which a kind acts: losses both ways, the rest on the answer alone. */
export const DIRECTIONS_OF: Readonly<Record<Kind, readonly Direction[]>> = {
  drop: DIRECTIONS,
  burst: DIRECTIONS,
  delay: ["down"],
  duplicate: ["down"],
  reorder: ["down"],
  corrupt: ["down"],
  reset: ["down"],
  status: ["down"],
};

/** The longest delay that can be asked for, in ms; samples of an unbounded distribution are cut there. */
export const MAX_DELAY_MS = 60_000;

/** How long an answer is put off, in ms; every sample lies in 0 to MAX_DELAY_MS. */
export type Delay =
  | { readonly kind: "fixed"; readonly ms: number }
  | { readonly kind: "uniform"; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: "normal"; readonly meanMs: number; readonly stddevMs: number }
  | { readonly kind: "pareto"; readonly scaleMs: number; readonly shape: number };

/** Gilbert's two-state loss: all is lost in the bad state, nothing in the good one (RFC 6534 section 3.3 names it). */
export interface Burst {
  /** Probability, at each packet, to go from the good state to the bad one. */
  readonly goodToBad: number;
  /** Probability, at each packet, to go back. The mean length of a burst is 1 / badToGood packets. */
  readonly badToGood: number;
}

/** The faults of one protocol. A kind that is absent is off. Probabilities are from 0 to 1. */
export interface Faults {
  readonly drop?: { readonly up: number; readonly down: number };
  readonly burst?: { readonly up?: Burst; readonly down?: Burst };
  readonly delay?: Delay;
  readonly duplicate?: number;
  readonly reorder?: number;
  readonly corrupt?: number;
  readonly reset?: number;
  readonly status?: { readonly code: number; readonly probability: number };
}

/** The faults of all three protocols. */
export type Impairments = Readonly<Record<Protocol, Faults>>;

/** No fault at all. One object, so that "is anything on?" is one comparison. */
export const NO_FAULTS: Faults = Object.freeze({});

/** Nothing is broken. */
export const NO_IMPAIRMENTS: Impairments = byProtocol(() => NO_FAULTS);

/** Faults that have a name; `classroom` is what the old learning project did to its packets. */
export const PRESETS: Readonly<Record<string, Impairments>> = {
  none: NO_IMPAIRMENTS,
  classroom: {
    ...NO_IMPAIRMENTS,
    http: { drop: { up: 0.2, down: 0 }, delay: { kind: "uniform", minMs: 0, maxMs: 1500 } },
    tcp: { drop: { up: 0.2, down: 0 } },
    udp: { drop: { up: 0.2, down: 0 } },
  },
};

/** What becomes of one packet. A mutable record, filled by `decide`, so that a packet allocates nothing. */
export interface Fate {
  /** Which fault takes the packet before it is handled. */
  lostUp: "drop" | "burst" | undefined;
  /** Which fault takes its answer. */
  lostDown: "drop" | "burst" | "reset" | undefined;
  /** How long the answer is put off, in ms. */
  delayMs: number;
  /** The answer goes twice. */
  duplicate: boolean;
  /** The answer is overtaken by the next one to the same peer. */
  reorder: boolean;
  /** Where, as a part of the answer from 0 to 1, one bit is flipped; -1 for nowhere. */
  corruptAt: number;
  /** The HTTP status that stands in for the answer; 0 for none. */
  status: number;
}

/** A fate in which nothing happens. */
export function cleanFate(): Fate {
  return {
    lostUp: undefined,
    lostDown: undefined,
    delayMs: 0,
    duplicate: false,
    reorder: false,
    corruptAt: -1,
    status: 0,
  };
}

/** The chances of one protocol: a stream of numbers for each kind and way, and what the bursts remember. */
export interface Chance {
  readonly dropUp: Random;
  readonly dropDown: Random;
  readonly burstUp: Random;
  readonly burstDown: Random;
  readonly delay: Random;
  readonly duplicate: Random;
  readonly reorder: Random;
  readonly corrupt: Random;
  readonly reset: Random;
  readonly status: Random;
  /** Whether each way is in the bad state of its burst. */
  badUp: boolean;
  badDown: boolean;
}

/**
 * The chances that `seed` (0 to 2^32 - 1) gives to `protocol`. Each kind draws from a stream of its own, so that
 * turning one fault on does not change what another does to the same packets.
 */
export function chance(seed: number, protocol: Protocol): Chance {
  const stream = (name: string) => random(seed, `${protocol}/${name}`);
  return {
    dropUp: stream("drop/up"),
    dropDown: stream("drop/down"),
    burstUp: stream("burst/up"),
    burstDown: stream("burst/down"),
    delay: stream("delay"),
    duplicate: stream("duplicate"),
    reorder: stream("reorder"),
    corrupt: stream("corrupt"),
    reset: stream("reset"),
    status: stream("status"),
    badUp: false,
    badDown: false,
  };
}

/**
 * Decides what `faults` do to the next packet and writes it into `fate`. Every fault that is on draws for every
 * packet, also for one that another fault takes: the n-th packet's fate depends on the seed and on n alone.
 */
export function decide(faults: Faults, chance: Chance, fate: Fate): Fate {
  fate.lostUp = undefined;
  fate.lostDown = undefined;
  const { drop, burst, status } = faults;
  if (burst?.up) {
    chance.badUp = nextState(burst.up, chance.badUp, chance.burstUp());
    if (chance.badUp) fate.lostUp = "burst";
  }
  if (burst?.down) {
    chance.badDown = nextState(burst.down, chance.badDown, chance.burstDown());
    if (chance.badDown) fate.lostDown = "burst";
  }
  if (drop) {
    if (chance.dropUp() < drop.up) fate.lostUp ??= "drop";
    if (chance.dropDown() < drop.down) fate.lostDown ??= "drop";
  }
  if (faults.reset && chance.reset() < faults.reset) fate.lostDown ??= "reset";
  fate.delayMs = faults.delay ? sampleDelay(faults.delay, chance.delay) : 0;
  fate.duplicate = faults.duplicate !== undefined && chance.duplicate() < faults.duplicate;
  fate.reorder = faults.reorder !== undefined && chance.reorder() < faults.reorder;
  fate.corruptAt = faults.corrupt === undefined ? -1 : corruptionPlace(faults.corrupt, chance.corrupt);
  fate.status = status && chance.status() < status.probability ? status.code : 0;
  return fate;
}

function nextState(burst: Burst, bad: boolean, draw: number): boolean {
  return bad ? draw >= burst.badToGood : draw < burst.goodToBad;
}

/** Draws twice whatever comes of it, so that the stream stays in step with the packets. */
function corruptionPlace(probability: number, random: Random): number {
  const hit = random() < probability;
  const place = random();
  return hit ? place : -1;
}

/** One delay in ms, from 0 to MAX_DELAY_MS. */
export function sampleDelay(delay: Delay, random: Random): number {
  return Math.min(MAX_DELAY_MS, Math.max(0, drawDelay(delay, random)));
}

function drawDelay(delay: Delay, random: Random): number {
  switch (delay.kind) {
    case "fixed":
      return delay.ms;
    case "uniform":
      return delay.minMs + random() * (delay.maxMs - delay.minMs);
    case "normal": {
      const radius = Math.sqrt(-2 * Math.log(1 - random())); // Box-Muller; 1 - random() is never 0
      return delay.meanMs + delay.stddevMs * radius * Math.cos(2 * Math.PI * random());
    }
    case "pareto":
      return delay.scaleMs / (1 - random()) ** (1 / delay.shape);
  }
}

/** Flips one bit of `bytes` between `from` and `to`, `place` (0 to 1) of the way along. */
export function corrupt(bytes: Uint8Array, place: number, from: number, to: number): void {
  const bit = Math.floor(place * (to - from) * 8);
  const at = from + (bit >> 3);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
}
