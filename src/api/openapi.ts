/** Helpers that build the API description served at /swagger (OpenAPI 3.0). */
import type { DocumentDecoration } from "elysia";

/** The groups of routes with their descriptions. */
export const TAGS = {
  traffic: "Requests that count as packets",
  faults: "Faults that the lab injects",
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

/** The schema of an example: the types of its values, with every key required. */
export function schemaOf(example: unknown): object {
  if (Array.isArray(example)) return { type: "array", items: schemaOf(example[0]) };
  if (typeof example === "object" && example !== null) {
    const properties = Object.fromEntries(Object.entries(example).map(([key, value]) => [key, schemaOf(value)]));
    return { type: "object", required: Object.keys(example), properties };
  }
  if (typeof example === "number") return { type: Number.isInteger(example) ? "integer" : "number" };
  return { type: typeof example };
}

/** A parameter in the path. */
export function pathParameter(name: string, description: string, schema: object, example: number) {
  return { name, in: "path", required: true, description, schema, example };
}
