/** `/runs` and `/runs/{id}`: the kept runs, their reports, the comparison of two, and their deletion. */
import { Elysia } from "elysia";
import { formatHostPort } from "../base/address.ts";
import type { Body } from "../runs/kept/library.ts";
import { BadRequestError } from "./errors.ts";
import { LargeBodies } from "./large-bodies.ts";
import type { ApiParts } from "./parts.ts";
import { assertMayChange, mayChange, type RouteContext } from "./rights.ts";
import { capsOf } from "./run-request.ts";
import { RUN_DOCS } from "./runs-description.ts";

/** A run's id in a path. Throws BadRequestError. */
function readId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new BadRequestError(`run ${text}: not allowed; allowed: an id from 1`);
}

function notKept(id: number): Response {
  return Response.json({ error: `no run ${id} is kept` }, { status: 404 });
}

const JSON_TYPE = { "content-type": "application/json;charset=utf-8" };

type KeptRunParts = Pick<ApiParts, "store" | "runBodies" | "config" | "limits">;

/** The routes of kept runs. */
export function keptRunRoutes({ store, runBodies, config, limits }: KeptRunParts) {
  const bodies = new LargeBodies(runBodies);
  const respond = (body: Body) => bodies.respond(body, JSON_TYPE);
  const targets = config.targets.map(({ host, port }) => formatHostPort(host, port));
  const caps = capsOf(limits);
  return new Elysia({ name: "kept-runs", normalize: false })
    .get(
      "/runs",
      async (context: RouteContext) =>
        respond(await store.call("list", { targets: mayChange(context, config) ? targets : [], caps })),
      { detail: RUN_DOCS.list },
    )
    .get(
      "/runs/:id",
      async ({ params }) => {
        const id = readId(params.id);
        const run = await store.call("run", id);
        return run ? respond(run) : notKept(id);
      },
      { detail: RUN_DOCS.get },
    )
    .get(
      "/runs/:id/compare/:other",
      async ({ params }) => {
        const result = await store.call("compare", readId(params.id), readId(params.other));
        return "missing" in result ? notKept(result.missing) : respond(result);
      },
      { detail: RUN_DOCS.compare },
    )
    .get(
      "/runs/:id/report",
      async ({ params }) => {
        const id = readId(params.id);
        const body = await store.call("report", id);
        if (!body) return notKept(id);
        return bodies.respond(body, {
          "content-type": "application/json",
          "content-disposition": `attachment; filename="wirelab-run-${id}.json"`,
        });
      },
      { detail: RUN_DOCS.report },
    )
    .delete(
      "/runs/:id",
      async (context) => {
        assertMayChange(context, config);
        const id = readId(context.params.id);
        return (await store.call("delete", id)) ? { deleted: id } : notKept(id);
      },
      { detail: RUN_DOCS.delete },
    );
}
