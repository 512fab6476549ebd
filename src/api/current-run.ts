/** `POST /runs` and `/runs/current`: starts a load run from the page, reports its state and stops it. */
import { Elysia } from "elysia";
import { namingOptions } from "../load/plan/errors.ts";
import { DEFAULT_TIMEOUT } from "../load/plan/run-plan.ts";
import { jsonReader } from "./json-body.ts";
import type { ApiParts } from "./parts.ts";
import { assertMayChange } from "./rights.ts";
import { FieldError, planRuns, type RunRequest, readerSchema, refusalStatus, requestSchema } from "./run-request.ts";
import { describeStart, RUN_DOCS } from "./runs-description.ts";

type RunnerParts = Pick<ApiParts, "runner" | "ports" | "config" | "limits" | "served">;

/** The routes of the run in progress. */
export function currentRunRoutes(parts: RunnerParts) {
  const { runner, config, limits } = parts;
  const schema = requestSchema(limits);
  const readJson = jsonReader(readerSchema(limits));
  return new Elysia({ name: "current-run", normalize: false })
    .post(
      "/runs",
      async ({ request, server }) => {
        assertMayChange({ request, server }, config); // before the body is read
        return start(await readJson(request), parts);
      },
      { parse: "none", detail: describeStart(schema) },
    )
    .get("/runs/current", () => Response.json(runner.state ?? null), { detail: RUN_DOCS.current })
    .delete(
      "/runs/current",
      (context) => {
        assertMayChange(context, config);
        if (!runner.stop()) return Response.json({ error: "no run is in progress" }, { status: 404 });
        return Response.json(runner.state);
      },
      { detail: RUN_DOCS.stop },
    );
}

/** Starts the requested run; the response is its state, or the reason why it cannot start. */
function start(request: RunRequest, { runner, ports, config, served }: RunnerParts): Response {
  try {
    const runs = planRuns(request, { host: config.host, ports: ports(), served }, config.targets);
    const { seconds, timeout = DEFAULT_TIMEOUT, wait = 2 * timeout } = request;
    const state = runner.start(runs, seconds, wait);
    return Response.json(state, { status: 202 });
  } catch (error) {
    const status = refusalStatus(error);
    if (status === undefined || !(error instanceof Error)) throw error;
    // The load command's errors name flags; here they are fields.
    const place = error instanceof FieldError ? { field: error.field, allowed: error.allowed } : {};
    return Response.json({ error: namingOptions(error.message), ...place }, { status });
  }
}
