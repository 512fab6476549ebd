/**
 * Parses the text form of faults, for the variable, the flag, the API and the page:
 *
 *   udp:drop=0.2,delay=uniform(0,50);http:status=500:0.1      PROTOCOL:FAULT,FAULT;PROTOCOL:…
 *   drop=0.1/0.2                                              UP/DOWN; a single value of a loss is UP
 *   delay=10/20                                               UP/DOWN; a single value of another fault is DOWN
 *   drop=20%, delay=normal(20ms,5ms)                          probabilities also in %, times in us, ms or s
 *   none, classroom                                           a preset
 */

import { PROTOCOLS, type Protocol } from "../base/protocol.ts";
import {
  type Delay,
  type DownOrBoth,
  type Faults,
  type Impairments,
  KINDS_OF,
  type Kind,
  MAX_DELAY_MS,
  NO_FAULTS,
  NO_IMPAIRMENTS,
  PRESETS,
  RANGES,
} from "./faults.ts";
import { cut, ImpairmentError, type Piece, quote, split, trim } from "./pieces.ts";
import { shortForm } from "./short-form.ts";
import { type Expected, fail, number, parseBurst, parseDelay, probability, splitDirections } from "./values.ts";

const PROBABILITY = "from 0 to 1, or 0% to 100%";
const LOSS_FORM = `P or UP/DOWN, each ${PROBABILITY}`;
const DOWN_FORM = `P (downstream) or UP/DOWN, each ${PROBABILITY}`;

/** The form of a distribution of delays. */
export const DELAY_FORM = `TIME, uniform(MIN,MAX), normal(MEAN,STDDEV) or pareto(MIN,SHAPE), times from 0 to ${MAX_DELAY_MS} ms, or with a unit: us, ms, s`;

/** The form of each kind's value. */
export const FORMS: Readonly<Record<Kind, string>> = {
  drop: LOSS_FORM,
  close: LOSS_FORM,
  stall: LOSS_FORM,
  burst:
    "gilbert(P,R), or UP/DOWN with 0 for none; P (good to bad) from 0 to 1, R (bad to good) over 0 to 1, both also in %",
  delay: `${DELAY_FORM}; DOWN or UP/DOWN`,
  duplicate: DOWN_FORM,
  reorder: DOWN_FORM,
  corrupt: DOWN_FORM,
  reset: `a probability ${PROBABILITY}`,
  status: `CODE:P, CODE from 400 to 599, P ${PROBABILITY}`,
};

/** Longest text that is parsed; a text with every kind on every protocol has about 400 characters. */
const MAX_TEXT = 4096;
function assertReadable(text: string): void {
  if (text.length <= MAX_TEXT) return;
  throw new ImpairmentError("the text is too long", MAX_TEXT, `up to ${MAX_TEXT} characters`);
}

/** Parses a value of the downstream direction, or UP/DOWN with 0 for none. */
function downOrBoth<Value extends number | Delay>(
  expected: Expected,
  value: Piece,
  parse: (expected: Expected, piece: Piece) => Value,
): DownOrBoth<Value> {
  const [first, second] = splitDirections(expected, value);
  const only = parse(expected, first);
  return second === undefined ? only : shortForm({ up: only, down: parse(expected, second) });
}

function parseFault(kind: Kind, value: Piece): Faults {
  const expected = { kind, form: FORMS[kind] };
  switch (kind) {
    case "drop":
    case "close":
    case "stall": {
      const [up, down] = splitDirections(expected, value);
      return { [kind]: { up: probability(expected, up), down: down ? probability(expected, down) : 0 } };
    }
    case "burst": {
      const parts = splitDirections(expected, value);
      const [up, down] = [parseBurst(expected, parts[0]), parts[1] && parseBurst(expected, parts[1])];
      return { burst: { ...(up && { up }), ...(down && { down }) } };
    }
    case "delay":
      return { delay: downOrBoth(expected, value, parseDelay) };
    case "duplicate":
    case "reorder":
    case "corrupt":
      return { [kind]: downOrBoth(expected, value, probability) };
    case "status": {
      const [code, chance] = cut(value, ":");
      if (!chance || !/^\d{3}$/.test(code.text)) fail(expected, value);
      return { status: { code: number(expected, code, RANGES.status), probability: probability(expected, chance) } };
    }
    default:
      return { [kind]: probability(expected, value) };
  }
}

/**
 * Calls `take` for each `kind=value` of a text, in which each of `kinds` can be once; `none` has none. `at` is added to positions in
 * errors. Throws ImpairmentError; `owner` is what has no other fault.
 */
export function eachFault<Name extends string>(
  { text, at }: Piece,
  owner: string,
  forms: Readonly<Partial<Record<Name, string>>>,
  take: (kind: Name, value: Piece) => void,
): void {
  assertReadable(text);
  const whole = trim({ text, at });
  if (whole.text === "" || whole.text === "none") return;
  const seen = new Set<string>();
  // The keys of a record of forms are the names of kinds.
  const kinds = Object.keys(forms) as Name[];
  for (const piece of split(whole, ",")) {
    const [name, value] = cut(piece, "=");
    const kind = kinds.find((kind) => kind === name.text);
    if (!kind) throw new ImpairmentError(`${owner} has no fault ${quote(name.text)}`, name.at, kinds.join(", "));
    if (!value) throw new ImpairmentError(`${kind} has no value`, name.at + name.text.length, `${kind}=${forms[kind]}`);
    if (seen.has(kind)) throw new ImpairmentError(`${kind} is given twice`, name.at, "each fault once");
    seen.add(kind);
    take(kind, value);
  }
}

/**
 * Parses the faults of one protocol, `drop=0.2,delay=20`; an empty text or `none` is no fault. `at` is added to positions
 * in errors. Throws ImpairmentError.
 */
export function parseFaults(protocol: Protocol, text: string, at = 0): Faults {
  const forms = Object.fromEntries(KINDS_OF[protocol].map((kind) => [kind, FORMS[kind]]));
  let faults = NO_FAULTS;
  eachFault<Kind>({ text, at }, protocol, forms, (kind, value) => {
    faults = { ...faults, ...parseFault(kind, value) };
  });
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
