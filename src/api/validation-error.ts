/** Turns a schema's validation error into one line: the field and the values that it allows. */
import type { ValidationError } from "elysia";

/** The first problem of a body that its schema refuses. */
export interface SchemaProblem {
  /** One line: the field, the problem, the allowed values. */
  readonly error: string;
  /** The path of the field, with dots; empty for the whole body. */
  readonly field: string;
  /** The allowed values in words. */
  readonly allowed: string;
}

/** The keywords of JSON Schema that the lab's schemas use. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
}

/** The values that `schema` allows, in words. */
export function allowedBy(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(allowedBy).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, { const: only }]) =>
      only === undefined ? name : `${name}: ${JSON.stringify(only)}`,
    );
    return `{ ${fields.join(", ")} }`;
  }
  const { minimum, maximum, multipleOf } = schema;
  const type = multipleOf === 1 ? "integer" : (schema.type ?? "value");
  const article = type === "integer" || type === "object" ? "an" : "a";
  const range =
    minimum === undefined ? "" : maximum === undefined ? ` from ${minimum}` : ` from ${minimum} to ${maximum}`;
  return `${article} ${type}${range}`;
}

/** The first problem that a validation found. */
export function problemOf(error: ValidationError): SchemaProblem {
  const [first] = error.all;
  const found = first && "path" in first ? first : undefined;
  const field = (found?.path ?? "").slice(1).replaceAll("/", ".");
  const schema = (found?.schema ?? {}) as Schema; // TypeBox's schemas are JSON Schema; their type hides the keywords
  const isUnknown = found?.message === "Unexpected property";
  // For an unknown property the schema is that of the object that contains it.
  const allowed = isUnknown ? Object.keys(schema.properties ?? {}).join(", ") : allowedBy(schema);
  const problem = isUnknown ? "no such field" : "not allowed";
  return { error: `${field || "the body"}: ${problem}; allowed: ${allowed}`, field, allowed };
}
