/** Errors of the lab itself that no packet and no request belongs to: they are counted and logged, and nothing ends. */
import type { Log } from "./log.ts";

/** Counts the errors of one lab and logs the first one at each place. */
export class InternalErrors {
  count = 0;
  readonly #logged = new Set<string>();

  constructor(private readonly log: Log) {}

  /** Counts an error; `place` names the part of the lab, one of a small number of names. */
  caught(error: unknown, place: string): void {
    this.count++;
    if (this.#logged.has(place)) return;
    this.#logged.add(place);
    const { message, stack = message } = error instanceof Error ? error : { message: String(error) };
    this.log.write("error", "internal error; further ones are only counted", { place, stack });
  }

  /** Calls `run`; an error that it throws, or with which its promise rejects, is counted. */
  guard(place: string, run: () => unknown): void {
    try {
      const result = run();
      if (result instanceof Promise) result.catch((error) => this.caught(error, place));
    } catch (error) {
      this.caught(error, place);
    }
  }

  /** Calls `run` every `ms` milliseconds, guarded. The timer alone does not keep the process alive. */
  every(place: string, ms: number, run: () => unknown): Timer {
    const timer = setInterval(() => this.guard(place, run), ms);
    timer.unref();
    return timer;
  }
}
