/** The toxics of a proxy, and which of them act on each of its connections. */

import { clamp } from "../base/numbers.ts";
import { type Random, random } from "../base/random.ts";
import { type Delay, DIRECTIONS, type Direction, perDirection } from "../faults/faults.ts";
import {
  LINK_RANGES,
  type LinkFaults,
  type LinkFaultsByDirection,
  NO_LINK_FAULTS,
  type Slice,
} from "../faults/link-faults.ts";
import type { ConnectionFaults, ConnectionHandle, StreamGate, StreamPlan } from "../relay/tcp/connection-faults.ts";
import { failed, toxicExists, toxicNotFound } from "./errors.ts";
import { GateChain, gateOf } from "./gates.ts";
import { attribute, changedToxic, directionOf, faultsOf, newToxic, type Toxic } from "./toxic.ts";

/** Most toxics of a proxy. */
const MAX_TOXICS = 64;

/** A toxic, and the random numbers that decide on which connections it acts. */
interface Entry {
  toxic: Toxic;
  readonly random: Random;
}

/** A toxic on one connection. */
interface Applied {
  readonly toxic: Toxic;
  readonly acts: boolean;
  readonly gate: StreamGate | undefined;
}

/** One direction of a connection. */
class StreamToxics {
  #applied = new Map<Entry, Applied>();
  readonly #chain = new GateChain();
  #plan: StreamPlan = { faults: NO_LINK_FAULTS, gate: undefined };

  constructor(private readonly connection: ConnectionHandle) {}

  /** The plan with the current toxics. What is not changed keeps its state, and whether it acts. */
  plan(entries: readonly Entry[]): StreamPlan {
    const before = this.#applied;
    this.#applied = new Map(entries.map((entry) => [entry, this.#apply(entry, before.get(entry))]));
    const applied = [...this.#applied.values()];
    this.#chain.gates = applied.flatMap(({ gate }) => gate ?? []);
    for (const [entry, { gate }] of before) {
      const current = this.#applied.get(entry)?.gate;
      if (gate === undefined || current === gate) continue;
      gate[Symbol.dispose]();
      if (current === undefined) gate.removed();
    }
    const faults = faultsOf(applied.flatMap(({ acts, toxic }) => (acts ? toxic : [])));
    this.#plan = {
      faults: Bun.deepEquals(faults, this.#plan.faults) ? this.#plan.faults : faults,
      gate: this.#chain.gates.length > 0 ? this.#chain : undefined,
    };
    return this.#plan;
  }

  #apply({ toxic, random }: Entry, before: Applied | undefined): Applied {
    if (before?.toxic === toxic) return before;
    const acts = random() < toxic.toxicity;
    return { toxic, acts, gate: acts ? gateOf(toxic, this.connection, before?.gate) : undefined };
  }
}

/** The toxics of a proxy. */
export class ToxicSet implements ConnectionFaults {
  readonly #entries: Entry[] = [];
  readonly #connections = new WeakMap<ConnectionHandle, Readonly<Record<Direction, StreamToxics>>>();

  constructor(
    /** 0 to 2^32 - 1. */
    private readonly seed: number,
    /** Name of the proxy. */
    private readonly proxy: string,
    /** Called after each change. */
    private readonly changed: () => void,
  ) {}

  /** Those of the stream `upstream`, then the others, each in the order in which they were added. */
  list(): readonly Toxic[] {
    return DIRECTIONS.flatMap((direction) => this.#in(direction)).map(({ toxic }) => toxic);
  }

  #in(direction: Direction): readonly Entry[] {
    return this.#entries.filter(({ toxic }) => directionOf(toxic) === direction);
  }

  #entry(name: string): Entry {
    const entry = this.#entries.find(({ toxic }) => toxic.name === name);
    if (!entry) throw toxicNotFound();
    return entry;
  }

  /** The toxic with this name. Throws ToxiproxyError. */
  get(name: string): Toxic {
    return this.#entry(name).toxic;
  }

  /** Adds a toxic behind the others. Throws ToxiproxyError. */
  add(body: unknown): Toxic {
    const toxic = newToxic(body);
    if (this.#entries.some((entry) => entry.toxic.name === toxic.name)) throw toxicExists();
    if (this.#entries.length >= MAX_TOXICS) throw failed(`a proxy has at most ${MAX_TOXICS} toxics`);
    this.#entries.push({ toxic, random: random(this.seed, `relay/${this.proxy}/toxic/${toxic.name}`) });
    this.changed();
    return toxic;
  }

  /** Changes attributes and toxicity; on which connections it acts is decided again. Throws ToxiproxyError. */
  update(name: string, body: unknown): Toxic {
    const entry = this.#entry(name);
    entry.toxic = changedToxic(entry.toxic, body);
    this.changed();
    return entry.toxic;
  }

  /** Throws ToxiproxyError. */
  remove(name: string): void {
    this.#entries.splice(this.#entries.indexOf(this.#entry(name)), 1);
    this.changed();
  }

  /** Removes all of them. */
  clear(): void {
    this.#entries.length = 0;
    this.changed();
  }

  of(connection: ConnectionHandle): Readonly<Record<Direction, StreamPlan>> {
    let streams = this.#connections.get(connection);
    if (!streams) {
      streams = perDirection(() => new StreamToxics(connection));
      this.#connections.set(connection, streams);
    }
    return { up: streams.up.plan(this.#in("up")), down: streams.down.plan(this.#in("down")) };
  }

  get shown(): LinkFaultsByDirection {
    return perDirection((direction) => shownOf(this.#in(direction).map(({ toxic }) => toxic)));
  }
}

const shownMs = (ms: number) => clamp(ms, 0, LINK_RANGES.ms.maximum);

function shownDelay(delay: Delay): Delay {
  if (delay.kind === "fixed") return { kind: "fixed", ms: shownMs(delay.ms) };
  if (delay.kind !== "uniform") return delay;
  return { kind: "uniform", minMs: shownMs(delay.minMs), maxMs: shownMs(delay.maxMs) };
}

function shownSlice({ bytes, variation, gapMs }: Slice): Slice {
  const shown = Math.min(bytes, LINK_RANGES.sliceBytes.maximum);
  return { bytes: shown, variation: Math.min(variation, shown - 1), gapMs: shownMs(gapMs) };
}

/** The faults of toxics as those of a path, in its ranges. Only `stall` and `reset` have a share of the connections there. */
function shownOf(toxics: readonly Toxic[]): LinkFaults {
  const last = (type: Toxic["type"]) => toxics.findLast((toxic) => toxic.type === type);
  const [timeout, reset, limit] = [last("timeout"), last("reset_peer"), last("limit_data")];
  const share = (toxic: Toxic) => Math.min(1, Math.max(0, toxic.toxicity));
  const { delay, rate, slice, slowClose, ...others } = faultsOf(toxics);
  const closeMs = timeout ? shownMs(attribute(timeout, "timeout")) : 0;
  return {
    ...others,
    ...(delay && { delay: shownDelay(delay) }),
    ...(rate !== undefined && { rate: Math.min(rate, LINK_RANGES.rate.maximum) }),
    ...(slice && { slice: shownSlice(slice) }),
    ...(slowClose !== undefined && { slowClose: shownMs(slowClose) }),
    ...(timeout && { stall: { probability: share(timeout), ...(closeMs > 0 && { afterMs: closeMs }) } }),
    ...(reset && { reset: { probability: share(reset), afterMs: shownMs(attribute(reset, "timeout")) } }),
    ...(limit && { limit: attribute(limit, "bytes") }),
  };
}
