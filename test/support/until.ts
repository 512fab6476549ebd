/** Waits for a condition with a deadline. Tests wait in no other way. */

/** The shortest and the longest interval between two checks of the condition, in ms. */
const [SHORTEST_MS, LONGEST_MS] = [2, 32];
/** The interval as a part of the time that passed: a wait ends at most that much later than the condition holds. */
const PART = 1 / 16;

type Truthy<T> = Exclude<T, false | null | undefined | 0 | "">;

/**
 * Resolves with the first truthy value of `condition`, which can be asynchronous; rejects after `limitMs` with a message
 * that has `what`.
 */
export async function until<T>(condition: () => T | Promise<T>, what: string, limitMs = 4000): Promise<Truthy<T>> {
  const startedAt = performance.now();
  for (;;) {
    const value = await condition();
    if (value) return value as Truthy<T>; // checked by the condition; TypeScript does not narrow a generic type
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    // A condition that asks a server uses the processor of the server too, so a long wait asks less often.
    await Bun.sleep(Math.min(LONGEST_MS, Math.max(SHORTEST_MS, elapsedMs * PART)));
  }
}
