/** The API description of the routes of faults. */
import { byProtocol, type Protocol } from "../base/protocol.ts";
import { KINDS_OF, NO_IMPAIRMENTS, PRESETS } from "../faults/faults.ts";
import { printFaults, printImpairments } from "../faults/text.ts";
import { FAULT_EXAMPLES, FAULT_SCHEMAS } from "./faults-schema.ts";
import { describe, jsonResponse, NOT_ALLOWED } from "./openapi.ts";

const TEXT = { type: "string", description: "The faults in the text form of WIRELAB_IMPAIR" };

const IMPAIRMENTS = { ...NO_IMPAIRMENTS, udp: FAULT_EXAMPLES.udp };
const ALL = jsonResponse(
  "The faults of every protocol",
  { text: printImpairments(IMPAIRMENTS), impairments: IMPAIRMENTS, presets: Object.keys(PRESETS) },
  {
    type: "object",
    required: ["text", "impairments", "presets"],
    properties: {
      text: TEXT,
      impairments: { type: "object", properties: byProtocol(() => ({ $ref: "#/components/schemas/Faults" })) },
      presets: { type: "array", items: { type: "string" } },
    },
  },
);

const UDP_KINDS = KINDS_OF.udp.join(", ");
const BAD_REQUEST = {
  400: jsonResponse("The text or the object is not valid: the problem, its position and what is allowed", {
    error: `udp has no fault "drp" at character 5; allowed: ${UDP_KINDS}`,
    position: 4,
    allowed: UDP_KINDS,
  }),
};

/** The routes of all faults. */
export const ALL_FAULTS_DOCS = {
  get: describe("faults", "The faults of every protocol", { 200: ALL }),
  put: describe(
    "faults",
    "Set the faults of every protocol",
    { 200: ALL, ...BAD_REQUEST, ...NOT_ALLOWED },
    {
      description:
        "The body is the text form of faults or the name of a preset. Protocols that it omits have no faults.",
      requestBody: {
        required: true,
        content: { "text/plain": { schema: { type: "string" }, example: printImpairments(IMPAIRMENTS) } },
      },
    },
  ),
  delete: describe("faults", "Remove every fault", { 200: ALL, ...NOT_ALLOWED }),
};

/** The routes of one protocol's faults. */
export function faultDocsOf(protocol: Protocol) {
  const [faults, schema] = [FAULT_EXAMPLES[protocol], FAULT_SCHEMAS[protocol]];
  const text = printFaults(faults);
  const ok = jsonResponse(
    `The faults of ${protocol}`,
    { text, faults },
    { type: "object", required: ["text", "faults"], properties: { text: TEXT, faults: schema } },
  );
  const requestBody = {
    required: true,
    content: {
      "application/json": { schema, example: faults },
      "text/plain": { schema: { type: "string" }, example: text },
    },
  };
  return {
    get: describe("faults", `The faults of ${protocol}`, { 200: ok }),
    put: describe(
      "faults",
      `Replace the faults of ${protocol}`,
      { 200: ok, ...BAD_REQUEST, ...NOT_ALLOWED },
      { requestBody },
    ),
    delete: describe("faults", `Remove the faults of ${protocol}`, { 200: ok, ...NOT_ALLOWED }),
  };
}
