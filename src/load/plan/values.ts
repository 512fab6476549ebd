/** Parses the values of flags: durations, numbers, stages, HTTP header fields and methods, words from a list. */
import { didYouMean } from "../../base/suggest.ts";
import { UsageError } from "./errors.ts";
import type { Stage } from "./schedule.ts";

const UNITS: Readonly<Record<string, number>> = { us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Significant digits of a double precision number that conversions keep. */
const DIGITS = 15;

/** A duration such as `200ms`, in s; a number without a unit is in s. Undefined for any other text. */
export function readDuration(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)?$/.exec(text);
  const unit = UNITS[parts?.[2] ?? "s"];
  // 50 * 1e-6 is 0.000049999999999999996.
  return parts === null || unit === undefined ? undefined : Number((Number(parts[1]) * unit).toPrecision(DIGITS));
}

/** A flag's duration, in s: `1.5s`, `200ms`, `5m`, `1h`; for `--duration` also `forever`. Throws UsageError. */
export function parseDuration(name: string, text: string): number {
  if (name === "duration" && text === "forever") return Number.POSITIVE_INFINITY;
  const seconds = readDuration(text);
  if (seconds !== undefined) return seconds;
  const also = name === "duration" ? ", or forever" : "";
  throw new UsageError(`--${name} ${text}: expected a time such as 200ms, 10s or 5m${also}`);
}

/** A number such as `1000`, `1e6`, `10k` or `2M`; undefined for any other text. */
export function readNumber(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?(?:e\d+)?)([kM])?$/.exec(text);
  if (parts === null) return undefined;
  return Number(parts[1]) * (parts[2] === "k" ? 1e3 : parts[2] === "M" ? 1e6 : 1);
}

/** A flag's number. Throws UsageError. */
export function parseNumber(name: string, text: string): number {
  const value = readNumber(text);
  if (value === undefined) throw new UsageError(`--${name} ${text}: expected a number`);
  return value;
}

/** `0-1000/30s,1000/1m`: a comma-separated list of ramps (FROM-TO/TIME) and steps (RATE/TIME). Throws UsageError. */
export function parseStages(text: string): Stage[] {
  return text.split(",").map((piece) => {
    const [rates = "", time = "", more] = piece.split("/");
    const [from = "", to = from, third] = rates.split("-");
    const stage = { from: readNumber(from), to: readNumber(to), seconds: readDuration(time) };
    const { from: first, to: last, seconds } = stage;
    if (first === undefined || last === undefined || !seconds || more !== undefined || third !== undefined) {
      throw new UsageError(
        `--stages ${text}: "${piece}" is not a stage; expected RATE/TIME or FROM-TO/TIME, as in 0-1000/30s,1000/1m`,
      );
    }
    return { from: first, to: last, seconds };
  });
}

/** `50,95,99.9`. Throws UsageError. */
export function parsePercentiles(text: string): number[] {
  return text.split(",").map((piece) => {
    const [, digits] = /^p?(\d+(?:\.\d+)?)$/.exec(piece.trim()) ?? [];
    if (digits !== undefined) return Number(digits);
    throw new UsageError(`--percentiles ${text}: "${piece}" is not a percentile; expected a list such as 50,95,99.9`);
  });
}

/** `Name: value`. Neither part may contain a line break, which would start another field (RFC 9112 section 11.1). */
export function parseHeader(text: string): readonly [name: string, value: string] {
  const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)$/.exec(text);
  if (parts?.[1] === undefined) throw new UsageError(`--header ${JSON.stringify(text)}: expected "Name: value"`);
  return [parts[1], parts[2] ?? ""];
}

/** A request method (RFC 9110 section 9.1) in upper case. Throws UsageError. */
export function parseMethod(text: string): string {
  if (!/^[A-Za-z]+$/.test(text)) throw new UsageError(`--method ${JSON.stringify(text)}: expected a name such as GET`);
  return text.toUpperCase();
}

/** One word of a list. Throws a UsageError that suggests the nearest word. */
export function parseWord<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${name} ${text}: expected ${words.join(", ")}${didYouMean(text, words)}`);
}

const ALTERNATIVES = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** A list for an error line: `a, b or c`. */
export function alternatives(words: readonly string[]): string {
  return ALTERNATIVES.format(words);
}
