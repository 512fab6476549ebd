/** What a report has so that its run can be repeated: the plan, and the versions and machine of the sender. */
import { arch, availableParallelism, platform, release } from "node:os";
import { version } from "../../../package.json";
import { REGISTRY } from "../../base/protocol.ts";
import type { HttpOptions } from "../plan/options.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { isEncrypted } from "../plan/tls.ts";
import { finite } from "./finite.ts";
import type { ReportedPlan, ReportedRequests, SenderHost } from "./report-plan.ts";

function rateOf({ closedLoop, stages }: RunPlan): ReportedPlan["rate"] {
  if (closedLoop) return "max";
  const [first, second] = stages;
  return first !== undefined && second === undefined && first.from === first.to ? first.from : null;
}

function requestsOf({ http, tls: { verify } }: RunPlan): ReportedRequests {
  const { method, keepAlive = true, headers, body }: HttpOptions = http;
  const withheld = [
    ...(headers === undefined || headers.length === 0 ? [] : (["header"] as const)),
    ...(body === undefined ? [] : (["body"] as const)),
  ];
  return { method: method ?? null, keepAlive, verify, withheld };
}

/** The plan of a run, for its report. Header fields and bodies of HTTP requests are left out, because they may be secret. */
export function reportedPlan(plan: RunPlan): ReportedPlan {
  const rate = rateOf(plan);
  return {
    protocol: plan.protocol,
    target: plan.targetText,
    control: plan.controlUrl?.href ?? null,
    ...(plan.via && { via: plan.via.text }),
    mode: plan.stamp ? "stamp" : plan.mode === "plain" ? "plain" : null,
    rate,
    arrival: plan.arrival,
    stages: rate === null ? plan.stages : null,
    seconds: finite(plan.seconds),
    count: plan.count ?? null,
    warmupSeconds: plan.warmupSeconds,
    connections: plan.connections,
    ...(REGISTRY[plan.protocol].streams && { streams: plan.streams }),
    onDemand: !plan.openAll,
    inFlight: finite(plan.window),
    size: plan.size,
    timeoutSeconds: plan.timeoutMs / 1000,
    waitSeconds: plan.waitMs / 1000,
    family: plan.family === 0 ? null : plan.family,
    ...(plan.percentiles && { percentiles: plan.percentiles }),
    seed: plan.seed,
    ...(isEncrypted(plan) && { tls: { verify: plan.tls.verify, ca: plan.tls.caFrom ?? null } }),
    http: REGISTRY[plan.protocol].requests ? requestsOf(plan) : null,
  };
}

/** The versions and the machine of this process. */
export function senderHost(): SenderHost {
  return {
    wirelab: version,
    bun: Bun.version,
    platform: `${platform()} ${arch()}`,
    kernel: release(),
    cpus: availableParallelism(),
  };
}
