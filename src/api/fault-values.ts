/** The JSON form of the values of faults, which are the same for a protocol and for a path. */
import { type TSchema, t } from "elysia";
import { isJsonObject } from "../base/json.ts";
import { RANGES } from "../faults/faults.ts";

/** Objects without other fields. */
export const closed = { additionalProperties: false };
/** A probability. */
export const Probability = t.Number(RANGES.probability);
/** A time in ms. */
export const Milliseconds = t.Number(RANGES.ms);
/** Gilbert losses. */
export const Gilbert = t.Object({ goodToBad: Probability, badToGood: t.Number(RANGES.recovery) }, closed);
/** The distributions of delays. */
export const DelayForms = t.Union([
  t.Object({ kind: t.Literal("fixed"), ms: Milliseconds }, closed),
  t.Object({ kind: t.Literal("uniform"), minMs: Milliseconds, maxMs: Milliseconds }, closed),
  t.Object({ kind: t.Literal("normal"), meanMs: Milliseconds, stddevMs: Milliseconds }, closed),
  t.Object({ kind: t.Literal("pareto"), scaleMs: Milliseconds, shape: t.Number(RANGES.shape) }, closed),
]);

/** A number that stands for a value of a kind, as in the text form: its schema, and the value. */
export interface NumberForm {
  readonly schema: TSchema;
  expand(number: number): unknown;
}

/** The numbers that kinds can have in place of their values. */
export type NumberForms = Readonly<Record<string, NumberForm>>;

/** A delay that does not vary. */
export const DELAY_NUMBER: NumberForm = { schema: Milliseconds, expand: (ms) => ({ kind: "fixed", ms }) };

/** A body of faults whose numbers are replaced by the values that they stand for; any other body as it is. */
export function expand(body: unknown, numbers: NumberForms): unknown {
  if (!isJsonObject(body)) return body;
  const expanded = Object.entries(numbers).flatMap(([kind, form]) => {
    const value: unknown = Reflect.get(body, kind);
    return typeof value === "number" ? [[kind, form.expand(value)]] : [];
  });
  return expanded.length > 0 ? { ...body, ...Object.fromEntries(expanded) } : body;
}

/** The schema of a kind's value in a request, as the API description has it: with the number that can stand for it. */
export function withNumber(kind: string, value: TSchema, numbers: NumberForms): TSchema {
  const number = Object.hasOwn(numbers, kind) ? numbers[kind] : undefined;
  return number ? t.Union([number.schema, value]) : value;
}
