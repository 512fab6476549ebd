/** Serves the series of runs while they last (`--metrics-port`). */
import { messageOf } from "../../base/message.ts";
import { errorCode } from "../measure/error-code.ts";
import { UsageError } from "../plan/errors.ts";
import { type RunMetricsSources, runMetrics } from "./run-metrics.ts";

/** Listens for scrapes of /metrics. Throws a UsageError if the port is not available. */
export function serveMetrics(hostname: string, port: number, sources: RunMetricsSources): Bun.Server<undefined> {
  const exposition = runMetrics(sources);
  try {
    return Bun.serve({
      hostname,
      port,
      fetch: async (request) =>
        new URL(request.url).pathname === "/metrics"
          ? new Response(await exposition.render(), { headers: { "Content-Type": exposition.contentType } })
          : new Response("the run's series are at /metrics\n", { status: 404 }),
    });
  } catch (error) {
    const reason =
      errorCode(error) === "EADDRINUSE" ? `is in use on ${hostname}` : `cannot be opened: ${messageOf(error)}`;
    throw new UsageError(`--metrics-port ${port}: the port ${reason}; choose another, 0 for any free one`);
  }
}
