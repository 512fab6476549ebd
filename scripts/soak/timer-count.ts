/** Counts the timers of a process that are set and have neither fired nor been cleared. */

type Handle = ReturnType<typeof setTimeout>;

/** Replaces the process's timer functions by counting ones. */
export class TimerCount {
  readonly #pending = new Set<Handle>();

  constructor(
    scope: Pick<typeof globalThis, "setTimeout" | "setInterval" | "clearTimeout" | "clearInterval"> = globalThis,
  ) {
    const { setTimeout, setInterval, clearTimeout, clearInterval } = scope;
    const pending = this.#pending;
    const set = (handle: Handle) => {
      pending.add(handle);
      return handle;
    };
    const once = (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
      const handle = setTimeout(() => {
        pending.delete(handle);
        callback(...args);
      }, ms);
      return set(handle);
    };
    const repeated = (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
      set(setInterval(callback, ms, ...args));
    const clearing = (clear: (handle?: Handle) => void) => (handle?: Handle) => {
      if (handle !== undefined) pending.delete(handle);
      clear(handle);
    };
    Object.assign(scope, {
      setTimeout: once,
      setInterval: repeated,
      clearTimeout: clearing(clearTimeout),
      clearInterval: clearing(clearInterval),
    });
  }

  /** The timers that are set now. */
  get pending(): number {
    return this.#pending.size;
  }
}
