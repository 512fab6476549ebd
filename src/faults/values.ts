/** Parses the values of faults, which have the same forms wherever the fault is. */
import { type Burst, type Delay, RANGES, type Range } from "./faults.ts";
import { ImpairmentError, type Piece, quote, split } from "./pieces.ts";

/** What a value is for, and the form that its error names. */
export interface Expected {
  readonly kind: string;
  readonly form: string;
}

/** Throws the error of a value that is not valid. */
export function fail({ kind, form }: Expected, { text, at }: Piece): never {
  throw new ImpairmentError(`${quote(text)} is not a valid value for ${kind}`, at, form);
}

/** Splits UP/DOWN; the second part is undefined for a single value. */
export function splitDirections(expected: Expected, value: Piece): [Piece, Piece | undefined] {
  const [up, down, extra] = split(value, "/");
  return up && !extra ? [up, down] : fail(expected, value);
}

/** The power of ten of each unit: of a probability, and of a time in ms. */
export type Units = Readonly<Record<string, number>>;
const SHARES: Units = { "%": -2 };
/** The units of times. */
export const TIMES: Units = { us: -3, µs: -3, ms: 0, s: 3 };

/** Parses a number with or without one of `units`. */
export function number(expected: Expected, piece: Piece, { minimum, maximum }: Range, units: Units = {}): number {
  const [, digits, exponent = "0", unit] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:e([+-]?\d+))?\s*([a-zµ%]*)$/i.exec(piece.text) ?? [];
  const shift = unit === "" ? 0 : Object.entries(units).find(([name]) => name === unit)?.[1];
  if (digits === undefined || shift === undefined) return fail(expected, piece);
  const value = Number(`${digits}e${Number(exponent) + shift}`); // exact: 7 / 100 and 0.07 can differ
  return value >= minimum && value <= maximum ? value : fail(expected, piece);
}

/** Parses a probability, as a number or in percent. */
export function probability(expected: Expected, piece: Piece, range: Range = RANGES.probability): number {
  return number(expected, piece, range, SHARES);
}

/** Parses `name(a,b)` into the name and its arguments; undefined for any other form. */
export function call(piece: Piece): { name: string; args: readonly Piece[] } | undefined {
  const match = /^([a-z]+)\s*\((.*)\)$/s.exec(piece.text);
  const [, name, inner] = match ?? [];
  if (name === undefined || inner === undefined) return undefined;
  return { name, args: split({ text: inner, at: piece.at + piece.text.indexOf("(") + 1 }, ",") };
}

/** Parses a distribution of delays. */
export function parseDelay(expected: Expected, piece: Piece): Delay {
  const ms = (part: Piece) => number(expected, part, RANGES.ms, TIMES);
  const form = call(piece);
  if (!form) return { kind: "fixed", ms: ms(piece) };
  const [first, second, extra] = form.args;
  if (!first || !second || extra) fail(expected, piece);
  switch (form.name) {
    case "uniform": {
      const [minMs, maxMs] = [ms(first), ms(second)];
      return minMs <= maxMs ? { kind: "uniform", minMs, maxMs } : fail(expected, piece);
    }
    case "normal":
      return { kind: "normal", meanMs: ms(first), stddevMs: ms(second) };
    case "pareto":
      return { kind: "pareto", scaleMs: ms(first), shape: number(expected, second, RANGES.shape) };
    default:
      return fail(expected, piece);
  }
}

/** Parses Gilbert losses; 0 is none. */
export function parseBurst(expected: Expected, piece: Piece): Burst | undefined {
  const form = call(piece);
  if (!form) return probability(expected, piece, { minimum: 0, maximum: 0 }) === 0 ? undefined : fail(expected, piece);
  const [first, second, extra] = form.args;
  if (form.name !== "gilbert" || !first || !second || extra) fail(expected, piece);
  return { goodToBad: probability(expected, first), badToGood: probability(expected, second, RANGES.recovery) };
}
