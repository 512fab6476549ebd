/** `/runs`: starting a load run from the page, following it, and the runs that were kept. */
import { Elysia } from "elysia";
import { formatHostPort } from "../base/address.ts";
import { type Change, compareReports } from "../load/report/compare.ts";
import type { KeptRun, RunLine } from "../runs/shapes.ts";
import { BadRequestError } from "./explain.ts";
import { jsonReader } from "./json-body.ts";
import { errorResponse, jsonResponse } from "./openapi.ts";
import { assertMayChange, type RightsPolicy } from "./rights.ts";
import {
  COMPARED,
  describe,
  ID,
  ID_PARAMETER,
  LIST_EXAMPLE,
  NOT_ALLOWED,
  NOT_FOUND,
  REQUEST,
  RUN,
  STATE,
} from "./runs-description.ts";
import { capsOf, DEFAULT_TIMEOUT, plan, type RunParts, refusalStatus, requestSchema } from "./runs-request.ts";

/** A run's id in a path. Throws BadRequestError. */
function readId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new BadRequestError(`run ${text}: allowed are ids from 1`);
}

/** The changes of each protocol that both runs have. */
function compare(before: KeptRun, after: KeptRun): Partial<Record<RunLine["protocol"], readonly Change[]>> {
  const pairs = before.reports.flatMap((report) => {
    const other = after.reports.find(({ protocol }) => protocol === report.protocol);
    return other ? [[report.protocol, compareReports(report, other)] as const] : [];
  });
  return Object.fromEntries(pairs);
}

function missing(id: number): Response {
  return Response.json({ error: `no run ${id} is kept` }, { status: 404 });
}

/** The routes of runs. */
export function runRoutes(parts: RunParts, policy: RightsPolicy) {
  const { runner, store, targets, limits } = parts;
  const schema = requestSchema(limits);
  const readJson = jsonReader(schema);
  const caps = capsOf(limits);
  return new Elysia({ name: "runs", normalize: false })
    .get(
      "/runs",
      () => ({
        runs: store.list(),
        file: store.path !== undefined,
        targets: targets.map(({ host, port }) => formatHostPort(host, port)),
        caps,
      }),
      {
        detail: describe("The kept runs, the newest first", {
          200: jsonResponse("The list, and what a new run may be", LIST_EXAMPLE),
        }),
      },
    )
    .post(
      "/runs",
      async ({ request, server }) => {
        assertMayChange({ request, server }, policy); // before anything is read
        const body = await readJson(request);
        try {
          const state = runner.start(plan(body, parts), body.seconds, body.timeout ?? DEFAULT_TIMEOUT);
          return Response.json(state, { status: 202 });
        } catch (error) {
          const status = refusalStatus(error);
          if (status === undefined || !(error instanceof Error)) throw error;
          return Response.json({ error: error.message.replace(/^--/, "") }, { status });
        }
      },
      {
        parse: "none",
        detail: describe(
          "Start a load run",
          {
            202: jsonResponse("It starts", STATE),
            400: errorResponse("A value that is not allowed", "rate: not allowed; allowed: a number from 0.1 to 10000"),
            409: errorResponse("One is under way", "a run is under way; stop it first"),
            ...NOT_ALLOWED,
          },
          {
            description:
              "One at a time. It runs in a process of its own; its intervals come over /live as `run` events.",
            requestBody: { required: true, content: { "application/json": { schema, example: REQUEST } } },
          },
        ),
      },
    )
    .get("/runs/current", () => Response.json(runner.state ?? null), {
      detail: describe("The run under way, or the last one", {
        200: jsonResponse("Its state; null before the first", STATE),
      }),
    })
    .delete(
      "/runs/current",
      (context) => {
        assertMayChange(context, policy);
        if (!runner.stop()) return Response.json({ error: "no run is under way" }, { status: 404 });
        return Response.json(runner.state);
      },
      {
        detail: describe("Stop the run under way; its report covers what ran", {
          200: jsonResponse("It stops", { ...STATE, state: "settling", stopped: true }),
          404: errorResponse("Nothing to stop", "no run is under way"),
          ...NOT_ALLOWED,
        }),
      },
    )
    .get(
      "/runs/:id",
      ({ params }) => {
        const id = readId(params.id);
        return store.get(id) ?? missing(id);
      },
      { detail: describe("A kept run with its reports", { 200: jsonResponse("The run", RUN), ...NOT_FOUND }, ID) },
    )
    .get(
      "/runs/:id/compare/:other",
      ({ params }) => {
        const [id, other] = [readId(params.id), readId(params.other)];
        const [before, after] = [store.get(id), store.get(other)];
        if (!before || !after) return missing(before ? other : id);
        return { before: id, after: other, protocols: compare(before, after) };
      },
      {
        detail: describe(
          "What changed from one kept run to another",
          { 200: jsonResponse("Each protocol that both have", COMPARED), ...NOT_FOUND },
          {
            description: "Whether a change is more than chance would make is told as the command's --compare tells it.",
            parameters: [ID_PARAMETER, { ...ID_PARAMETER, name: "other", description: "the id of the run after it" }],
          },
        ),
      },
    )
    .get(
      "/runs/:id/report",
      ({ params }) => {
        const id = readId(params.id);
        const run = store.get(id);
        if (!run) return missing(id);
        const text = JSON.stringify(run.reports.length === 1 ? run.reports[0] : run.reports, undefined, 2);
        const headers = {
          "content-type": "application/json",
          "content-disposition": `attachment; filename="wirelab-run-${id}.json"`,
        };
        return new Response(`${text}\n`, { headers });
      },
      {
        detail: describe(
          "The JSON report of a kept run, as --json writes it",
          { 200: jsonResponse("The report", { schema: "wirelab.run/1" }), ...NOT_FOUND },
          ID,
        ),
      },
    )
    .delete(
      "/runs/:id",
      (context) => {
        assertMayChange(context, policy);
        const id = readId(context.params.id);
        return store.delete(id) ? { deleted: id } : missing(id);
      },
      {
        detail: describe(
          "Delete a kept run",
          { 200: jsonResponse("Deleted", { deleted: 1 }), ...NOT_FOUND, ...NOT_ALLOWED },
          ID,
        ),
      },
    );
}
