/** The method of HTTP requests for which none is given. */
import { REGISTRY } from "../../../base/protocol.ts";
import { fetchSummary } from "../../measure/directions/lab-summary.ts";
import type { HttpOptions } from "../../plan/options.ts";
import type { RunPlan } from "../../plan/run-plan.ts";
import type { Endpoint } from "../../plan/target.ts";

/**
 * The options of the requests with their method. POST if there is a body, and for the path / of a lab, whose traffic
 * route it is; GET for every other URL. A target other than the default one is a lab if it answers `GET /sessions/{id}`
 * as a lab does; a target of a protocol other than "http", if the control address does.
 * @param ssid the session id for which the target is asked
 */
export async function withMethod(plan: RunPlan, endpoint: Endpoint, ssid: number): Promise<HttpOptions> {
  const { http, isDefaultTarget, protocol } = plan;
  if (http.method !== undefined || endpoint.url === undefined || !REGISTRY[protocol].requests) return http;
  if (http.body !== undefined) return { ...http, method: "POST" };
  const { pathname, search, origin } = endpoint.url;
  const isRoot = pathname === "/" && search === "";
  const lab = protocol === "http" ? new URL(origin) : plan.controlUrl;
  const isPost = isRoot && (isDefaultTarget || (lab && (await fetchSummary(lab, ssid))) !== undefined);
  return { ...http, method: isPost ? "POST" : "GET" };
}
