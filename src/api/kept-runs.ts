/** `/runs` and `/runs/{id}`: the kept runs, their reports, the comparison of two, and their deletion. */
import { Elysia } from "elysia";
import { formatHostPort } from "../base/address.ts";
import { compareReports, limitsOf } from "../load/report/compare.ts";
import { jsonOf } from "../load/report/json.ts";
import { byProtocol } from "../load/report/run-set.ts";
import type { KeptRun, RunComparison, RunList } from "../runs/shapes.ts";
import { BadRequestError } from "./errors.ts";
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

/** The changes from one run to another, for each protocol of both. */
function compare(before: KeptRun, after: KeptRun): RunComparison {
  const pairs = byProtocol(before.reports).flatMap((reports) => {
    const protocol = reports[0]?.protocol;
    const others = after.reports.filter((report) => report.protocol === protocol);
    return protocol === undefined || others.length === 0 ? [] : [{ protocol, before: reports, after: others }];
  });
  const changes = pairs.map((pair) => [pair.protocol, compareReports(pair.before, pair.after)] as const);
  const limits = new Set(pairs.flatMap((pair) => limitsOf(pair.before, pair.after)));
  return { before: before.id, after: after.id, protocols: Object.fromEntries(changes), limits: [...limits] };
}

/** The reports of a run as a download: an object for one protocol, an array for several. */
function reportFile({ id, reports }: KeptRun): Response {
  const headers = {
    "content-type": "application/json",
    "content-disposition": `attachment; filename="wirelab-run-${id}.json"`,
  };
  return new Response(`${jsonOf(reports)}\n`, { headers });
}

/** The routes of kept runs. */
export function keptRunRoutes({ store, config, limits }: Pick<ApiParts, "store" | "config" | "limits">) {
  const targets = config.targets.map(({ host, port }) => formatHostPort(host, port));
  const list = async (context: RouteContext): Promise<RunList> => ({
    runs: await store.list(),
    file: store.path !== undefined,
    targets: mayChange(context, config) ? targets : [],
    caps: capsOf(limits),
  });
  return new Elysia({ name: "kept-runs", normalize: false })
    .get("/runs", list, { detail: RUN_DOCS.list })
    .get(
      "/runs/:id",
      async ({ params }) => {
        const id = readId(params.id);
        return (await store.get(id)) ?? notKept(id);
      },
      { detail: RUN_DOCS.get },
    )
    .get(
      "/runs/:id/compare/:other",
      async ({ params }) => {
        const [id, other] = [readId(params.id), readId(params.other)];
        const [before, after] = [await store.get(id), await store.get(other)];
        if (!before || !after) return notKept(before ? other : id);
        return compare(before, after);
      },
      { detail: RUN_DOCS.compare },
    )
    .get(
      "/runs/:id/report",
      async ({ params }) => {
        const id = readId(params.id);
        const run = await store.get(id);
        return run ? reportFile(run) : notKept(id);
      },
      { detail: RUN_DOCS.report },
    )
    .delete(
      "/runs/:id",
      async (context) => {
        assertMayChange(context, config);
        const id = readId(context.params.id);
        return (await store.delete(id)) ? { deleted: id } : notKept(id);
      },
      { detail: RUN_DOCS.delete },
    );
}
