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
 * Calls `work` for each item, at most ITEMS_PER_TURN in one turn of the event loop, the first ones before the call
 * returns. Items that are added to a live iterable in the meantime are included. Rejects with the error of `work`.
 */
export async function overTurns<Item>(items: Iterable<Item>, work: (item: Item) => void): Promise<void> {
  let handled = 0;
  for (const item of items) {
    if (handled === ITEMS_PER_TURN) {
      handled = 0;
      await nextTurn();
    }
    handled++;
    work(item);
  }
}
