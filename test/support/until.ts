/** Waits for a condition with a deadline. Tests wait in no other way. */

/** The interval at which the condition is checked, in ms. */
const INTERVAL_MS = 2;

type Truthy<T> = Exclude<T, false | null | undefined | 0 | "">;

/**
 * Resolves with the first truthy value of `condition`, which can be asynchronous; rejects after `limitMs` with a message
 * that has `what`.
 */
export async function until<T>(condition: () => T | Promise<T>, what: string, limitMs = 4000): Promise<Truthy<T>> {
  const endAt = performance.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Truthy<T>; // checked by the condition; TypeScript does not narrow a generic type
    if (performance.now() > endAt) throw new Error(`not within ${limitMs} ms: ${what}`);
    await Bun.sleep(INTERVAL_MS);
  }
}
