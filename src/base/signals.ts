/** A signal that asks a process to stop, and a second one that ends it at once. */

/**
 * Signals within this time of the first one are the same request: `timeout` signals its command and then the command's
 * process group, and a terminal the whole group, ms.
 */
const SAME_REQUEST_MS = 10;

/** Makes a handler that calls `stop` at the first signal and `end` at a later one. `now` is monotonic, ms. */
export function signalHandler(
  stop: () => void,
  end: () => void,
  now: () => number = () => performance.now(),
): () => void {
  let firstAt: number | undefined;
  return () => {
    if (firstAt === undefined) {
      firstAt = now();
      stop();
    } else if (now() - firstAt > SAME_REQUEST_MS) end();
  };
}
