/** The API description of the routes of relays. */
import { TRANSPORTS } from "../faults/link-faults.ts";
import { printLinkFaults } from "../faults/link-text.ts";
import { RELAY_AMOUNTS } from "../metrics/relay-counters.ts";
import { UNNAMED_FORM } from "../relay/route/text.ts";
import { badRequest, TEXT_BODY } from "./faults-description.ts";
import { LINK_BODIES, LINK_EXAMPLES, LINK_SCHEMAS } from "./link-schema.ts";
import {
  describe,
  errorResponse,
  jsonResponse,
  NOT_ALLOWED,
  openApiSchema,
  pathParameter,
  schemaOf,
} from "./openapi.ts";
import { RELAY_BODY } from "./relay-body.ts";
import type { AllRelays, RelayFlows, RelayState, RelayTotals } from "./shapes.ts";

const NAME = pathParameter(
  "name",
  "The name of a relay: a letter, then up to 62 letters, digits, - and _",
  { type: "string", pattern: "^[A-Za-z][A-Za-z0-9_-]{0,62}$" },
  "db",
);

const COUNT = { type: "integer", minimum: 0 };
/** Counts by names that a response has only if they are not 0. */
const COUNTS = { type: "object", additionalProperties: COUNT };

const TOTALS: RelayTotals = {
  totals: {
    packetsIn: 100,
    bytesIn: 6400,
    packetsOut: 94,
    bytesOut: 6016,
    copies: 1,
    copiedBytes: 64,
    dropped: 5,
    droppedBytes: 320,
    waiting: 2,
    waitingBytes: 128,
  },
  drops: { drop: 5 },
  dropBytes: { drop: 320 },
  effects: { delay: 95 },
  added: { sum: 1.9, count: 93, bounds: [0.01, 0.1], counts: [0, 93, 0] },
};
const UDP_TEXT = "drop=0.05/0.05,delay=20/0";
const STATE: RelayState = {
  instance: "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
  name: "db",
  protocol: "udp",
  listen: "127.0.0.1:8080",
  upstream: "db.example:5432",
  address: "192.0.2.1",
  faults: { text: UDP_TEXT, changes: 1, seconds: 60 },
  open: 1,
  limit: 10_000,
  overflows: 0,
  upstreamErrors: { refused: 1 },
  up: TOTALS,
  down: TOTALS,
};
const FLOWS: RelayFlows = {
  flows: [
    {
      peer: "127.0.0.1:55555",
      seconds: 1.5,
      up: { packets: 100, bytes: 6400, drops: 5 },
      down: { packets: 95, bytes: 6080, drops: 0 },
    },
  ],
  leftOut: 0,
};

/** An object of the given properties, which are all required. */
function objectOf(properties: Readonly<Record<string, object>>) {
  return { type: "object", required: Object.keys(properties), properties };
}

const WAY_SCHEMA = objectOf({
  totals: objectOf(Object.fromEntries(RELAY_AMOUNTS.map((name) => [name, COUNT]))),
  drops: COUNTS,
  dropBytes: COUNTS,
  effects: COUNTS,
  added: objectOf({
    sum: { type: "number", minimum: 0 },
    count: COUNT,
    bounds: { type: "array", items: { type: "number", minimum: 0 } },
    counts: { type: "array", items: COUNT },
  }),
});
const TEXT = { type: "string" };
const STATE_SCHEMA = objectOf({
  name: TEXT,
  protocol: { type: "string", enum: [...TRANSPORTS] },
  listen: { ...TEXT, description: "The address and port on which it listens" },
  upstream: { ...TEXT, description: "The host and port behind it; empty for clients that may not change the lab" },
  address: { ...TEXT, nullable: true, description: "Its current address; null while the name has none" },
  faults: objectOf({ text: TEXT, changes: COUNT, seconds: { ...COUNT, description: "Since the last change" } }),
  open: { ...COUNT, description: "Open connections (TCP), or flows (UDP)" },
  limit: COUNT,
  overflows: COUNT,
  upstreamErrors: { ...COUNTS, description: "How often the upstream could not be reached, by reason" },
  up: WAY_SCHEMA,
  down: WAY_SCHEMA,
});

