/** Measures how long the event loop is held. */

/** What was seen of the event loop: its longest turn, in ms, and the number of turns. */
export interface Turns {
  readonly longestMs: number;
  readonly count: number;
}

/** Watches the event loop for `ms`, and until `task` is done if there is one. */
export async function watchTurns(ms: number, task?: Promise<unknown>): Promise<Turns> {
  let isDone = task === undefined;
  void task?.finally(() => {
    isDone = true;
  });
  const startedAt = performance.now();
  let longestMs = 0;
  let count = 0;
  for (let last = startedAt; !isDone || last - startedAt < ms; ) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    longestMs = Math.max(longestMs, now - last);
    count++;
    last = now;
  }
  return { longestMs, count };
}
