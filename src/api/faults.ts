/** `/impairments`: what the faults are now, and changing them while the lab runs. */
import { Elysia, t } from "elysia";
import { PROTOCOLS, type Protocol } from "../base/protocol.ts";
import {
  type Faults,
  type Impairments,
  KINDS_OF,
  MAX_DELAY_MS,
  NO_FAULTS,
  NO_IMPAIRMENTS,
  PRESETS,
} from "../faults/faults.ts";
import { ImpairmentError, parseFaults, parseImpairments, printFaults, printImpairments } from "../faults/text.ts";
import { jsonReader } from "./json-body.ts";
import { errorResponse, jsonResponse } from "./openapi.ts";
import { assertMayChange, type RightsPolicy } from "./rights.ts";

/** The lab's faults, as the control routes reach them. */
export interface FaultBox {
  get(protocol: Protocol): Faults;
  /** Takes effect with the next packet; those on their way keep their fates. */
  set(protocol: Protocol, faults: Faults): void;
}

const closed = { additionalProperties: false };
const Probability = t.Number({ minimum: 0, maximum: 1 });
const Milliseconds = t.Number({ minimum: 0, maximum: MAX_DELAY_MS });
const Gilbert = t.Object({ goodToBad: Probability, badToGood: t.Number({ minimum: 1e-9, maximum: 1 }) }, closed);

/** The JSON form of each kind; the same shape as `Faults`. */
const KIND_SCHEMAS = {
  drop: t.Object({ up: Probability, down: Probability }, closed),
  burst: t.Object({ up: t.Optional(Gilbert), down: t.Optional(Gilbert) }, closed),
  delay: t.Union([
    t.Object({ kind: t.Literal("fixed"), ms: Milliseconds }, closed),
    t.Object({ kind: t.Literal("uniform"), minMs: Milliseconds, maxMs: Milliseconds }, closed),
    t.Object({ kind: t.Literal("normal"), meanMs: Milliseconds, stddevMs: Milliseconds }, closed),
    t.Object(
      { kind: t.Literal("pareto"), scaleMs: Milliseconds, shape: t.Number({ minimum: 0.01, maximum: 1000 }) },
      closed,
    ),
  ]),
  duplicate: Probability,
  reorder: Probability,
  corrupt: Probability,
  reset: Probability,
  status: t.Object({ code: t.Integer({ minimum: 400, maximum: 599 }), probability: Probability }, closed),
};

function faultsSchema(protocol: Protocol) {
  const entries = KINDS_OF[protocol].map((kind) => [kind, t.Optional(KIND_SCHEMAS[kind])] as const);
  // The keys and their schemas are those of Faults, built from a list; TypeBox cannot follow that, so the type is said.
  return t.Unsafe<Faults>(t.Object(Object.fromEntries(entries), closed));
}

const SCHEMAS = { http: faultsSchema("http"), tcp: faultsSchema("tcp"), udp: faultsSchema("udp") };

const EXAMPLES: Readonly<Record<Protocol, Faults>> = {
  http: { drop: { up: 0.1, down: 0 }, status: { code: 500, probability: 0.05 } },
  tcp: { delay: { kind: "normal", meanMs: 20, stddevMs: 5 }, reset: 0.01 },
  udp: { drop: { up: 0.1, down: 0.1 }, delay: { kind: "uniform", minMs: 0, maxMs: 50 } },
};

/** What `/impairments` answers. */
function show(faults: FaultBox) {
  const impairments: Impairments = { http: faults.get("http"), tcp: faults.get("tcp"), udp: faults.get("udp") };
  return { text: printImpairments(impairments), impairments, presets: Object.keys(PRESETS) };
}

const EXAMPLE_ALL = {
  text: "udp:drop=0.1/0.1,delay=uniform(0,50)",
  impairments: { http: {}, tcp: {}, udp: EXAMPLES.udp },
  presets: Object.keys(PRESETS),
};
const FaultsByProtocol = { type: "object", additionalProperties: { $ref: "#/components/schemas/Faults" } };
const ALL_SCHEMA = {
  type: "object",
  required: ["text", "impairments", "presets"],
  properties: {
    text: { type: "string", description: "the faults as WIRELAB_IMPAIR takes them" },
    impairments: FaultsByProtocol,
    presets: { type: "array", items: { type: "string" } },
  },
};
const ALL = jsonResponse("The faults now", EXAMPLE_ALL, ALL_SCHEMA);
const NOT_ALLOWED = {
  401: errorResponse("A wrong token, or none", "show the token: Authorization: Bearer TOKEN"),
  403: errorResponse("Not from here", "only from this machine; set WIRELAB_TOKEN to allow others that show it"),
};
const BAD_TEXT = {
  400: jsonResponse("A text or an object that is not allowed: what, where, and what would be", {
    error: 'udp has no fault "drp" at character 5; allowed: drop, burst, delay, duplicate, reorder, corrupt',
    position: 4,
    allowed: "drop, burst, delay, duplicate, reorder, corrupt",
  }),
};

