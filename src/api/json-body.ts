/**
 * Reads a JSON body and holds it against a schema. Not by Elysia's `body`: the API description would then show its own
 * guess of the content types in place of ours, without an example.
 */
import { getSchemaValidator, type Static, type TSchema, ValidationError } from "elysia";

/** Gives a function that reads a request's body; it throws SyntaxError or ValidationError. */
export function jsonReader<T extends TSchema>(schema: T): (request: Request) => Promise<Static<T>> {
  const validator = getSchemaValidator(schema, { normalize: false });
  return async (request) => {
    const body: unknown = await request.json();
    if (!validator.Check(body)) throw new ValidationError("body", validator, body);
    return body as Static<T>; // the validator has just said so
  };
}
