/**
 * Reads a JSON body and validates it against a schema. Elysia's `body` option is not used, because it would replace the
 * content types and the example of the API description by its own.
 */
import { getSchemaValidator, type Static, type TSchema, t, ValidationError } from "elysia";
import type { Range } from "../faults/faults.ts";

/**
 * The schema of an integer. Elysia's `t.Integer` is not used, because it accepts text too, whatever the number in it.
 */
export function integerIn(range: Range, description?: string) {
  return t.Number({ ...range, multipleOf: 1, ...(description !== undefined && { description }) });
}

/**
 * Returns a function that checks a value against a schema and returns it. It throws ValidationError. The schema is compiled
 * at the first call, because a lab has many of them on each of its HTTP ports.
 */
export function checker<T extends TSchema>(schema: T): (value: unknown) => Static<T> {
  let compiled: ReturnType<typeof getSchemaValidator> | undefined;
  return (value) => {
    compiled ??= getSchemaValidator(schema, { normalize: false });
    const validator = compiled;
    if (!validator.Check(value)) throw new ValidationError("body", validator, value);
    return value as Static<T>; // Check has validated it
  };
}

/** Returns a function that reads a request's body. It throws SyntaxError or ValidationError. */
export function jsonReader<T extends TSchema>(schema: T): (request: Request) => Promise<Static<T>> {
  const check = checker(schema);
  return async (request) => check(await request.json());
}