function describe(summary: string, responses: object, requestBody?: object) {
  // Plain OpenAPI; the library's type for it is a union that object literals built in parts do not narrow to.
  return { tags: ["faults"], summary, responses, ...(requestBody && { requestBody }) } as never;
}

/** Refuses what a schema cannot say: a uniform delay has to begin before it ends. */
function checked(faults: Faults): Faults {
  const { delay } = faults;
  if (delay?.kind === "uniform" && delay.minMs > delay.maxMs) {
    throw new ImpairmentError(`delay.minMs ${delay.minMs} is over delay.maxMs ${delay.maxMs}`, 0, "minMs up to maxMs");
  }
  return faults;
}

/** The routes of the faults. */
export function faultRoutes(faults: FaultBox, policy: RightsPolicy) {
  const setAll = (all: Impairments) => {
    for (const protocol of PROTOCOLS) faults.set(protocol, all[protocol]);
    return show(faults);
  };
  const app = new Elysia({ name: "faults", normalize: false })
    .get("/impairments", () => show(faults), { detail: describe("The faults now", { 200: ALL }) })
    .put(
      "/impairments",
      async ({ request, server }) => {
        assertMayChange({ request, server }, policy);
        return setAll(parseImpairments(await request.text()));
      },
      {
        parse: "none",
        detail: describe(
          "Set all faults by their text, or by a preset's name",
          { 200: ALL, ...BAD_TEXT, ...NOT_ALLOWED },
          {
            required: true,
            content: {
              "text/plain": {
                schema: { type: "string" },
                example: "udp:drop=0.2,delay=uniform(0,50);http:status=500:0.1",
              },
            },
          },
        ),
      },
    )
    .delete(
      "/impairments",
      ({ request, server }) => {
        assertMayChange({ request, server }, policy);
        return setAll(NO_IMPAIRMENTS);
      },
      {
        detail: describe("Take all faults away", { 200: ALL, ...NOT_ALLOWED }),
      },
    );
  return app
    .use(protocolRoutes("http", faults, policy))
    .use(protocolRoutes("tcp", faults, policy))
    .use(protocolRoutes("udp", faults, policy));
}

function protocolRoutes(protocol: Protocol, faults: FaultBox, policy: RightsPolicy) {
  const path = `/impairments/${protocol}`;
  const current = () => ({ text: printFaults(faults.get(protocol)), faults: faults.get(protocol) });
  const example = { text: printFaults(EXAMPLES[protocol]), faults: EXAMPLES[protocol] };
  const ok = jsonResponse(`The faults of ${protocol} now`, example, {
    type: "object",
    required: ["text", "faults"],
    properties: { text: { type: "string" }, faults: SCHEMAS[protocol] },
  });
  const readJson = jsonReader(SCHEMAS[protocol]);
  const set = (value: Faults) => {
    faults.set(protocol, value);
    return current();
  };
  return new Elysia({ name: `faults-${protocol}`, normalize: false })
    .get(path, current, { detail: describe(`The faults of ${protocol}`, { 200: ok }) })
    .put(
      path,
      async ({ request, server }) => {
        assertMayChange({ request, server }, policy); // before anything is read
        const isText = request.headers.get("content-type")?.startsWith("text/plain");
        return set(isText ? parseFaults(protocol, await request.text()) : checked(await readJson(request)));
      },
      {
        parse: "none",
        detail: describe(
          `Set the faults of ${protocol}, in place of those it had`,
          { 200: ok, ...BAD_TEXT, ...NOT_ALLOWED },
          {
            required: true,
            content: {
              "application/json": { schema: SCHEMAS[protocol], example: EXAMPLES[protocol] },
              "text/plain": { schema: { type: "string" }, example: printFaults(EXAMPLES[protocol]) },
            },
          },
        ),
      },
    )
    .delete(
      path,
      ({ request, server }) => {
        assertMayChange({ request, server }, policy);
        return set(NO_FAULTS);
      },
      {
        detail: describe(`Take the faults of ${protocol} away`, { 200: ok, ...NOT_ALLOWED }),
      },
    );
}
