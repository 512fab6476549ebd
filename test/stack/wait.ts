/** Waits for a condition with a deadline. */

/** Resolves with the first value of `read` that is not undefined; rejects after `seconds` with a message that has `what`. */
export async function until<T>(
  what: string,
  seconds: number,
  read: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const endAt = performance.now() + seconds * 1000;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (performance.now() > endAt) throw new Error(`waited ${seconds} s for ${what}`);
    await Bun.sleep(20);
  }
}
