/** The API description of the routes of load runs. */
import {
  describe,
  errorResponse,
  jsonResponse,
  NOT_ALLOWED,
  openApiSchema,
  pathParameter,
  schemaOf,
} from "./openapi.ts";
import {
  COMPARISON,
  LIST,
  OTHER_COMPARISON,
  OTHER_STATE,
  OTHER_SUMMARIES,
  REPORT,
  REQUEST,
  RUN,
  STATE,
} from "./runs-examples.ts";

/** The largest id that a path can name: 15 digits. */
const MAX_RUN_ID = 999_999_999_999_999;

const STATE_SCHEMA = schemaOf(STATE, OTHER_STATE);

const ID = pathParameter("id", "The id of a kept run", { type: "integer", minimum: 1, maximum: MAX_RUN_ID }, 1);
const OTHER_ID = { ...ID, name: "other", description: "The id of the kept run that it is compared with" };
const NOT_FOUND = {
  400: errorResponse("The id is not valid", "run abc: not allowed; allowed: an id from 1"),
  404: errorResponse("No run with this id is kept", "no run 7 is kept"),
};
const LOCKED = {
  500: errorResponse("The run cannot be read", "run 7 cannot be read"),
  503: errorResponse(
    "The file of kept runs is locked, or too many responses are being sent",
    "another process has locked the file of kept runs; try again later",
  ),
};
const START_NOT_ALLOWED = {
  ...NOT_ALLOWED,
  403: errorResponse(
    "The client, its Host, its Origin or the target is not allowed",
    "target 10.0.0.8 is not allowed; allowed: only this lab (WIRELAB_TARGETS)",
  ),
};

/** The routes of load runs. */
export const RUN_DOCS = {
  list: describe("runs", "The kept runs, newest first", {
    200: jsonResponse(
      "The runs, and the targets and limits of a new run",
      LIST,
      schemaOf(LIST, { ...LIST, runs: OTHER_SUMMARIES }),
    ),
    ...LOCKED,
  }),
  current: describe("runs", "The run in progress, or the last one", {
    200: jsonResponse("The state of the run; null before the first", STATE, schemaOf(STATE, OTHER_STATE, null)),
  }),
  stop: describe("runs", "Stop the run in progress", {
    200: jsonResponse(
      "It stops; its report covers the packets sent until now",
      { ...STATE, state: "settling", stopped: true },
      STATE_SCHEMA,
    ),
    404: errorResponse("There is none", "no run is in progress"),
    ...NOT_ALLOWED,
  }),
  get: describe(
    "runs",
    "A kept run with its reports",
    { 200: jsonResponse("The run", RUN), ...NOT_FOUND, ...LOCKED },
    { parameters: [ID] },
  ),
  compare: describe(
    "runs",
    "Compare two kept runs",
    {
      200: jsonResponse(
        "The changes, for each protocol of both runs",
        COMPARISON,
        schemaOf(COMPARISON, OTHER_COMPARISON, { ...COMPARISON, protocols: {} }),
      ),
      ...NOT_FOUND,
      ...LOCKED,
    },
    {
      description: "The significance of a change is computed as by the load command's --compare.",
      parameters: [ID, OTHER_ID],
    },
  ),
  report: describe(
    "runs",
    "The JSON report of a kept run",
    {
      200: jsonResponse("The report, as --json of the load command writes it; a list if there are several", REPORT, {
        anyOf: [schemaOf(REPORT), schemaOf([REPORT])],
      }),
      ...NOT_FOUND,
      ...LOCKED,
    },
    { parameters: [ID] },
  ),
  delete: describe(
    "runs",
    "Delete a kept run",
    { 200: jsonResponse("It was deleted", { deleted: 1 }), ...NOT_FOUND, ...LOCKED, ...NOT_ALLOWED },
    { parameters: [ID] },
  ),
};

/** The route that starts a run; `schema` is that of its body. */
export function describeStart(schema: object) {
  return describe(
    "runs",
    "Start a load run",
    {
      202: jsonResponse("It starts", STATE, STATE_SCHEMA),
      400: errorResponse("A value is not allowed", "rate: not allowed; allowed: a number from 0.1 to 10000"),
      409: errorResponse("Another run is in progress", "a run is in progress; stop it first"),
      503: errorResponse("The run's process cannot be started", "the run's process could not be started: EMFILE"),
      ...START_NOT_ALLOWED,
    },
    {
      description:
        "One run at a time. It runs in a process of its own; /live sends its progress in events named `run`.",
      requestBody: {
        required: true,
        content: { "application/json": { schema: openApiSchema(schema), example: REQUEST } },
      },
    },
  );
}
