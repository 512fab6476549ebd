/** Helpers that build the API description served at /swagger (OpenAPI 3.0). */
import type { DocumentDecoration } from "elysia";

/** The groups of routes with their descriptions. */
export const TAGS = {
  traffic: "Requests that count as packets of the listener's protocol",
  faults: "Faults that the lab injects",
  relays: "Relays between clients and services, with faults in both directions",
  live: "Data of the live page",
  runs: "Load runs started from the page, and kept runs",
  measurement: "Metrics, health and session summaries",
};

/** The name of a group of routes. */
export type Tag = keyof typeof TAGS;

/** The description of a route: `responses` by status, `more` for parameters, a request body or a longer text. */
export function describe(tag: Tag, summary: string, responses: object, more: object = {}): DocumentDecoration {
  // The arguments are plain OpenAPI built in parts; the library's union types cannot be inferred from parts.
  return { tags: [tag], summary, responses, ...more } as DocumentDecoration;
}

/** A response with a JSON body. */
export function jsonResponse(description: string, example: unknown, schema: object = schemaOf(example)) {
  return { description, content: { "application/json": { schema, example } } };
}

/** A response whose JSON body is `{ error }`, one line. */
export function errorResponse(description: string, error: string) {
  return jsonResponse(description, { error }, { $ref: "#/components/schemas/Error" });
}

/** The responses of a request that may not change the lab's state (docs/CONTRACT.md, section 7). */
export const NOT_ALLOWED = {
  401: errorResponse("The token is missing or wrong", "send the token: Authorization: Bearer TOKEN"),
  403: errorResponse(
    "The client, its Host or its Origin is not allowed",
    "only allowed from this machine; set WIRELAB_TOKEN to allow other clients that send it",
  ),
};

/**
 * The schema of a value, from examples of it: the types of their values. Keys that all examples have are required, a
 * value that is null in one of them is nullable, and the elements of a list are examples of its items.
 */
export function schemaOf(...examples: readonly unknown[]): object {
  const values = examples.filter((example) => example !== null);
  const nullable = values.length < examples.length ? { nullable: true } : {};
  const [first] = values;
  if (Array.isArray(first)) return { type: "array", items: schemaOf(...values.flat()), ...nullable };
  if (typeof first === "object") return { ...objectSchemaOf(values as object[]), ...nullable }; // as the first is
  if (typeof first === "number") return { type: values.every(Number.isInteger) ? "integer" : "number", ...nullable };
  return first === undefined ? nullable : { type: typeof first, ...nullable };
}

function objectSchemaOf(examples: readonly object[]): object {
  const entries = examples.flatMap((example): [string, unknown][] => Object.entries(example));
  const byKey = Map.groupBy(entries, ([key]) => key);
  const required = [...byKey].filter(([, found]) => found.length === examples.length).map(([key]) => key);
  const properties = Object.fromEntries(
    [...byKey].map(([key, found]) => [key, schemaOf(...found.map(([, value]) => value))]),
  );
  return { type: "object", ...(required.length > 0 && { required }), properties };
}

/** The keywords of JSON Schema that OpenAPI 3.0 lacks or that it has another form of. */
interface JsonSchema {
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly multipleOf?: number;
  readonly anyOf?: readonly JsonSchema[];
}

/** A schema in the form of OpenAPI 3.0: an allowed value is an `enum` in place of a `const`, whole numbers are integers. */
export function openApiSchema<Schema>(schema: Schema): Schema {
  if (Array.isArray(schema)) return schema.map(openApiSchema) as Schema; // of the same form
  if (typeof schema !== "object" || schema === null) return schema;
  const converted = Object.entries(schema).map(([key, value]) => [key, openApiSchema(value)]);
  return withOpenApiKeywords(Object.fromEntries(converted)) as Schema;
}

function withOpenApiKeywords(schema: JsonSchema): JsonSchema {
  const { const: only, multipleOf, anyOf, ...rest } = schema;
  if (only !== undefined) return { ...rest, enum: [only] };
  if (multipleOf === 1) return { ...rest, type: "integer" };
  if (!anyOf?.every((choice) => choice.enum)) return schema;
  return { ...rest, type: anyOf[0]?.type ?? "string", enum: anyOf.flatMap((choice) => choice.enum ?? []) };
}

/** A parameter in the path. */
export function pathParameter(name: string, description: string, schema: object, example: unknown) {
  return { name, in: "path", required: true, description, schema, example };
}
