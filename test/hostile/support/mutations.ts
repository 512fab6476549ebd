/** Seeded mutations of valid input. */
import type { Random } from "../../../src/base/random.ts";

/** Numbers at the edges of fields of one and two octets. */
const EDGES = [0x00, 0x01, 0x0a, 0x0d, 0x20, 0x2c, 0x7f, 0x80, 0xfe, 0xff];
const MOST_STEPS = 4;

/** An integer from 0 to `end` - 1. */
export function below(draw: Random, end: number): number {
  return Math.floor(draw() * end);
}

/** Random octets. */
export function noise(draw: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(draw, 256)));
}

/** One element of a list that is not empty. */
export function pick<T>(draw: Random, list: readonly T[]): T {
  return list[below(draw, list.length)] as T; // the index is in range
}

type Step = (draw: Random, bytes: Buffer) => Buffer;

/** Sets one octet to what `value` returns. */
const replaced =
  (value: (draw: Random, old: number) => number): Step =>
  (draw, bytes) => {
    const at = below(draw, bytes.length);
    if (bytes.length > 0) bytes[at] = value(draw, bytes[at] ?? 0);
    return bytes;
  };

const STEPS: readonly Step[] = [
  replaced((draw, old) => old ^ (1 << below(draw, 8))),
  replaced((draw) => pick(draw, EDGES)),
  replaced((draw) => below(draw, 256)),
  (draw, bytes) => bytes.subarray(0, below(draw, bytes.length + 1)),
  (draw, bytes) => bytes.subarray(below(draw, bytes.length + 1)),
  (draw, bytes) => Buffer.concat([bytes, noise(draw, below(draw, 64))]),
  (draw, bytes) => {
    const at = below(draw, bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), noise(draw, 1 + below(draw, 8)), bytes.subarray(at)]);
  },
  (draw, bytes) => {
    const [from, to] = [below(draw, bytes.length + 1), below(draw, bytes.length + 1)];
    return Buffer.concat([bytes.subarray(0, Math.max(from, to)), bytes.subarray(Math.min(from, to))]);
  },
];

/** A copy of `valid` with one to four changes: bits, octets, a part that is missing, added or there twice. */
export function mutated(draw: Random, valid: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(valid);
  for (let steps = 1 + below(draw, MOST_STEPS); steps > 0; steps--) bytes = pick(draw, STEPS)(draw, bytes);
  return bytes;
}
