/** Serves the series of runs while they last (`--metrics-port`). */
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
    throw new UsageError(`--metrics-port ${port}: ${error instanceof Error ? error.message : "cannot listen"}`);
  }
}
