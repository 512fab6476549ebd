/**
 * Parses the text form of faults, for the variable, the flag, the API and the page:
 *
 *   udp:drop=0.2,delay=uniform(0,50);http:status=500:0.1      PROTOCOL:FAULT,FAULT;PROTOCOL:…
 *   drop=0.1/0.2                                              UP/DOWN; a single value is UP
 *   drop=20%, delay=normal(20ms,5ms)                          probabilities also in %, times in us, ms or s
 *   none, classroom                                           a preset
 */

import { PROTOCOLS, type Protocol } from "../base/protocol.ts";
import {
  type Burst,
  type Delay,
  type Faults,
  type Impairments,
  KINDS_OF,
  type Kind,
  MAX_DELAY_MS,
  NO_FAULTS,
  NO_IMPAIRMENTS,
  PRESETS,
  RANGES,
  type Range,
} from "./faults.ts";
import { cut, ImpairmentError, type Piece, quote, split, trim } from "./pieces.ts";

const PROBABILITY = "from 0 to 1, or 0% to 100%";
const LOSS_FORM = `P or UP/DOWN, each ${PROBABILITY}`;

/** The form of each kind's value. */
export const FORMS: Readonly<Record<Kind, string>> = {
  drop: LOSS_FORM,
  close: LOSS_FORM,
  stall: LOSS_FORM,
  burst:
    "gilbert(P,R), or UP/DOWN with 0 for none; P (good to bad) from 0 to 1, R (bad to good) over 0 to 1, both also in %",
  delay: `TIME, uniform(MIN,MAX), normal(MEAN,STDDEV) or pareto(MIN,SHAPE), times from 0 to ${MAX_DELAY_MS} ms, or with a unit: us, ms, s`,
  duplicate: `a probability ${PROBABILITY}`,
  reorder: `a probability ${PROBABILITY}`,
  corrupt: `a probability ${PROBABILITY}`,
  reset: `a probability ${PROBABILITY}`,
  status: `CODE:P, CODE from 400 to 599, P ${PROBABILITY}`,
};

/** Longest text that is parsed; a text with every kind on every protocol has about 400 characters. */
const MAX_TEXT = 4096;
function fail(kind: Kind, { text, at }: Piece): never {
  throw new ImpairmentError(`${quote(text)} is not a valid value for ${kind}`, at, FORMS[kind]);
}

function assertReadable(text: string): void {
  if (text.length <= MAX_TEXT) return;
  throw new ImpairmentError("the text is too long", MAX_TEXT, `up to ${MAX_TEXT} characters`);
}

/** The power of ten of each unit: of a probability, and of a time in ms. */
type Units = Readonly<Record<string, number>>;
const SHARES: Units = { "%": -2 };
const TIMES: Units = { us: -3, µs: -3, ms: 0, s: 3 };

/** Parses a number with or without one of `units`. */
function number(kind: Kind, piece: Piece, { minimum, maximum }: Range, units: Units = {}): number {
  const [, digits, exponent = "0", unit] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:e([+-]?\d+))?\s*([a-zµ%]*)$/i.exec(piece.text) ?? [];
  const shift = unit === "" ? 0 : Object.entries(units).find(([name]) => name === unit)?.[1];
  if (digits === undefined || shift === undefined) return fail(kind, piece);
  const value = Number(`${digits}e${Number(exponent) + shift}`); // exact: 7 / 100 and 0.07 can differ
  return value >= minimum && value <= maximum ? value : fail(kind, piece);
}

function probability(kind: Kind, piece: Piece, range: Range = RANGES.probability): number {
  return number(kind, piece, range, SHARES);
}

/** Parses `name(a,b)` into the name and its arguments; undefined for any other form. */
function call(piece: Piece): { name: string; args: readonly Piece[] } | undefined {
  const match = /^([a-z]+)\s*\((.*)\)$/s.exec(piece.text);
  const [, name, inner] = match ?? [];
  if (name === undefined || inner === undefined) return undefined;
  return { name, args: split({ text: inner, at: piece.at + piece.text.indexOf("(") + 1 }, ",") };
}

function parseDelay(piece: Piece): Delay {
  const ms = (part: Piece) => number("delay", part, RANGES.ms, TIMES);
  const form = call(piece);
  if (!form) return { kind: "fixed", ms: ms(piece) };
  const [first, second, extra] = form.args;
  if (!first || !second || extra) fail("delay", piece);
  switch (form.name) {
    case "uniform": {
      const [minMs, maxMs] = [ms(first), ms(second)];
      return minMs <= maxMs ? { kind: "uniform", minMs, maxMs } : fail("delay", piece);
    }
    case "normal":
      return { kind: "normal", meanMs: ms(first), stddevMs: ms(second) };
    case "pareto":
      return { kind: "pareto", scaleMs: ms(first), shape: number("delay", second, RANGES.shape) };
    default:
      return fail("delay", piece);
  }
}

