/** Work on any number of items, divided over turns of the event loop. */

/**
 * Most items handled in one turn. The runtime ends the process with "Maximum call stack size exceeded" when one turn
 * completes thousands of responses.
 */
export const ITEMS_PER_TURN = 256;

/** Resolves in the next turn of the event loop, after the sockets have been served. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Calls `work` for each item, at most `perTurn` in one turn of the event loop, the first ones before the call returns.
 * Items that are added to a live iterable in the meantime are included. Rejects with the error of `work`.
 */
export async function overTurns<Item>(
  items: Iterable<Item>,
  work: (item: Item) => void,
  perTurn = ITEMS_PER_TURN,
): Promise<void> {
  let handled = 0;
  for (const item of items) {
    if (handled === perTurn) {
      handled = 0;
      await nextTurn();
    }
    handled++;
    work(item);
  }
}

/** Limits how often something is done in one turn of the event loop, by all that share the limit. */
export class TurnLimit {
  #left: number;

  constructor(private readonly most = ITEMS_PER_TURN) {
    this.#left = most;
  }

  /** Whether it may be done once more in this turn. */
  take(): boolean {
    if (this.#left === 0) return false;
    if (this.#left === this.most) setImmediate(this.#turned);
    this.#left--;
    return true;
  }

  readonly #turned = () => {
    this.#left = this.most;
  };
}

/** The JSON of an object with `fields` and, after them, fields whose values are JSON already. */
export function jsonWith(fields: object, encoded: Readonly<Record<string, string>>): string {
  const own = Object.entries(fields).map(([name, value]) => [name, JSON.stringify(value)] as const);
  const all = [...own, ...Object.entries(encoded)].filter(([, text]) => text !== undefined);
  return `{${all.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join()}}`;
}

/**
 * A stream of the JSON of an object with `fields` and, after them, the field `name`: an array of the values of `items`. They
 * are made and encoded `perTurn` in a turn of the event loop, when the reader has read those before.
 */
export function jsonStream<Item>(
  fields: object,
  name: string,
  items: readonly Item[],
  toValue: (item: Item) => unknown,
  perTurn: number,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let at = 0;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(jsonWith(fields, { [name]: "[" }).slice(0, -1)));
    },
    async pull(controller) {
      await nextTurn();
      const texts = items.slice(at, at + perTurn).map((item) => JSON.stringify(toValue(item)));
      const separator = at > 0 && texts.length > 0 ? "," : "";
      at += perTurn;
      const isLast = at >= items.length;
      controller.enqueue(encoder.encode(`${separator}${texts.join()}${isLast ? "]}" : ""}`));
      if (isLast) controller.close();
    },
  });
}
