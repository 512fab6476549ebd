/** Decides what the faults do to one packet. Pure: random numbers are an argument, and nothing is sent or delayed here. */
import { clamp } from "../base/numbers.ts";
import type { Protocol } from "../base/protocol.ts";
import { type Random, random } from "../base/random.ts";
import { type Burst, type Delay, type Direction, type Faults, MAX_DELAY_MS } from "./faults.ts";

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

/** The random streams of one protocol, one for each kind and direction, and the state of its bursts. */
export interface Chance {
  readonly dropUp: Random;
  readonly dropDown: Random;
  readonly closeUp: Random;
  readonly closeDown: Random;
  readonly stallUp: Random;
  readonly stallDown: Random;
  readonly burstUp: Random;
  readonly burstDown: Random;
  readonly delay: Random;
  readonly duplicate: Random;
  readonly reorder: Random;
  readonly corrupt: Random;
  readonly reset: Random;
  readonly status: Random;
  /** Whether the burst of each direction is in its bad state. */
  badUp: boolean;
  badDown: boolean;
}

/**
 * The random streams of `protocol` for `seed` (0 to 2^32 - 1). Each kind has its own stream: enabling one fault does not
 * change what another does to the same packets.
 */
export function chance(seed: number, protocol: Protocol): Chance {
  const stream = (name: string) => random(seed, `${protocol}/${name}`);
  return {
    dropUp: stream("drop/up"),
    dropDown: stream("drop/down"),
    closeUp: stream("close/up"),
    closeDown: stream("close/down"),
    stallUp: stream("stall/up"),
    stallDown: stream("stall/down"),
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
 * Decides what `faults` do to the next packet and writes it into `fate`. Every enabled fault draws for every packet,
 * including packets that another fault loses: the fate of packet n depends only on the seed and on n.
 */
export function decide(faults: Faults, chance: Chance, fate: Fate): Fate {
  const { up, down } = fate;
  const { burst, status } = faults;
  up.lostBy = undefined;
  down.lostBy = undefined;
  if (burst?.up) {
    chance.badUp = nextState(burst.up, chance.badUp, chance.burstUp());
    if (chance.badUp) up.lostBy = "burst";
  }
  if (burst?.down) {
    chance.badDown = nextState(burst.down, chance.badDown, chance.burstDown());
    if (chance.badDown) down.lostBy = "burst";
  }
  if (faults.drop) {
    if (chance.dropUp() < faults.drop.up) up.lostBy ??= "drop";
    if (chance.dropDown() < faults.drop.down) down.lostBy ??= "drop";
  }
  if (faults.close) {
    if (chance.closeUp() < faults.close.up) up.lostBy ??= "close";
    if (chance.closeDown() < faults.close.down) down.lostBy ??= "close";
  }
  if (faults.stall) {
    if (chance.stallUp() < faults.stall.up) up.lostBy ??= "stall";
    if (chance.stallDown() < faults.stall.down) down.lostBy ??= "stall";
  }
  if (faults.reset && chance.reset() < faults.reset) down.lostBy ??= "reset";
  down.delayMs = faults.delay ? sampleDelay(faults.delay, chance.delay) : 0;
  down.duplicate = faults.duplicate !== undefined && chance.duplicate() < faults.duplicate;
  down.reorder = faults.reorder !== undefined && chance.reorder() < faults.reorder;
  down.corruptAt = faults.corrupt === undefined ? -1 : corruptionPlace(faults.corrupt, chance.corrupt);
  down.status = status && chance.status() < status.probability ? status.code : 0;
  return fate;
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

/** Draws one delay, 0 to MAX_DELAY_MS ms. */
export function sampleDelay(delay: Delay, random: Random): number {
  return clamp(drawDelay(delay, random), 0, MAX_DELAY_MS);
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

/** Flips one bit of `bytes` between the offsets `from` and `to`, at the relative position `place` (0 to 1). */
export function corrupt(bytes: Uint8Array, place: number, from: number, to: number): void {
  const bit = Math.floor(place * (to - from) * 8);
  const at = from + (bit >> 3);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
}
