/** The entry of one direction of a TCP connection: parts that stall, and parts that wait for the link with the rate. */
import type { Distribution } from "../../metrics/counters.ts";
import type { LinkUser, SharedLink } from "./shared-link.ts";
import type { Part, StreamDelay } from "./stream-delay.ts";

/** Parts in the order in which they came. They leave for the delay. */
export class StreamEntry implements LinkUser {
  readonly #parts: Part[] = [];
  #bytes = 0;
  #isStalled = false;
  #isOnLink = false;

  constructor(
    private readonly delay: Pick<StreamDelay, "add">,
    /** The link with the rate: that of the connection, or the one that all share. */
    private readonly link: () => SharedLink,
    /** The link has passed octets to the delay. */
    private readonly onTaken: () => void,
    /** Times from the receipt of parts until the link has sent them, s. */
    private readonly queued: Distribution,
  ) {}

  /** The parts and their octets. */
  get length(): number {
    return this.#parts.length;
  }
  get bytes(): number {
    return this.#bytes;
  }

  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** With `true`, nothing leaves until the stall ends. */
  stall(isStalled: boolean, now: number): void {
    this.#isStalled = isStalled;
    this.#enter(now);
  }

  /** Adds a part at the end. */
  add(part: Part, now: number): void {
    this.#parts.push(part);
    this.#bytes += part.data.length;
    this.#enter(now);
  }

  /** Parts that are here will not be delayed. */
  release(): void {
    this.#parts.splice(0, this.#parts.length, ...this.#parts.map((part) => ({ ...part, delayMs: 0 })));
  }

  /** Lets parts pass that do not stall: onto the link, or past it. */
  #enter(now: number): void {
    if (this.#isStalled) return;
    const link = this.link();
    if (!link.isOn) this.#move(this.#bytes, now);
    else if (this.#bytes === 0) this.#moveEnd(now);
    else if (!this.#isOnLink) {
      this.#isOnLink = true;
      link.join(this);
    }
  }

  /** Octets that can use the link, `most` at most. */
  next(most: number): number {
    const length = this.#isStalled ? 0 : Math.min(most, this.#bytes);
    this.#isOnLink = length > 0;
    return length;
  }

  /** Octets have left the link at `at`. */
  take(length: number, at: number): void {
    this.#move(length, at, true);
    this.onTaken();
  }

  /**
   * Moves octets into the delay, where they come at `at`. A part that was read while the timer of the link was late can leave the
   * link at a time before that: it waited for none.
   */
  #move(length: number, at: number, isFromLink = false): void {
    for (let rest = Math.min(length, this.#bytes); rest > 0; ) {
      const [part] = this.#parts;
      if (part === undefined) break;
      const leftAt = Math.max(at, part.enteredAt);
      const data = part.data.subarray(0, rest);
      if (data.length < part.data.length) part.data = part.data.subarray(data.length);
      else {
        this.#parts.shift();
        if (isFromLink) this.queued.observe((leftAt - part.enteredAt) / 1000);
      }
      this.#bytes -= data.length;
      this.delay.add(part, data, leftAt);
      rest -= data.length;
    }
    this.#moveEnd(at);
  }

  #moveEnd(at: number): void {
    const [part] = this.#parts;
    if (part === undefined || part.data.length > 0) return;
    this.#parts.shift();
    this.delay.add(part, part.data, Math.max(at, part.enteredAt));
  }

  /** Discards the octets, and keeps an end; returns how many they were. */
  loseOctets(): number {
    const lost = this.#bytes;
    this.#parts.splice(0, this.#parts.length, ...this.#parts.filter(({ data }) => data.length === 0));
    this.#bytes = 0;
    return lost;
  }

  /** Discards all parts. */
  clear(): void {
    this.#parts.length = 0;
    this.#bytes = 0;
  }
}
