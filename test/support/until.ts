/** The one way in which a test waits: for a condition, with a deadline. */

/** How often the condition is looked at, in ms. */
const EVERY_MS = 2;

type Truthy<T> = Exclude<T, false | null | undefined | 0 | "">;

/**
 * Resolves with the first truthy value of `condition`; rejects after `limitMs`, naming `what` was waited for.
 * A condition may be a promise, such as a look at `/metrics`.
 */
export async function until<T>(condition: () => T | Promise<T>, what: string, limitMs = 4000): Promise<Truthy<T>> {
  const endAt = performance.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Truthy<T>; // that is what the condition says, and TypeScript does not follow
    if (performance.now() > endAt) throw new Error(`not within ${limitMs} ms: ${what}`);
    await Bun.sleep(EVERY_MS);
  }
}
