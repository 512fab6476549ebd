/** The API description of the routes of faults. */
import { byProtocol, type Protocol, recordOf } from "../base/protocol.ts";
import { type Impairments, KINDS_OF, NO_FAULTS, PRESETS } from "../faults/faults.ts";
import { printFaults, printImpairments } from "../faults/print.ts";
import { FAULT_BODIES, FAULT_EXAMPLES, FAULT_SCHEMAS } from "./faults-schema.ts";
import { describe, jsonResponse, NOT_ALLOWED, openApiSchema } from "./openapi.ts";

const TEXT = { type: "string", description: "The faults in the text form of WIRELAB_IMPAIR" };

/** The values of the schema's faults, by protocol. */
const SHAPES = byProtocol((protocol) => openApiSchema(FAULT_SCHEMAS[protocol]));
/** The same in a request. */
const BODIES = byProtocol((protocol) => openApiSchema(FAULT_BODIES[protocol]));

/** An example of the faults of `served`. */
function exampleOf(served: readonly Protocol[]): Partial<Impairments> {
  return recordOf(served, (protocol) => (protocol === "udp" ? FAULT_EXAMPLES.udp : NO_FAULTS));
}

function allFaultsResponse(served: readonly Protocol[]) {
  const impairments = exampleOf(served);
  return jsonResponse(
    "The faults of every protocol that the lab serves",
    { text: printImpairments(impairments), impairments, presets: Object.keys(PRESETS) },
    {
      type: "object",
      required: ["text", "impairments", "presets"],
      properties: {
        text: TEXT,
        impairments: {
          type: "object",
          required: [...served],
          properties: recordOf(served, (protocol) => SHAPES[protocol]),
        },
        presets: { type: "array", items: { type: "string" } },
      },
    },
  );
}

const UDP_KINDS = KINDS_OF.udp.join(", ");

/** The response to a body that is not valid. */
export function badRequest(example: { readonly error: string; readonly [field: string]: unknown }) {
  const schema = {
    type: "object",
    required: ["error"],
    properties: {
      error: { type: "string", description: "The problem, in one line" },
      position: { type: "integer", minimum: 0, description: "In text: the index of the wrong character, from 0" },
      field: { type: "string", description: "In JSON: the path of the wrong field, with dots; empty for the body" },
      allowed: { type: "string", description: "What is allowed there; absent if the body is empty or not JSON" },
    },
  };
  return { 400: jsonResponse("The body is empty or not valid: the problem and what is allowed", example, schema) };
}

const BAD_REQUEST = badRequest({
  error: `udp has no fault "drp" at character 5; allowed: ${UDP_KINDS}`,
  position: 4,
  allowed: UDP_KINDS,
});
/** The schema of a body of text. */
export const TEXT_BODY = { type: "string", minLength: 1 };
const FORM =
  "The body is text or JSON, whatever its content type; in JSON, `drop` and `delay` can be numbers as in text. A value alone of `delay`, `duplicate`, `reorder` and `corrupt` is downstream; `up` and `down` have one for each direction.";

/** The routes of all faults of a lab that serves `served`. */
export function allFaultsDocs(served: readonly Protocol[]) {
  const ok = { 200: allFaultsResponse(served) };
  const example = exampleOf(served);
  const schema = {
    type: "object",
    properties: recordOf(served, (protocol) => BODIES[protocol]),
    additionalProperties: false,
  };
  const requestBody = {
    required: true,
    content: {
      "text/plain": { schema: TEXT_BODY, example: printImpairments(example) },
      "application/json": { schema, example },
    },
  };
  const description = `The faults of each protocol, or as text the name of a preset. Protocols that are omitted have none. ${FORM}`;
  return {
    get: describe("faults", "The faults of every protocol", ok),
    put: describe(
      "faults",
      "Set the faults of every protocol",
      { ...ok, ...BAD_REQUEST, ...NOT_ALLOWED },
      { description, requestBody },
    ),
    delete: describe("faults", "Remove every fault", { ...ok, ...NOT_ALLOWED }),
  };
}

/** The routes of one protocol's faults. */
export function faultDocsOf(protocol: Protocol) {
  const faults = FAULT_EXAMPLES[protocol];
  const text = printFaults(faults);
  const ok = jsonResponse(
    `The faults of ${protocol}`,
    { text, faults },
    { type: "object", required: ["text", "faults"], properties: { text: TEXT, faults: SHAPES[protocol] } },
  );
  const requestBody = {
    required: true,
    content: {
      "application/json": { schema: BODIES[protocol], example: faults },
      "text/plain": { schema: TEXT_BODY, example: text },
    },
  };
  return {
    get: describe("faults", `The faults of ${protocol}`, { 200: ok }),
    put: describe(
      "faults",
      `Replace the faults of ${protocol}`,
      { 200: ok, ...BAD_REQUEST, ...NOT_ALLOWED },
      { requestBody, description: FORM },
    ),
    delete: describe("faults", `Remove the faults of ${protocol}`, { 200: ok, ...NOT_ALLOWED }),
  };
}
