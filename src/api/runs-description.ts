/** How the API description tells of the routes of runs: examples and errors. */
import { errorResponse, parameter } from "./openapi.ts";

/** The description of a route, in OpenAPI. */
export function describe(summary: string, responses: object, more: object = {}) {
  // Plain OpenAPI, built in parts; the library's union type does not follow that.
  return { tags: ["runs"], summary, responses, ...more } as never;
}

/** What a new run is asked for with. */
export const REQUEST = { protocol: "udp", rate: 100, seconds: 10 };
/** The id of a run in a path. */
export const ID_PARAMETER = parameter("id", "the id of a kept run", { type: "integer", minimum: 1 }, 1);
/** A route of one run. */
export const ID = { parameters: [ID_PARAMETER] };
const LINE = {
  protocol: "udp",
  target: "127.0.0.1:7000",
  rate: 100,
  seconds: 10,
  sent: 1000,
  lossRatio: 0.2,
  p50: 0.0002,
  p99: 0.002,
  valid: true,
};
const SUMMARY = { id: 1, savedAt: "2026-11-22T08:00:10.000Z", source: "page", lines: [LINE] };
/** The state of a run under way, as an example. */
export const STATE = {
  number: 1,
  state: "running",
  startedAt: 1_795_334_461_000,
  seconds: 10,
  stopped: false,
  snapshots: [{ protocol: "udp", seconds: 1, sent: 100, answered: 80, lost: 0, p50: 0.0002, p99: 0.002 }],
  reports: [],
  details: [],
  kept: null,
  error: null,
};
/** The list of runs. */
export const LIST_EXAMPLE = {
  runs: [SUMMARY],
  file: true,
  targets: ["10.0.0.7:7000"],
  caps: { rate: 10_000, seconds: 300, connections: 256, size: 16_384 },
};
/** Refusals of whoever may not, or not to there. */
export const NOT_ALLOWED = {
  401: errorResponse("A wrong token, or none", "show the token: Authorization: Bearer TOKEN"),
  403: errorResponse("Not from here, or not to there", "target 10.0.0.8 is not allowed; allowed: only this lab"),
};
/** The answers for a run that is not kept. */
export const NOT_FOUND = {
  400: errorResponse("No id", "run abc: allowed are ids from 1"),
  404: errorResponse("No such run", "no run 7 is kept"),
};
/** One kept run. */
export const RUN = {
  id: 1,
  savedAt: SUMMARY.savedAt,
  source: "page",
  reports: [{ schema: "wirelab.run/1" }],
  details: [{ curve: [[0.5, 0.0002]], explanation: "the ledger\n  Every packet…" }],
};
/** Two runs compared. */
export const COMPARED = {
  before: 1,
  after: 2,
  protocols: {
    udp: [{ name: "p50", before: "203 µs", after: "1.2 ms", change: "+491 %", significance: "worse" }],
  },
};
