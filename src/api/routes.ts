/** The routes that are not traffic, put together: who may ask for what, and how an error is told. */
import { Elysia, ParseError, ValidationError } from "elysia";
import type { Log } from "../base/log.ts";
import { ImpairmentError } from "../faults/text.ts";
import type { LiveStream } from "../live/stream.ts";
import type { Traffic } from "../metrics/counters.ts";
import { apiPage } from "./api-page.ts";
import { BadRequestError, explain } from "./explain.ts";
import { type FaultBox, faultRoutes } from "./faults.ts";
import { liveRoutes } from "./live.ts";
import { type MeasurementParts, measurementRoutes } from "./measurement.ts";
import { pageRoutes } from "./page.ts";
import { NotAllowedError } from "./rights.ts";
import { runRoutes } from "./runs.ts";
import type { RunParts } from "./runs-request.ts";

/** What the control routes stand on. */
export interface ControlParts extends MeasurementParts {
  readonly faults: FaultBox;
  readonly live: LiveStream;
  readonly runs: RunParts;
  /** The counters of HTTP, for what is refused. */
  readonly traffic: Traffic;
  readonly log: Log;
  readonly version: string;
}

/** Longest path that an error shows. */
const MAX_SHOWN = 200;

/** The path of a request's URL, which is none for `new URL` where the Host is missing or no host at all. */
function pathOf(url: string): string {
  const path = url.replace(/^\w+:\/\/[^/]*/, "").replace(/[?#].*$/s, "");
  return path.length > MAX_SHOWN ? `${path.slice(0, MAX_SHOWN)}…` : path;
}

/** The control routes, for the lab's HTTP application; its errors are answered here too. */
export function controlRoutes(parts: ControlParts) {
  const { traffic, log } = parts;
  return new Elysia({ name: "control" })
    .onError({ as: "global" }, ({ error, code, request }) => {
      const cause = error instanceof ParseError && error.cause ? error.cause : error;
      if (cause instanceof NotAllowedError) {
        traffic.rejects.add("forbidden");
        const headers: Record<string, string> = cause.status === 401 ? { "www-authenticate": "Bearer" } : {};
        return Response.json({ error: cause.message }, { status: cause.status, headers });
      }
      if (code === "NOT_FOUND") {
        traffic.rejects.add("not-found");
        return Response.json(
          { error: `no route ${request.method} ${pathOf(request.url)}; all are at /swagger` },
          { status: 404 },
        );
      }
      if (cause instanceof ImpairmentError) {
        traffic.rejects.add("bad-request");
        const { message, position, allowed } = cause;
        return Response.json({ error: message, position, allowed }, { status: 400 });
      }
      if (cause instanceof ValidationError || cause instanceof BadRequestError) {
        traffic.rejects.add("bad-request");
        const told = cause instanceof ValidationError ? explain(cause) : { error: cause.message };
        return Response.json(told, { status: 400 });
      }
      if (cause instanceof SyntaxError || error instanceof ParseError) {
        traffic.rejects.add("not-json");
        return Response.json({ error: "the body is not JSON" }, { status: 400 });
      }
      traffic.rejects.add("failed");
      log.write("error", "a request failed", { error: String(cause) });
      return Response.json({ error: "the lab failed to answer; its log says why" }, { status: 500 });
    })
    .use(measurementRoutes(parts))
    .use(faultRoutes(parts.faults, parts.policy))
    .use(liveRoutes(parts.live, parts.policy))
    .use(runRoutes(parts.runs, parts.policy))
    .use(pageRoutes(log))
    .use(apiPage(parts.version));
}
