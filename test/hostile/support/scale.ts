/** The size of the attacks: small with `bun test`, large with `bun run hostile`. */

/** Whether the attacks have their full size: the environment variable HOSTILE is `full`. */
export const FULL = process.env.HOSTILE === "full";

/** A number of the attack in the form that runs; full forms take minutes. */
export function countOf(short: number, full: number): number {
  return FULL ? full : short;
}

/** A count as names of tests have it. */
export const named = (count: number) => count.toLocaleString("en");

/** Deadline of a test, ms. */
export const DEADLINE_MS = countOf(60_000, 900_000);
