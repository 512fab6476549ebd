/** Checks that numbers of options are in their ranges. */
import { UsageError } from "./errors.ts";

/** The value, if it is in the range. Throws a UsageError that names the flag, the value and the range. */
export function inRange(name: string, value: number, min: number, max: number, unit = ""): number {
  const isInRange = typeof value === "number" && value >= min && value <= max; // a library's caller can pass text
  if (!isInRange) throw new UsageError(`--${name} ${value}: expected ${min} to ${max}${unit}`);
  return value;
}

/** The value, if it is a whole number in the range. Throws a UsageError. */
export function wholeInRange(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value)) throw new UsageError(`--${name} ${value}: expected a whole number`);
  return inRange(name, value, min, max);
}
