/** `/runs`: starting a load run from the page, following it, and the runs that were kept. */
import { Elysia, type Static, t } from "elysia";
import type { Limits } from "../config.ts";
import { PROTOCOLS } from "../impairment.ts";
import { type Change, compareReports } from "../load/compare.ts";
import { type LoadOptions, planRun } from "../load/options.ts";
import { UsageError } from "../load/target.ts";
import type { KeptRun, RunLine, RunStore } from "../run-store.ts";
import { chooseTarget, type OwnPorts, TargetNotAllowedError } from "../runs/choose-target.ts";
import { BusyError, type Runner } from "../runs/runner.ts";
import { errorResponse, jsonResponse } from "../servers/http-description.ts";
import { type AllowedTarget, printTarget } from "../targets.ts";
import { assertMayChange, type RightsPolicy } from "./rights.ts";

/** What these routes stand on. */
export interface RunParts {
  readonly runner: Runner;
  readonly store: RunStore;
  readonly own: () => OwnPorts;
  readonly targets: readonly AllowedTarget[];
  readonly limits: Pick<Limits, "runRate" | "runSeconds">;
}

const MOST_CONNECTIONS = 256;
const LARGEST_PACKET = 16_384;
const LONGEST_TIMEOUT = 30;
const DEFAULT_TIMEOUT = 2;
const LONGEST_WARMUP = 10;

function requestSchema({ runRate, runSeconds }: RunParts["limits"]) {
  return t.Object(
    {
      protocol: t.Union([...PROTOCOLS, "all" as const].map((name) => t.Literal(name))),
      target: t.Optional(t.String({ maxLength: 300 })),
      rate: t.Number({ minimum: 0.1, maximum: runRate }),
      seconds: t.Number({ minimum: 0.1, maximum: runSeconds }),
      connections: t.Optional(t.Integer({ minimum: 1, maximum: MOST_CONNECTIONS })),
      size: t.Optional(t.Integer({ minimum: 1, maximum: LARGEST_PACKET })),
      timeout: t.Optional(t.Number({ minimum: 0.01, maximum: LONGEST_TIMEOUT })),
      arrival: t.Optional(t.Union([t.Literal("constant"), t.Literal("poisson")])),
      warmup: t.Optional(t.Number({ minimum: 0, maximum: LONGEST_WARMUP })),
      seed: t.Optional(t.Integer({ minimum: 0, maximum: 2 ** 32 - 1 })),
    },
    { additionalProperties: false },
  );
}

type RunRequest = Static<ReturnType<typeof requestSchema>>;

/** The runs that a request asks for; throws UsageError and TargetNotAllowedError. */
function plan(request: RunRequest, { own, targets }: RunParts): LoadOptions[] {
  const { protocol: wanted, target = "", seconds, ...rest } = request;
  const protocols = PROTOCOLS.filter((protocol) => wanted === "all" || wanted === protocol);
  return protocols.map((protocol) => {
    const options = { ...rest, protocol, duration: seconds, ...chooseTarget(protocol, target.trim(), own(), targets) };
    planRun(options); // what makes no sense is told before anything starts
    return options;
  });
}

