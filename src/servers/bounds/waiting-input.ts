/** The input of one connection that a later turn processes, because the turn of its receipt has taken long. */
import type { ConnectionTurns } from "./connection-turns.ts";

/** A connection whose input can wait. */
export interface InputReader<Item> {
  /** Processes one item; returns what is left of it if the turn has taken long. */
  process(item: Item): Item | undefined;
  /** An error of `process`: ends this connection only. */
  failed(error: unknown): void;
}

/** What waits, in the order of its receipt. The connection stays paused until nothing does. */
export class WaitingInput<Item> {
  #items: Item[] = [];

  constructor(
    private readonly turns: Pick<ConnectionTurns, "held" | "later">,
    private readonly reader: InputReader<Item>,
  ) {}

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Whether what is received now has to wait: the turn has taken long, or something waits already. */
  get isNeeded(): boolean {
    return this.turns.held || !this.isEmpty;
  }

  /** Adds an item whose memory nobody else uses. Called while the reading is held, or if something waits already. */
  add(item: Item): void {
    if (this.isEmpty) this.turns.later(this.#continue);
    this.#items.push(item);
  }

  /** Discards what waits. */
  clear(): void {
    this.#items = [];
  }

  /** Processes the items until the turn has taken long. */
  readonly #continue = (): void => {
    const items = this.#items;
    let done = 0;
    try {
      for (const item of items) {
        if (this.turns.held || items !== this.#items) break; // `process` can end the connection, which clears them
        const rest = this.reader.process(item);
        if (rest !== undefined) {
          items[done] = rest;
          break;
        }
        done++;
      }
    } catch (error) {
      this.reader.failed(error);
    }
    if (items !== this.#items) return;
    this.#items = items.slice(done);
    if (!this.isEmpty) this.turns.later(this.#continue);
  };
}