const ALL: AllRelays = { relays: [STATE], limit: 64 };
const STATE_RESPONSE = jsonResponse("The relay", STATE, STATE_SCHEMA);
const NOT_FOUND = { 404: errorResponse("There is no such relay", 'there is no relay "db"') };
const BAD_RELAY = badRequest({
  error: '"70000": not a port to listen on; allowed: PORT, ADDRESS:PORT or [IPv6]:PORT',
  field: "listen",
  allowed: "PORT, ADDRESS:PORT or [IPv6]:PORT",
});
const CONFLICT = {
  409: jsonResponse(
    "The port is in use, or there are 64 relays already",
    { error: "relay db: tcp port 8080 on 127.0.0.1 is in use", field: "listen" },
    { type: "object", required: ["error"], properties: { error: TEXT, field: TEXT } },
  ),
};

const EXAMPLE = { protocol: "udp", listen: 0, upstream: "192.0.2.1:5432" };
const PUT_BODY = {
  required: true,
  content: {
    "application/json": { schema: openApiSchema(RELAY_BODY), example: EXAMPLE },
    "text/plain": { schema: TEXT_BODY, example: "udp:0>192.0.2.1:5432" },
  },
};
const PUT_TEXT = `The body is JSON, or text: \`${UNNAMED_FORM}\`. Without an address the relay listens on 127.0.0.1. A relay of
this name with another route is closed first, with its connections, and its faults stay; one with the same route is not changed.`;

const FAULTS_SCHEMA = objectOf({
  text: { ...TEXT, description: "The faults in the text form" },
  faults: { anyOf: TRANSPORTS.map((transport) => openApiSchema(LINK_SCHEMAS[transport])) },
});
const FAULTS_RESPONSE = jsonResponse(
  "The faults of the relay",
  { text: printLinkFaults("udp", LINK_EXAMPLES.udp), faults: LINK_EXAMPLES.udp },
  FAULTS_SCHEMA,
);
const FAULTS_BODY = {
  required: true,
  content: {
    "application/json": {
      schema: { anyOf: TRANSPORTS.map((transport) => openApiSchema(LINK_BODIES[transport])) },
      example: LINK_EXAMPLES.udp,
    },
    "text/plain": { schema: TEXT_BODY, example: UDP_TEXT },
  },
};
const FAULTS_TEXT = `The faults of each direction: \`up\` from the client to the upstream. One that is omitted has none. In text, each kind
has one value or \`UP/DOWN\`. In JSON, \`delay\`, \`queue\`, \`stall\`, \`reset\` and \`slice\` can be numbers as in text. The kinds are
those of the relay's protocol. They apply from the next packet on, and open connections stay open.`;
const BAD_FAULTS = badRequest({
  error: 'a tcp relay has no fault "drop" at character 1; allowed: delay, rate',
  position: 0,
  allowed: "delay, rate",
});

/** The routes of relays. */
export const RELAY_DOCS = {
  list: describe("relays", "Every relay", {
    200: jsonResponse("The relays, in the order in which they were made", ALL, {
      ...objectOf({ relays: { type: "array", items: STATE_SCHEMA }, limit: COUNT }),
    }),
  }),
  get: describe("relays", "One relay", { 200: STATE_RESPONSE, ...NOT_FOUND }, { parameters: [NAME] }),
  put: describe(
    "relays",
    "Make a relay, or replace it",
    {
      200: STATE_RESPONSE,
      201: { ...STATE_RESPONSE, description: "A new relay" },
      ...BAD_RELAY,
      ...CONFLICT,
      ...NOT_ALLOWED,
    },
    { parameters: [NAME], requestBody: PUT_BODY, description: PUT_TEXT },
  ),
  delete: describe(
    "relays",
    "Close a relay and its connections",
    { 200: jsonResponse("It was closed", { deleted: "db" }), ...NOT_FOUND, ...NOT_ALLOWED },
    { parameters: [NAME] },
  ),
  faults: describe("relays", "The faults of a relay", { 200: FAULTS_RESPONSE, ...NOT_FOUND }, { parameters: [NAME] }),
  putFaults: describe(
    "relays",
    "Replace the faults of a relay",
    { 200: FAULTS_RESPONSE, ...BAD_FAULTS, ...NOT_FOUND, ...NOT_ALLOWED },
    { parameters: [NAME], requestBody: FAULTS_BODY, description: FAULTS_TEXT },
  ),
  deleteFaults: describe(
    "relays",
    "Remove the faults of a relay",
    { 200: FAULTS_RESPONSE, ...NOT_FOUND, ...NOT_ALLOWED },
    { parameters: [NAME] },
  ),
  flows: describe(
    "relays",
    "The open connections or flows of a relay",
    { 200: jsonResponse("Those with the most octets, at most 100", FLOWS, schemaOf(FLOWS)), ...NOT_FOUND },
    { parameters: [NAME], description: "Addresses are omitted for clients that may not change the lab." },
  ),
};
