/** `/http-sessions/{id}`: the requests of one session that faults lost. */
import { Elysia } from "elysia";
import { isHttpSession } from "../servers/http/sessions.ts";
import { BadRequestError } from "./errors.ts";
import { describe, errorResponse, jsonResponse } from "./openapi.ts";
import type { ApiParts } from "./parts.ts";

/** Most characters of a wrong id that its error contains. */
const MAX_SHOWN = 40;
const FORM = "16 hexadecimal digits";
const EXAMPLE_ID = "4f0c0b1e7d0a4a53";
const ID = {
  name: "id",
  in: "path",
  required: true,
  description: FORM,
  schema: { type: "string", pattern: "^[0-9a-f]{16}$" },
  example: EXAMPLE_ID,
};

function problemOf(id: string): string {
  return `session ${id}: not allowed; allowed: ${FORM}`;
}

const DOCS = describe(
  "measurement",
  "The lost requests of one session, by direction",
  {
    200: jsonResponse("The requests that faults lost", {
      id: EXAMPLE_ID,
      instance: "4f0c0b1e-7d0a-4a53-9a0f-2a6d4c6e9b11",
      startedAt: "2026-11-22T07:59:00.000Z",
      dropped: { up: 3, down: 2 },
    }),
    400: errorResponse("The id is not valid", problemOf("abc")),
  },
  {
    description: `The requests with \`X-Wirelab-Session: ID\` that faults lost, because a lost request may get no response
that says so. A session without losses, and one that the lab has evicted because others had later losses, has none.`,
    parameters: [ID],
  },
);

/** The route of the sessions of HTTP requests. */
export function httpSessionRoutes({ httpSessions, instance }: Pick<ApiParts, "httpSessions" | "instance">) {
  return new Elysia({ name: "http-sessions" }).get(
    "/http-sessions/:id",
    ({ params: { id } }) => {
      if (isHttpSession(id)) return Response.json({ id, ...instance, dropped: httpSessions.get(id) });
      throw new BadRequestError(problemOf(id.slice(0, MAX_SHOWN)));
    },
    { detail: DOCS },
  );
}
