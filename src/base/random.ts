/** Seeded random numbers: the same seed and stream give the same numbers; different streams are independent. */

/** Returns the next number, uniform in [0, 1). */
export type Random = () => number;

/** The finalizer of MurmurHash3 (Appleby, public domain): spreads every bit of a 32-bit number over all of them. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

/**
 * An sfc32 generator (Doty-Humphrey, PractRand): 128 bits of state, 32-bit results.
 * `seed` is an integer from 0 to 2^32 - 1; `stream` names the use of the numbers.
 */
export function random(seed: number, stream: string): Random {
  let a = mix(seed);
  let b = mix(seed + 0x9e37_79b9);
  let c = 0;
  for (let i = 0; i < stream.length; i++) c = mix(c ^ stream.charCodeAt(i) ^ Math.imul(i + 1, 0x9e37_79b9));
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 12; i++) next(); // the generator's own warm-up: the seed reaches every bit of the state
  return next;
}
