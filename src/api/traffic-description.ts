/** The API description of the traffic routes. */
import type { DocumentDecoration } from "elysia";
import { DEFAULT_LIMITS } from "../limits.ts";
import { MAX_BYTES, MAX_DELAY_SECONDS, type TrafficRoute } from "../servers/http/routes.ts";
import { describe, errorResponse, jsonResponse, pathParameter } from "./openapi.ts";

const SERVER_TIMING = {
  "Server-Timing": {
    description: "app;dur=MS, the time in the handler",
    schema: { type: "string" },
    example: "app;dur=0.041",
  },
};
const RECEIVED = { ...jsonResponse("The packet was received", { status: "received" }), headers: SERVER_TIMING };
const DROPPED = {
  description: "The packet was dropped; the body is empty",
  headers: {
    "X-Wirelab-Fate": {
      description:
        "dropped-up: a fault dropped the request; dropped-down: a fault dropped the response; " +
        "queue-full: the queue of delayed responses is full",
      schema: { type: "string", enum: ["dropped-up", "dropped-down", "queue-full"] },
      example: "dropped-up",
    },
  },
};
/** What the faults on HTTP can do to any of these requests. */
const FAULTS = {
  "4XX": { description: "The fault `status`: an empty body with its status" },
  "5XX": { description: "The fault `status`: an empty body with its status" },
  503: DROPPED,
};
const BODY_ERRORS = {
  ...FAULTS,
  408: errorResponse(
    "The body took too long to arrive",
    `too-slow: the body must arrive within ${DEFAULT_LIMITS.httpBodyMs} ms`,
  ),
  413: errorResponse(
    "The body is too large",
    `too-large: the body can have at most ${DEFAULT_LIMITS.httpBodyBytes} bytes`,
  ),
  503: {
    ...DROPPED,
    description: `${DROPPED.description}. Without X-Wirelab-Fate: no memory for the body, with one line in \`error\``,
  },
};
const ANY_BODY = { "*/*": { schema: { type: "string", format: "binary" }, example: "Hello" } };

const STATUS = pathParameter("code", "The status, 200 to 599", { type: "integer", minimum: 200, maximum: 599 }, 404);
const SECONDS = pathParameter(
  "seconds",
  `The delay in s, 0 to ${MAX_DELAY_SECONDS}`,
  { type: "number", minimum: 0, maximum: MAX_DELAY_SECONDS },
  0.5,
);
const LENGTH = pathParameter(
  "n",
  `The number of bytes, 0 to ${MAX_BYTES}`,
  { type: "integer", minimum: 0, maximum: MAX_BYTES },
  1024,
);

const ROUTES: Readonly<Record<TrafficRoute, DocumentDecoration>> = {
  "/": describe(
    "traffic",
    "Receive a packet",
    {
      200: RECEIVED,
      400: errorResponse("The body is not JSON", "the body is not JSON"),
      ...BODY_ERRORS,
    },
    {
      description:
        "A request with any JSON body is one HTTP packet; the faults of `http` apply. With `close` and `stall` there is no response.",
      requestBody: {
        required: true,
        content: { "application/json": { schema: {}, example: { message: "Hello HTTP 7" } } },
      },
    },
  ),
  "/echo": describe(
    "traffic",
    "Return the request's body",
    {
      200: { description: "The body", content: ANY_BODY, headers: SERVER_TIMING },
      400: errorResponse("The body is incomplete", "bad-request: the body is incomplete"),
      ...BODY_ERRORS,
    },
    {
      description: "The response has the body and the content type of the request.",
      requestBody: { content: ANY_BODY },
    },
  ),
  "/status/{code}": describe(
    "traffic",
    "Return a status",
    {
      default: { description: "An empty body with that status", headers: SERVER_TIMING },
      400: errorResponse(
        "The status is out of range; without a body if it was requested",
        "status 99: allowed are 200 to 599",
      ),
      ...FAULTS,
    },
    { parameters: [STATUS] },
  ),
  "/delay/{seconds}": describe(
    "traffic",
    "Respond after a delay",
    {
      200: RECEIVED,
      400: errorResponse("The delay is out of range", `delay 60: allowed are 0 to ${MAX_DELAY_SECONDS} seconds`),
      ...FAULTS,
    },
    { parameters: [SECONDS] },
  ),
  "/bytes/{n}": describe(
    "traffic",
    "Return a number of bytes",
    {
      200: {
        description: "The bytes",
        content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
        headers: SERVER_TIMING,
      },
      400: errorResponse("The number is out of range", `bytes 2000000: allowed are 0 to ${MAX_BYTES}`),
      ...FAULTS,
    },
    { parameters: [LENGTH] },
  ),
  "/ws": describe(
    "traffic",
    "Open a WebSocket connection",
    {
      101: { description: "The connection is open: each message is a packet" },
      426: errorResponse(
        "The request is no upgrade to a WebSocket connection",
        "/ws is for WebSocket connections: request an upgrade to websocket over HTTP/1.1",
      ),
      503: errorResponse("Too many WebSocket connections are open", "connection-limit: 1024 connections are open"),
    },
    {
      description:
        "On the listeners of HTTP/1.1, with and without TLS. A STAMP packet as a binary message gets its reflector packet, any other " +
        "message gets `ACK-WS`. Pages of every origin may open connections: messages are traffic and control nothing.",
    },
  ),
};

/** The method of each traffic route. */
export const TRAFFIC_METHODS: Readonly<Record<TrafficRoute, string>> = {
  "/": "POST",
  "/echo": "POST",
  "/status/{code}": "GET",
  "/delay/{seconds}": "GET",
  "/bytes/{n}": "GET",
  "/ws": "GET",
};

/** The description of one traffic route. */
export function describeTraffic(route: TrafficRoute): DocumentDecoration {
  return ROUTES[route];
}
