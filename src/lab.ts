/** Puts the lab together: one process that serves, breaks and measures three protocols. */
import { type AnyElysia, Elysia } from "elysia";
import { version } from "../package.json";
import type { FaultBox } from "./api/faults.ts";
import { controlRoutes } from "./api/routes.ts";
import { establishedConnections, processUsage } from "./base/kernel.ts";
import { createLog, type Log } from "./base/log.ts";
import type { Protocol } from "./base/protocol.ts";
import { sparingly } from "./base/throttle.ts";
import { type Config, DEFAULT_CONFIG, DEFAULT_LIMITS, type Limits } from "./config.ts";
import { type Core, createCore } from "./core.ts";
import { printFaults } from "./faults/text.ts";
import { startWatching, type Watching } from "./live/watch.ts";
import { watchEventLoop } from "./metrics/event-loop.ts";
import { createExposition } from "./metrics/prometheus.ts";
import { trafficRoutes } from "./servers/http.ts";
import { listen } from "./servers/listen.ts";
import { openSockets, type Sockets } from "./servers/sockets.ts";

/** What `startLab` takes; everything has a default. */
export interface LabOptions extends Partial<Config> {
  readonly limits?: Partial<Limits>;
  /** Where the lab says what happens; nowhere by default. */
  readonly log?: Log;
}

/** A lab that runs. */
export interface Lab {
  /** The ports that it listens on; `stamp` where there is a STAMP port. */
  readonly ports: Readonly<Record<Protocol, number>> & { readonly stamp?: number };
  readonly host: string;
  /** Stops taking in, finishes what is in flight within a limit, closes. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const SILENT = createLog({ level: "silent", readable: false, sink() {} });

/** The series of one lab, read from its parts at each scrape. */
function exposeLab(core: Core, sockets: Sockets, watching: Watching, httpPort: () => number) {
  const { config, limits, metrics, queue, sessions, packetLog } = core;
  const { udp, stamp, tcp } = sockets;
  return createExposition(metrics, {
    bounded: {
      sessions: () => sessions,
      "delay-queue": () => queue,
      "tcp-connections": () => ({ size: tcp.connections(), limit: limits.tcpConnections, overflows: tcp.refused() }),
      "packet-log": () => packetLog,
      viewers: () => watching.live,
    },
    openHttpConnections: () => establishedConnections(httpPort()),
    receiveBufferDrops: () => ({
      udp: udp.receiveBufferDrops(),
      ...(stamp && { stamp: stamp.receiveBufferDrops() }),
    }),
    packetLog: () => packetLog,
    processUsage,
    build: { version, bunVersion: Bun.version, commit: config.commit },
  });
}

/** The faults as the control routes change them: counted, marked in the history, told in the log. */
function faultBox({ responders, metrics, log }: Core, watching: Watching): FaultBox {
  return {
    get: (protocol) => responders[protocol].faults,
    set(protocol, faults) {
      responders[protocol].setFaults(faults);
      metrics.traffic[protocol].impairmentChanges++;
      watching.changed(protocol);
      log.write("info", "faults changed", { protocol, faults: printFaults(faults) });
    },
  };
}

/**
 * Starts a lab. Ports of 0 are free ones, to be read from `ports`; two labs live side by side in one process. Rejects
 * with ListenError where a port cannot be had; nothing is left open then.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { limits: givenLimits, log = SILENT, ...given } = options;
  const config: Config = { ...DEFAULT_CONFIG, ...given };
  const limits: Limits = { ...DEFAULT_LIMITS, ...givenLimits };
  const core = createCore(config, limits, log);
  const { clock, metrics, packetLog, queue, responders, sessions } = core;
  const { host } = config;

  await using undo = new AsyncDisposableStack(); // closes what has started, should a later part not start
  undo.defer(() => packetLog.stop());
  undo.adopt(watchEventLoop(metrics.eventLoopLag), (stop) => stop());
  const sockets = undo.adopt(await openSockets(core), (sockets) => sockets.close());
  const { udp, stamp, tcp } = sockets;
  let httpPort = 0;
  const ports = () => ({ http: httpPort, tcp: tcp.port, udp: udp.port, ...(stamp && { stamp: stamp.port }) });
  const httpConnections = sparingly(() => establishedConnections(httpPort), clock);
  const watching = undo.adopt(
    startWatching({
      ...core,
      faults: (protocol) => responders[protocol].faults,
      connections: (protocol) => ({ http: httpConnections, tcp: tcp.connections, udp: undefined })[protocol]?.(),
      ports,
    }),
    (parts) => parts.close(),
  );
  let serving = false;
  const control = controlRoutes({
    exposition: exposeLab(core, sockets, watching, () => httpPort),
    faults: faultBox(core, watching),
    live: watching.live,
    runs: watching.runs,
    sessions,
    policy: { token: config.token, host },
    clock,
    traffic: metrics.traffic.http,
    listening: () => ({ http: serving, tcp: serving, udp: serving }),
    log,
    version,
  });
  const app: AnyElysia = new Elysia({ normalize: false })
    .use(control)
    .use(trafficRoutes(responders.http, limits, (request) => app.server?.requestIP(request) ?? null));
  const http = undo.adopt(
    await listen("HTTP", host, config.httpPort, () => listenHttp(app, host, config.httpPort, limits)),
    (server) => server.stop(true),
  );
  httpPort = http.port ?? 0;
  serving = true;

  const open = undo.move();
  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    serving = false;
    sockets.pause();
    watching.stop();
    const requestsDone = http.stop();
    await waitUntil(() => queue.size === 0, limits.stopMs);
    queue.flush();
    await Promise.race([requestsDone, Bun.sleep(100)]);
    await open.disposeAsync();
  }
  const stopOnce = () => {
    stopping ??= stop();
    return stopping;
  };
  return { ports: ports(), host, stop: stopOnce, [Symbol.asyncDispose]: stopOnce };
}

/** Has Elysia listen; gives Bun's server. */
function listenHttp(app: AnyElysia, hostname: string, port: number, { httpBodyBytes }: Limits) {
  const { server } = app.listen({
    hostname,
    port,
    // Our own limit answers and counts; this one is for what announces no length.
    maxRequestBodySize: httpBodyBytes * 16,
    idleTimeout: 30,
    development: false, // else a failure is answered with a page of source code
    reusePort: false, // Elysia sets it, and a second lab would share the port in silence
  });
  if (!server) throw new Error("not listening");
  return server;
}

/** Resolves when `isDone`, looked at every few milliseconds, or after `limitMs`. */
async function waitUntil(isDone: () => boolean, limitMs: number): Promise<void> {
  const endAt = performance.now() + limitMs;
  while (!isDone() && performance.now() < endAt) await Bun.sleep(5);
}
