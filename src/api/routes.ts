/** The control routes: every route of the lab that is not traffic. */
import { Elysia } from "elysia";
import { apiPage } from "./api-page.ts";
import { currentRunRoutes } from "./current-run.ts";
import { failureOf } from "./errors.ts";
import { faultRoutes } from "./faults.ts";
import { httpSessionRoutes } from "./http-sessions.ts";
import { keptRunRoutes } from "./kept-runs.ts";
import { liveRoutes } from "./live.ts";
import { measurementRoutes } from "./measurement.ts";
import { pageRoutes } from "./page.ts";
import type { ApiParts } from "./parts.ts";

/** Routes that anyone may read and that have much to compile. */
export const FIRST_REQUESTS = ["/metrics", "/history", "/sessions/0", "/rights", "/swagger/json"] as const;

/** The control routes. Their error handler also serves the other routes of the application that uses them. */
export function controlRoutes(parts: ApiParts) {
  const { traffic, log, version } = parts;
  return new Elysia({ name: "control" })
    .onError({ as: "global" }, ({ error, code, request }) => {
      const { reason, response } = failureOf(error, code, request);
      traffic.rejects.add(reason);
      // An error with status 503 lasts, and the part that causes it logs it once.
      if (reason === "failed" && response.status !== 503)
        log.write("error", "request failed", { error: String(error) });
      return response;
    })
    .use(measurementRoutes(parts))
    .use(httpSessionRoutes(parts))
    .use(faultRoutes(parts))
    .use(liveRoutes(parts))
    .use(currentRunRoutes(parts))
    .use(keptRunRoutes(parts))
    .use(pageRoutes(log))
    .use(apiPage(version));
}