function parseBurst(piece: Piece): Burst | undefined {
  const form = call(piece);
  if (!form) return probability("burst", piece, { minimum: 0, maximum: 0 }) === 0 ? undefined : fail("burst", piece);
  const [first, second, extra] = form.args;
  if (form.name !== "gilbert" || !first || !second || extra) fail("burst", piece);
  return { goodToBad: probability("burst", first), badToGood: probability("burst", second, RANGES.recovery) };
}

/** Splits UP/DOWN; the second part is undefined for a single value. */
function splitDirections(kind: Kind, value: Piece): [Piece, Piece | undefined] {
  const [up, down, extra] = split(value, "/");
  return up && !extra ? [up, down] : fail(kind, value);
}

function parseFault(kind: Kind, value: Piece): Faults {
  switch (kind) {
    case "drop":
    case "close":
    case "stall": {
      const [up, down] = splitDirections(kind, value);
      return { [kind]: { up: probability(kind, up), down: down ? probability(kind, down) : 0 } };
    }
    case "burst": {
      const parts = splitDirections(kind, value);
      const [up, down] = [parseBurst(parts[0]), parts[1] && parseBurst(parts[1])];
      return { burst: { ...(up && { up }), ...(down && { down }) } };
    }
    case "delay":
      return { delay: parseDelay(value) };
    case "status": {
      const [code, chance] = cut(value, ":");
      if (!chance || !/^\d{3}$/.test(code.text)) fail(kind, value);
      return { status: { code: number(kind, code, RANGES.status), probability: probability(kind, chance) } };
    }
    default:
      return { [kind]: probability(kind, value) };
  }
}

/**
 * Parses the faults of one protocol, `drop=0.2,delay=20`; an empty text or `none` is no fault. `at` is added to positions
 * in errors. Throws ImpairmentError.
 */
export function parseFaults(protocol: Protocol, text: string, at = 0): Faults {
  assertReadable(text);
  const whole = trim({ text, at });
  if (whole.text === "" || whole.text === "none") return NO_FAULTS;
  const kinds = KINDS_OF[protocol];
  let faults: Faults = {};
  for (const piece of split(whole, ",")) {
    const [name, value] = cut(piece, "=");
    const kind = kinds.find((kind) => kind === name.text);
    if (!kind) throw new ImpairmentError(`${protocol} has no fault ${quote(name.text)}`, name.at, kinds.join(", "));
    if (!value) throw new ImpairmentError(`${kind} has no value`, name.at + name.text.length, `${kind}=${FORMS[kind]}`);
    if (kind in faults) throw new ImpairmentError(`${kind} is given twice`, name.at, "each fault once");
    faults = { ...faults, ...parseFault(kind, value) };
  }
  return faults;
}

/** The start of an error about a protocol that the registry has, but not this lab. */
export function notServed(protocol: Protocol): string {
  return `${protocol} is not served by this lab`;
}

/**
 * Parses the faults of all protocols; a protocol that the text does not name has none. Throws ImpairmentError, also for a
 * protocol that is not one of `served`.
 */
export function parseImpairments(text: string, served: readonly Protocol[] = PROTOCOLS): Impairments {
  assertReadable(text);
  const preset = Object.hasOwn(PRESETS, text.trim()) ? PRESETS[text.trim()] : undefined;
  if (preset) return preset;
  const result: Record<Protocol, Faults> = { ...NO_IMPAIRMENTS };
  const seen = new Set<Protocol>();
  for (const piece of split({ text, at: 0 }, ";")) {
    if (piece.text === "") continue;
    const [name, faults] = cut(piece, ":");
    const protocol = PROTOCOLS.find((protocol) => protocol === name.text);
    const allowed = `${served.map((protocol) => `${protocol}:…`).join(", ")}, or ${Object.keys(PRESETS).join(", ")}`;
    if (!protocol || !faults)
      throw new ImpairmentError(`${quote(name.text)} is neither a protocol with faults nor a preset`, name.at, allowed);
    if (!served.includes(protocol)) throw new ImpairmentError(notServed(protocol), name.at, allowed);
    if (seen.has(protocol)) throw new ImpairmentError(`${protocol} is given twice`, name.at, "each protocol once");
    seen.add(protocol);
    result[protocol] = parseFaults(protocol, faults.text, faults.at);
  }
  return result;
}