function describe(summary: string, responses: object, description?: string) {
  // Plain OpenAPI, built in parts; the library's union type does not follow that.
  return { tags: ["runs"], summary, responses, ...(description && { description }) } as never;
}

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
const STATE = {
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
const LIST_EXAMPLE = {
  runs: [SUMMARY],
  file: true,
  targets: ["10.0.0.7:7000"],
  caps: { rate: 10_000, seconds: 300, connections: MOST_CONNECTIONS, size: LARGEST_PACKET },
};
const NOT_ALLOWED = {
  401: errorResponse("A wrong token, or none", "show the token: Authorization: Bearer TOKEN"),
  403: errorResponse("Not from here, or not to there", "target 10.0.0.8 is not allowed; allowed: only this lab"),
};
const NOT_FOUND = { 404: errorResponse("No such run", "no run 7 is kept") };
const RUN = {
  id: 1,
  savedAt: SUMMARY.savedAt,
  source: "page",
  reports: [{ schema: "wirelab.run/1" }],
  details: [{ curve: [[0.5, 0.0002]], explanation: "the ledger\n  Every packet…" }],
};
const ID = { params: t.Object({ id: t.Integer({ minimum: 1 }) }) };

const COMPARED = {
  before: 1,
  after: 2,
  protocols: {
    udp: [{ name: "p50", before: "203 µs", after: "1.2 ms", change: "+491 %", significance: "worse" }],
  },
};

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

/** The statuses of what a run can be refused for; undefined for any other error. */
function refusalStatus(error: unknown): number | undefined {
  if (error instanceof TargetNotAllowedError) return 403;
  if (error instanceof BusyError) return 409;
  return error instanceof UsageError ? 400 : undefined;
}

/** The routes of runs. */
export function runRoutes(parts: RunParts, policy: RightsPolicy) {
  const { runner, store, targets, limits } = parts;
  const schema = requestSchema(limits);
  const caps = {
    rate: limits.runRate,
    seconds: limits.runSeconds,
    connections: MOST_CONNECTIONS,
    size: LARGEST_PACKET,
  };
  return new Elysia({ name: "runs", normalize: false })
    .get(
      "/runs",
      () => ({ runs: store.list(), file: store.path !== undefined, targets: targets.map(printTarget), caps }),
      {
        detail: describe("The kept runs, the newest first", {
          200: jsonResponse("The list, and what a new run may be", LIST_EXAMPLE),
        }),
      },
    )
    .post(
      "/runs",
      ({ body }: { body: RunRequest }) => {
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
        parse: ({ request, server }) => {
          assertMayChange({ request, server }, policy); // before anything is read
          return request.json();
        },
        body: schema,
        detail: describe(
          "Start a load run",
          {
            202: jsonResponse("It starts", STATE),
            400: errorResponse("A value that is not allowed", "rate: expected number to be less or equal to 10000"),
            409: errorResponse("One is under way", "a run is under way; stop it first"),
            ...NOT_ALLOWED,
          },
          "One at a time. It runs in a process of its own; its intervals come over /live as `run` events.",
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
    .get("/runs/:id", ({ params: { id } }) => store.get(id) ?? missing(id), {
      ...ID,
      detail: describe("A kept run with its reports", { 200: jsonResponse("The run", RUN), ...NOT_FOUND }),
    })
    .get(
      "/runs/:id/compare/:other",
      ({ params: { id, other } }) => {
        const [before, after] = [store.get(id), store.get(other)];
        if (!before || !after) return missing(before ? other : id);
        return { before: id, after: other, protocols: compare(before, after) };
      },
      {
        params: t.Object({ id: t.Integer({ minimum: 1 }), other: t.Integer({ minimum: 1 }) }),
        detail: describe(
          "What changed from one kept run to another",
          { 200: jsonResponse("Each protocol that both have", COMPARED), ...NOT_FOUND },
          "Whether a change is more than chance would make is told as the command's --compare tells it.",
        ),
      },
    )
    .get(
      "/runs/:id/report",
      ({ params: { id } }) => {
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
        ...ID,
        detail: describe("The JSON report of a kept run, as --json writes it", {
          200: jsonResponse("The report", { schema: "wirelab.run/1" }),
          ...NOT_FOUND,
        }),
      },
    )
    .delete(
      "/runs/:id",
      (context) => {
        assertMayChange(context, policy);
        return store.delete(context.params.id) ? { deleted: context.params.id } : missing(context.params.id);
      },
      {
        ...ID,
        detail: describe("Delete a kept run", {
          200: jsonResponse("Deleted", { deleted: 1 }),
          ...NOT_FOUND,
          ...NOT_ALLOWED,
        }),
      },
    );
}
