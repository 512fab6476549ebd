/** The relays of one process, by name. */
import { oneAtATime } from "../base/one-at-a-time.ts";
import { assertAllowed, Relay, type RelayContext } from "./relay.ts";
import { assertNoCycle } from "./route/cycles.ts";
import { openRoute, RelayError, type RelayRoute, relayTitle } from "./route/route.ts";

/** Most relays of a process. */
export const MAX_RELAYS = 64;

/** Opens, replaces and closes relays, one change at a time. */
export class Relays {
  readonly #byName = new Map<string, Relay>();
  /** Two changes of one name could open a port twice. */
  readonly #inTurn = oneAtATime();
  #isClosed = false;

  constructor(private readonly context: RelayContext) {}

  /** In the order in which they were made. */
  list(): readonly Relay[] {
    return [...this.#byName.values()];
  }

  get(name: string): Relay | undefined {
    return this.#byName.get(name);
  }

  /**
   * Opens a relay. One with this name and another route is closed first, and its faults stay; one with the same route stays
   * open. Rejects with RelayError; the relay before is open again then, if its port still is free.
   */
  put(route: RelayRoute): Promise<Relay> {
    return this.#inTurn(async () => {
      if (this.#isClosed)
        throw new RelayError(`${relayTitle(route.name)}: no relay can be opened any more`, { isConflict: true });
      const before = this.#byName.get(route.name);
      if (before && Bun.deepEquals(before.route, route)) return before;
      if (!before && this.#byName.size >= MAX_RELAYS)
        throw new RelayError(`${relayTitle(route.name)}: there are ${MAX_RELAYS} relays already`, { isConflict: true });
      assertNoCycle(
        route,
        this.list().flatMap((relay) => (relay === before ? [] : openRoute(relay))),
      );
      assertAllowed(route); // before the flows of the relay before are lost
      await before?.[Symbol.asyncDispose]();
      try {
        return await this.#open(route, before);
      } catch (error) {
        if (before) await this.#open(openRoute(before), before).catch(() => this.#byName.delete(route.name));
        throw error;
      }
    });
  }

  /** Opens a relay with the faults of the one before it, if it is of the same transport, at its place in the order. */
  async #open(route: RelayRoute, before: Relay | undefined): Promise<Relay> {
    const relay = await Relay.open(route, this.context);
    if (before && before.route.protocol === route.protocol) relay.setFaults(before.faults);
    this.#byName.set(route.name, relay);
    return relay;
  }

  /** Closes a relay and its connections; resolves with false if there is none. */
  delete(name: string): Promise<boolean> {
    return this.#inTurn(() => this.#close(name));
  }

  async #close(name: string): Promise<boolean> {
    const relay = this.#byName.get(name);
    this.#byName.delete(name);
    await relay?.[Symbol.asyncDispose]();
    return relay !== undefined;
  }

  /** Closes all of them; none can be opened after that. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(async () => {
      this.#isClosed = true;
      for (const name of [...this.#byName.keys()]) await this.#close(name);
    });
  }
}
