/**
 * Sessions of HTTP requests: how many of those with one id in the header field `X-Wirelab-Session` the faults lost. Such a
 * request gets no response, so that the client cannot learn the direction from one.
 */
import type { Bounded } from "../../base/bounded.ts";
import type { Direction } from "../../faults/faults.ts";

/** The header field of a request that names its session. */
export const SESSION_FIELD = "x-wirelab-session";

/** Requests of one session that faults lost, by direction. */
export type HttpLosses = Readonly<Record<Direction, number>>;

/** Whether `text` is the id of a session: 16 hexadecimal digits (64 random bits). */
export function isHttpSession(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

/** The losses of the latest sessions, by id. */
export class HttpSessions implements Bounded {
  /** Sessions that were evicted because there were too many. */
  overflows = 0;
  /** The session with the latest loss is the last one. */
  readonly #losses = new Map<string, Record<Direction, number>>();

  constructor(readonly limit: number) {}

  get size(): number {
    return this.#losses.size;
  }

  /** Counts the loss of a request. */
  lost(id: string, direction: Direction): void {
    const losses = this.#losses.get(id) ?? { up: 0, down: 0 };
    losses[direction]++;
    this.#losses.delete(id);
    this.#losses.set(id, losses);
    if (this.#losses.size <= this.limit) return;
    const [oldest] = this.#losses.keys();
    if (oldest !== undefined) this.#losses.delete(oldest);
    this.overflows++;
  }

  /** The losses of a session; none if it is not known. */
  get(id: string): HttpLosses {
    return { up: 0, down: 0, ...this.#losses.get(id) };
  }
}
