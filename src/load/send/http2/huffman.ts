/** The Huffman code of header strings (RFC 7541 section 5.2 and appendix B). */
import { ProtocolError } from "../http/head.ts";

/** The length of the code of each symbol, bits, in base 36: 256 octets. The code is canonical, so that these define it. */
const LENGTHS = [
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca",
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds",
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn",
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq",
].join("");
const EOS = 256;
const EOS_LENGTH = 30;
const SHORTEST = 5;
/** Codes up to this length are looked up; they are those of digits, letters and common punctuation. */
const LOOKUP_BITS = 8;
/** The largest number of bits that pad the last octet. */
const MAX_PADDING = 7;

/** The symbols in the order of their codes, with where each length begins. */
class Code {
  readonly lengths = [...LENGTHS].map((digit) => Number.parseInt(digit, 36)).concat(EOS_LENGTH);
  readonly codes = new Uint32Array(this.lengths.length);
  readonly symbols: number[] = [];
  /** By length: the first code, how many there are, and the index of the first one's symbol. */
  readonly first: number[] = [];
  readonly count: number[] = [];
  readonly offset: number[] = [];
  /** By the next 8 bits: 16 times the symbol plus the length; 0 for longer codes. */
  readonly lookup = new Uint16Array(1 << LOOKUP_BITS);

  constructor() {
    let code = 0;
    for (let length = SHORTEST; length <= EOS_LENGTH; length++) {
      const symbols = [...this.lengths.keys()].filter((symbol) => this.lengths[symbol] === length);
      this.first[length] = code;
      this.count[length] = symbols.length;
      this.offset[length] = this.symbols.length;
      for (const symbol of symbols) this.#add(symbol, code++, length);
      code *= 2;
    }
  }

  #add(symbol: number, code: number, length: number): void {
    this.symbols.push(symbol);
    this.codes[symbol] = code;
    const spare = LOOKUP_BITS - length;
    if (spare >= 0) this.lookup.fill(symbol * 16 + length, code << spare, (code + 1) << spare);
  }
}

const CODE = new Code();

/** The bits of a string, which are read from the first. */
class Bits {
  #held = 0;
  #count = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
    private readonly end: number,
  ) {}

  /** The next `count` bits, at most 30; after the end of the string they are ones, as its padding. */
  peek(count: number): number {
    while (this.#count < count && this.#count <= 22) {
      this.#held = (this.#held << 8) | (this.at < this.end ? (this.bytes[this.at] ?? 0) : 0xff);
      this.at++;
      this.#count += 8;
    }
    return this.#count >= count
      ? (this.#held >>> (this.#count - count)) & ((2 ** count - 1) >>> 0)
      : this.#peekLong(count);
  }

  /** As `peek`, of more bits than `#held` has. */
  #peekLong(count: number): number {
    const next = this.at < this.end ? (this.bytes[this.at] ?? 0) : 0xff;
    const missing = count - this.#count;
    const held = this.#held & ((2 ** this.#count - 1) >>> 0);
    return held * 2 ** missing + (next >>> (8 - missing));
  }

  skip(count: number): void {
    if (count > this.#count) {
      this.#held = this.at < this.end ? (this.bytes[this.at] ?? 0) : 0xff;
      this.at++;
      this.#count += 8;
    }
    this.#count -= count;
    this.#held &= (2 ** this.#count - 1) >>> 0;
  }

  /** Bits of the string that are not skipped. */
  get left(): number {
    return (this.end - this.at) * 8 + this.#count;
  }
}

/** Decodes a string of `length` octets at `at`. Throws a ProtocolError if its padding is wrong or it contains EOS. */
export function decodeHuffman(bytes: Uint8Array, at: number, length: number): string {
  const bits = new Bits(bytes, at, at + length);
  let text = "";
  for (;;) {
    const { left } = bits;
    if (left <= 0) return text;
    if (left <= MAX_PADDING && bits.peek(left) === 2 ** left - 1) return text;
    const entry = CODE.lookup[bits.peek(LOOKUP_BITS)] ?? 0;
    const symbol = entry === 0 ? longSymbol(bits) : entry >>> 4;
    if (entry !== 0) bits.skip(entry & 15);
    if (symbol === EOS || bits.left < 0) throw new ProtocolError("a Huffman string that does not end with its padding");
    text += String.fromCharCode(symbol);
  }
}

/** The symbol of a code that is longer than those that are looked up. */
function longSymbol(bits: Bits): number {
  for (let length = LOOKUP_BITS + 1; length <= EOS_LENGTH; length++) {
    const index = bits.peek(length) - (CODE.first[length] ?? 0);
    if (index >= (CODE.count[length] ?? 0)) continue;
    bits.skip(length);
    return CODE.symbols[(CODE.offset[length] ?? 0) + index] ?? EOS;
  }
  return EOS;
}

/** The octets of an ASCII text in the code. */
export function encodeHuffman(text: string): Buffer {
  let bits = "";
  for (const symbol of Buffer.from(text, "latin1")) {
    bits += (CODE.codes[symbol] ?? 0).toString(2).padStart(CODE.lengths[symbol] ?? 0, "0");
  }
  const octets = bits.match(/.{1,8}/g) ?? [];
  return Buffer.from(octets.map((octet) => Number.parseInt(octet.padEnd(8, "1"), 2)));
}
