/** The client that a plan asks for. */
import { Buffer } from "node:buffer";
import type { RunPlan } from "../../plan/run-plan.ts";
import type { Endpoint } from "../../plan/target.ts";
import type { Client, ClientSettings } from "./client.ts";
import { type HttpRequest, httpClient, jsonBody } from "./http.ts";
import { plainClient } from "./plain.ts";
import { TcpClient } from "./tcp.ts";
import { UdpClient } from "./udp.ts";

/** The settings that a plan does not hold. */
export type RunSettings = Pick<ClientSettings, "endpoint" | "recorder" | "clock" | "ssid" | "lab" | "onRoom">;

/** Makes the client, not yet open. */
export function makeClient(plan: RunPlan, run: RunSettings): Client {
  const settings: ClientSettings = {
    ...run,
    connections: plan.connections,
    openAll: plan.openAll,
    closedLoop: plan.closedLoop,
    window: plan.window,
    size: plan.size,
    timeoutMs: plan.timeoutMs,
    highestRate: plan.highestRate,
    seed: plan.seed,
  };
  if (plan.protocol === "http") return httpClient(settings, requestOf(plan, run.endpoint));
  if (plan.mode === "plain") return plainClient(settings, plan.protocol);
  return plan.protocol === "udp" ? new UdpClient(settings) : new TcpClient(settings);
}

/** The request of an HTTP run: by default what the lab counts, POST / with a small JSON body; a GET of any other path. */
export function requestOf(plan: RunPlan, endpoint: Endpoint): HttpRequest {
  const { headers = [], keepAlive = true, verify = true, body, method } = plan.http;
  const url = endpoint.url ?? new URL(`http://${endpoint.address}:${endpoint.port}/`);
  const chosen = method ?? (url.pathname === "/" || body !== undefined ? "POST" : "GET");
  const withBody = chosen === "POST" || chosen === "PUT" || chosen === "PATCH";
  const octets = body === undefined ? (withBody ? jsonBody(plan.size) : Buffer.alloc(0)) : Buffer.from(body);
  return { method: chosen, url, headers, body: octets, keepAlive, verify };
}
