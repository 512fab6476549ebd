/** How the API description tells of the traffic routes: schemas, examples and errors (OpenAPI 3.0). */
import type { DocumentDecoration } from "elysia";

type Description = DocumentDecoration;

/** An answer with a JSON body. */
export function jsonResponse(description: string, example: unknown, schema: object = schemaOf(example)) {
  return { description, content: { "application/json": { schema, example } } };
}

/** An answer with one line about what is wrong. */
export function errorResponse(description: string, error: string) {
  return jsonResponse(description, { error }, { $ref: "#/components/schemas/Error" });
}

/** The plain schema of an example: its types, with every key required. */
export function schemaOf(example: unknown): object {
  if (Array.isArray(example)) return { type: "array", items: schemaOf(example[0]) };
  if (typeof example === "object" && example !== null) {
    const properties = Object.fromEntries(Object.entries(example).map(([key, value]) => [key, schemaOf(value)]));
    return { type: "object", required: Object.keys(example), properties };
  }
  if (typeof example === "number") return { type: Number.isInteger(example) ? "integer" : "number" };
  return { type: typeof example };
}

const SERVER_TIMING = {
  "Server-Timing": {
    description: "app;dur=MS, the time in the handler",
    schema: { type: "string" as const },
    example: "app;dur=0.041",
  },
};
const RECEIVED = { ...jsonResponse("Received", { status: "received" }), headers: SERVER_TIMING };
const DROPPED = {
  description: "A fault dropped the packet; the body is empty",
  headers: {
    "X-Wirelab-Fate": {
      description: "Where: before it was handled, or in place of its answer",
      schema: { type: "string" as const, enum: ["dropped-up", "dropped-down", "queue-full"] },
      example: "dropped-up",
    },
  },
};
const BODY_ERRORS = {
  408: errorResponse("The body did not come in time", "too-slow: the body has to come whole, within 10000 ms"),
  413: errorResponse("The body is too large", "too-large: the body has to come whole, at most 1048576 bytes"),
};

/** A part of the path. */
export function parameter(name: string, description: string, schema: object, example: number) {
  return { name, in: "path" as const, required: true, description, schema, example };
}

const ROUTES = {
  "/": {
    summary: "Receive a packet",
    description: "A request with any JSON body is one HTTP packet; the faults of `http` apply.",
    requestBody: {
      required: true,
      content: { "application/json": { schema: {}, example: { message: "Hello HTTP 7" } } },
    },
    responses: {
      200: RECEIVED,
      400: errorResponse("The body is not JSON", "the body is not JSON"),
      ...BODY_ERRORS,
      503: DROPPED,
    },
  },
  "/echo": {
    summary: "Send the body back",
    description: "Answers with the request's own body and content type.",
    requestBody: { content: { "*/*": { schema: { type: "string", format: "binary" }, example: "Hello" } } },
    responses: {
      200: {
        description: "The body",
        content: { "*/*": { schema: { type: "string", format: "binary" }, example: "Hello" } },
        headers: SERVER_TIMING,
      },
      ...BODY_ERRORS,
      503: DROPPED,
    },
  },
  "/status/{code}": {
    summary: "Answer with a status",
    parameters: [parameter("code", "the status, 200 to 599", { type: "integer", minimum: 200, maximum: 599 }, 404)],
    responses: {
      default: { description: "An empty body with that status", headers: SERVER_TIMING },
      400: errorResponse("No such status", "status 99: allowed are 200 to 599"),
      503: DROPPED,
    },
  },
  "/delay/{seconds}": {
    summary: "Answer later",
    parameters: [parameter("seconds", "how much later, 0 to 10", { type: "number", minimum: 0, maximum: 10 }, 0.5)],
    responses: {
      200: RECEIVED,
      400: errorResponse("No such delay", "delay 60: allowed are 0 to 10 seconds"),
      503: DROPPED,
    },
  },
  "/bytes/{n}": {
    summary: "Answer with so many octets",
    parameters: [parameter("n", "how many, 0 to 1048576", { type: "integer", minimum: 0, maximum: 1048576 }, 1024)],
    responses: {
      200: {
        description: "The octets",
        content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
        headers: SERVER_TIMING,
      },
      400: errorResponse("Too many", "bytes 2000000: allowed are 0 to 1048576"),
      503: DROPPED,
    },
  },
} as const;

/** The description of one traffic route. */
export function describeTraffic(route: keyof typeof ROUTES): Description {
  // The literals above are OpenAPI; `as const` makes their arrays readonly, which the library's type does not foresee.
  return { tags: ["traffic"], ...ROUTES[route] } as unknown as Description;
}
