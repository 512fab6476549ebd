/** The packets of plain mode. */

/** Most decimal digits of a sequence number. */
const MAX_DIGITS = 16;
const ZERO = 0x30;
const DOT = 0x2e;

/** Writes texts such as `Hello UDP 7`, padded with dots to at least `size` octets. Each replaces the one before. */
export class PlainText {
  readonly #bytes: Buffer;
  readonly #numberAt: number;
  readonly #size: number;
  #text: Buffer;

  /** @param name of the protocol in the text */
  constructor(name: string, size: number) {
    const start = Buffer.from(`Hello ${name} `);
    this.#numberAt = start.length;
    this.#size = size;
    this.#bytes = Buffer.alloc(Math.max(size, start.length + MAX_DIGITS), DOT);
    this.#bytes.set(start);
    this.#text = this.#bytes.subarray(0, 0);
  }

  /** The text of packet `sequence`; valid until the next call. */
  write(sequence: number): Buffer {
    const end = this.#numberAt + digitsOf(sequence);
    let rest = sequence;
    for (let at = end - 1; at >= this.#numberAt; at--) {
      this.#bytes[at] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    // The number before may have had more digits.
    for (let at = end; at < this.#numberAt + MAX_DIGITS; at++) this.#bytes[at] = DOT;
    const length = Math.max(this.#size, end);
    if (length !== this.#text.length) this.#text = this.#bytes.subarray(0, length);
    return this.#text;
  }
}

function digitsOf(sequence: number): number {
  let digits = 1;
  for (let rest = sequence; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  return digits;
}
