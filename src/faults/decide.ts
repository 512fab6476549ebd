/** Decides what the faults do to one packet. Pure: random numbers are an argument, and nothing is sent or delayed here. */
import { type Random, random } from "../base/random.ts";
import { correlatedVariate, delayAt, sampleDelay } from "./delay.ts";
import type { Burst, Delay, Direction } from "./faults.ts";
import type { PacketFaults, PacketFaultsByDirection } from "./packet-faults.ts";

/** A fault that loses a packet. */
export type Loss = "drop" | "burst" | "close" | "stall" | "reset";

/** What happens to a packet in one direction. A mutable record that `decide` fills, so that a packet allocates nothing. */
export interface DirectionFate {
  /** The fault that loses the packet; undefined if none does. */
  lostBy: Loss | undefined;
  /** Delay, ms. */
  delayMs: number;
  /** The packet is sent twice. */
  duplicate: boolean;
  /** The packet is held back until the next one to the same peer is sent. */
  reorder: boolean;
  /** Relative position, 0 to 1, at which one bit is flipped; -1 for none. */
  corruptAt: number;
  /** HTTP status sent in place of the response; 0 for none. */
  status: number;
}

/** What happens to a packet in each direction. */
export type Fate = Readonly<Record<Direction, DirectionFate>>;

function cleanDirection(): DirectionFate {
  return { lostBy: undefined, delayMs: 0, duplicate: false, reorder: false, corruptAt: -1, status: 0 };
}

/** A fate without any fault. */
export function cleanFate(): Fate {
  return { up: cleanDirection(), down: cleanDirection() };
}

/** A copy that later calls of `decide` do not overwrite. */
export function copyFate({ up, down }: Fate): Fate {
  return { up: { ...up }, down: { ...down } };
}

/** The random streams of one direction, one for each kind, and the state of what depends on earlier packets. */
export interface DirectionChance {
  readonly drop: Random;
  readonly close: Random;
  readonly stall: Random;
  readonly burst: Random;
  readonly delay: Random;
  readonly duplicate: Random;
  readonly reorder: Random;
  readonly corrupt: Random;
  readonly reset: Random;
  readonly status: Random;
  /** Lengths of the segments of a stream. */
  readonly slice: Random;
  /** Whether the burst is in its bad state. */
  bad: boolean;
  /** The normal variate of the last delay with a correlation; undefined before the first. */
  delayVariate: number | undefined;
}

/** The random streams of both directions. */
export type Chance = Readonly<Record<Direction, DirectionChance>>;

/** Kinds whose streams have had a direction in their names from the start; those of other kinds have one upstream only. */
const NAMED_BY_DIRECTION: ReadonlySet<string> = new Set(["drop", "close", "stall", "burst"]);

function directionChance(seed: number, scope: string, direction: Direction): DirectionChance {
  const stream = (kind: string) => {
    const isNamed = direction === "up" || NAMED_BY_DIRECTION.has(kind);
    return random(seed, isNamed ? `${scope}/${kind}/${direction}` : `${scope}/${kind}`);
  };
  return {
    drop: stream("drop"),
    close: stream("close"),
    stall: stream("stall"),
    burst: stream("burst"),
    delay: stream("delay"),
    duplicate: stream("duplicate"),
    reorder: stream("reorder"),
    corrupt: stream("corrupt"),
    reset: stream("reset"),
    status: stream("status"),
    slice: stream("slice"),
    bad: false,
    delayVariate: undefined,
  };
}

/**
 * The random streams of `scope`, a protocol or a relay, for `seed` (0 to 2^32 - 1). Each kind has its own stream: enabling
 * one fault does not change what another does to the same packets.
 */
export function chance(seed: number, scope: string): Chance {
  return { up: directionChance(seed, scope, "up"), down: directionChance(seed, scope, "down") };
}

/** Decides what `faults` do to the next packet in both directions, as `decideDirection` does, and writes it into `fate`. */
export function decide(faults: PacketFaultsByDirection, chance: Chance, fate: Fate): Fate {
  decideDirection(faults.up, chance.up, fate.up);
  decideDirection(faults.down, chance.down, fate.down);
  return fate;
}

/**
 * Decides what the faults of one direction do to the next packet and writes it into `fate`. Every enabled fault draws for every
 * packet, including packets that another fault loses: the fate of packet n depends only on the seed and on n.
 */
export function decideDirection(faults: PacketFaults, chance: DirectionChance, fate: DirectionFate): void {
  fate.lostBy = undefined;
  if (faults.burst) {
    chance.bad = nextState(faults.burst, chance.bad, chance.burst());
    if (chance.bad) fate.lostBy = "burst";
  }
  if (faults.drop && chance.drop() < faults.drop) fate.lostBy ??= "drop";
  if (faults.close && chance.close() < faults.close) fate.lostBy ??= "close";
  if (faults.stall && chance.stall() < faults.stall) fate.lostBy ??= "stall";
  if (faults.reset && chance.reset() < faults.reset) fate.lostBy ??= "reset";
  fate.delayMs = faults.delay ? nextDelay(faults.delay, faults.correlation, chance) : 0;
  fate.duplicate = faults.duplicate !== undefined && chance.duplicate() < faults.duplicate;
  fate.reorder = faults.reorder !== undefined && chance.reorder() < faults.reorder;
  fate.corruptAt = faults.corrupt === undefined ? -1 : corruptionPlace(faults.corrupt, chance.corrupt);
  fate.status = faults.status && chance.status() < faults.status.probability ? faults.status.code : 0;
}

function nextDelay(delay: Delay, correlation: number | undefined, chance: DirectionChance): number {
  if (correlation === undefined) return sampleDelay(delay, chance.delay);
  chance.delayVariate = correlatedVariate(chance.delayVariate, correlation, chance.delay);
  return delayAt(delay, chance.delayVariate);
}

function nextState(burst: Burst, bad: boolean, draw: number): boolean {
  return bad ? draw >= burst.badToGood : draw < burst.goodToBad;
}

/** Draws twice in either case, so that the stream stays aligned with the packets. */
function corruptionPlace(probability: number, random: Random): number {
  const hit = random() < probability;
  const place = random();
  return hit ? place : -1;
}

/** Flips one bit of `bytes` between the offsets `from` and `to`, at the relative position `place` (0 to 1). */
export function corrupt(bytes: Uint8Array, place: number, from: number, to: number): void {
  const bit = Math.floor(place * (to - from) * 8);
  const at = from + (bit >> 3);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
}
