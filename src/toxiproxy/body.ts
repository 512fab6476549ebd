/** Reads the JSON of requests and writes that of responses as Toxiproxy does, which is a program in Go (encoding/json). */
import { badBody } from "./errors.ts";

/** An object of a request. */
export type Fields = Readonly<Record<string, unknown>>;

/** Go's name of a JSON value's type. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : value === null ? "null" : typeof value;
}

/** Parses a body. Throws ToxiproxyError. */
export function parseBody(text: string): unknown {
  const start = text.trimStart();
  if (start === "") throw badBody("EOF");
  try {
    return JSON.parse(text);
  } catch (error) {
    const isIncomplete = error instanceof Error && /EOF|Expected|Unterminated/.test(error.message);
    if (!/^[[{"tfn\d-]/.test(start)) throw badBody(`invalid character '${start[0]}' looking for beginning of value`);
    throw badBody(isIncomplete ? "unexpected EOF" : "invalid JSON");
  }
}

/** The value as an object; `type` is its name in errors. `null` is an object without fields. Throws ToxiproxyError. */
export function fieldsOf(value: unknown, type: string): Fields {
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value))
    throw badBody(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${type}`);
  return { ...value };
}

/** A field, whose name has no case; undefined if it is absent or null. */
function fieldOf(fields: Fields, name: string): unknown {
  const key = Object.keys(fields).findLast((key) => key.toLowerCase() === name);
  return (key === undefined ? undefined : fields[key]) ?? undefined;
}

/** Throws the error of a value whose type is not that of the field. */
function wrongType(value: unknown, place: string, type: string): never {
  const shown = typeof value === "number" && type !== "string" && type !== "bool" ? `number ${value}` : kindOf(value);
  throw badBody(`json: cannot unmarshal ${shown} into Go struct field ${place} of type ${type}`);
}

/** A string; undefined if it is absent. Throws ToxiproxyError. */
export function text(fields: Fields, name: string, owner: string): string | undefined {
  const value = fieldOf(fields, name);
  return value === undefined || typeof value === "string" ? value : wrongType(value, `${owner}.${name}`, "string");
}

/** A truth value; undefined if it is absent. Throws ToxiproxyError. */
export function bool(fields: Fields, name: string, owner: string): boolean | undefined {
  const value = fieldOf(fields, name);
  return value === undefined || typeof value === "boolean" ? value : wrongType(value, `${owner}.${name}`, "bool");
}

/** A number with the precision of 32 bits; undefined if it is absent. Throws ToxiproxyError. */
export function float32(fields: Fields, name: string, owner: string): number | undefined {
  const value = fieldOf(fields, name);
  if (value === undefined || typeof value !== "number")
    return value === undefined ? value : wrongType(value, `${owner}.${name}`, "float32");
  return shortest(value);
}

/** The shortest decimal number with the same value in 32 bits. */
function shortest(value: number): number {
  const rounded = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === rounded) return short;
  }
  return rounded;
}

/** A whole number; undefined if it is absent. Throws ToxiproxyError. */
export function integer(fields: Fields, name: string, owner: string, type: string): number | undefined {
  const value = fieldOf(fields, name);
  if (value === undefined) return undefined;
  return Number.isSafeInteger(value) ? Number(value) : wrongType(value, `${owner}.${name}`, type);
}

/** An object within an object; undefined if it is absent. Throws ToxiproxyError. */
export function object(fields: Fields, name: string, owner: string, type: string): Fields | undefined {
  const value = fieldOf(fields, name);
  if (value === undefined) return undefined;
  return typeof value === "object" && !Array.isArray(value) ? { ...value } : wrongType(value, `${owner}.${name}`, type);
}

const ESCAPED: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** Writes JSON with the characters of HTML escaped. */
export function json(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => ESCAPED[character] ?? character);
}

/** Writes an object of JSON texts with its names in the order of their octets, whatever they look like. */
export function jsonByName(texts: ReadonlyMap<string, string>): string {
  const names = [...texts.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${names.map((name) => `${json(name)}:${texts.get(name)}`).join(",")}}`;
}
