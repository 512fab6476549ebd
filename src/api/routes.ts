/** The control routes: every route of the lab that is not traffic. */
import { Elysia } from "elysia";
import { apiPage } from "./api-page.ts";
import { certificateRoutes } from "./certificate.ts";
import { currentRunRoutes } from "./current-run.ts";
import { failureOf, methodFailure, pathOf } from "./errors.ts";
import { faultRoutes } from "./faults.ts";
import { httpSessionRoutes } from "./http-sessions.ts";
import { keptRunRoutes } from "./kept-runs.ts";
import { liveRoutes } from "./live.ts";
import { measurementRoutes } from "./measurement.ts";
import { methodTable } from "./methods.ts";
import { pageRoutes } from "./page.ts";
import type { ApiParts } from "./parts.ts";
import { relayRoutes } from "./relays.ts";
import { TRAFFIC_METHODS } from "./traffic-description.ts";
import { discardBody } from "./unread-body.ts";

/** Routes that anyone may read and that have much to compile. */
export const FIRST_REQUESTS = ["/metrics", "/history", "/sessions/0", "/rights", "/swagger/json"] as const;

/** Those among them whose response is always the same: the description, which takes milliseconds to generate. */
export const FIXED_REQUESTS = ["/swagger/json"] as const;

/** The control routes. Their error handler also serves the traffic routes, which are in the same application. */
export function controlRoutes(parts: ApiParts) {
  const { trafficOf, log, version, served } = parts;
  const plugins = [
    measurementRoutes(parts),
    httpSessionRoutes(parts),
    certificateRoutes(parts),
    faultRoutes(parts),
    relayRoutes(parts),
    liveRoutes(parts),
    currentRunRoutes(parts),
    keptRunRoutes(parts),
    pageRoutes(log),
    apiPage(version, served),
  ];
  const trafficPaths = Object.entries(TRAFFIC_METHODS).map(([path, method]) => ({ method, path }));
  const methodsAt = methodTable([...plugins.flatMap(({ routes }) => routes), ...trafficPaths]);
  return new Elysia({ name: "control" })
    .onError({ as: "global" }, async ({ error, code, request }) => {
      const methods = code === "NOT_FOUND" ? methodsAt(pathOf(request.url)) : [];
      const { reason, response } =
        methods.length > 0 ? methodFailure(request, methods) : failureOf(error, code, request);
      trafficOf(request)?.rejects.add(reason);
      await discardBody(request);
      // An error with status 503 lasts, and the part that causes it logs it once.
      if (reason === "failed" && response.status !== 503)
        log.write("error", "request failed", { error: String(error) });
      return response;
    })
    .use(plugins);
}
