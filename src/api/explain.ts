/** What a schema found wrong with a body, told to a person: the field, and what is allowed there. */
import type { ValidationError } from "elysia";

/** A request that cannot be answered as it is; its message is one line: what, and what is allowed. */
export class BadRequestError extends Error {
  override readonly name = "BadRequestError";
}

/** A refused body: one line, the field that it concerns (dotted; empty for the whole), and what may stand there. */
export interface Explanation {
  readonly error: string;
  readonly field: string;
  readonly allowed: string;
}

/** The parts of JSON Schema that the lab's schemas use. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
}

/** What a value of `schema` looks like, in words. */
export function expected(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(expected).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, { const: only }]) =>
      only === undefined ? name : `${name}: ${JSON.stringify(only)}`,
    );
    return `{ ${fields.join(", ")} }`;
  }
  const article = schema.type === "integer" || schema.type === "object" ? "an" : "a";
  const { type = "value", minimum, maximum } = schema;
  const range =
    minimum === undefined ? "" : maximum === undefined ? ` from ${minimum}` : ` from ${minimum} to ${maximum}`;
  return `${article} ${type}${range}`;
}

/** The first thing that is wrong. */
export function explain(error: ValidationError): Explanation {
  const [first] = error.all;
  const found = first && "path" in first ? first : undefined;
  const field = (found?.path ?? "").slice(1).replaceAll("/", ".");
  const schema = (found?.schema ?? {}) as Schema; // TypeBox's schemas are JSON Schema; its type hides the keys
  const stray = found?.message === "Unexpected property";
  // For a stray property the schema is that of the object around it.
  const allowed = stray ? Object.keys(schema.properties ?? {}).join(", ") : expected(schema);
  const problem = stray ? "no such field" : "not allowed";
  return { error: `${field || "the body"}: ${problem}; allowed: ${allowed}`, field, allowed };
}
