/** Puts the lab together: one process that serves, breaks and measures three protocols. */
import { type AnyElysia, Elysia } from "elysia";
import { version } from "../package.json";
import { systemClock } from "./clock.ts";
import { type Config, DEFAULT_CONFIG, DEFAULT_LIMITS, type Limits } from "./config.ts";
import { controlRoutes } from "./control.ts";
import { DelayQueue } from "./delay-queue.ts";
import { watchEventLoop } from "./event-loop.ts";
import { createExposition } from "./exposition.ts";
import type { Impairments, Protocol } from "./impairment.ts";
import { printFaults } from "./impairment-text.ts";
import { createLog, type Log } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { PacketLog } from "./packet-log.ts";
import { Responder } from "./responder.ts";
import { trafficRoutes } from "./servers/http.ts";
import { listenTcp } from "./servers/tcp.ts";
import { listenUdp, type UdpServer } from "./servers/udp.ts";
import { Sessions } from "./sessions.ts";
import { sparingly } from "./sparingly.ts";
import { establishedConnections, processUsage } from "./system.ts";
import { startWatching } from "./watching.ts";

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

/** A port that cannot be listened on; its message is one line that names it. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

const SILENT = createLog({ level: "silent", readable: false, sink() {} });

/** Names the port in the system's error. */
function listenError(name: string, host: string, port: number, error: unknown): ListenError {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: "is in use",
    EACCES: "may not be used by this user",
    EADDRNOTAVAIL: `cannot be had: ${host} is no address of this machine`,
  };
  return new ListenError(`${name} port ${port} on ${host} ${why[code] ?? `cannot be had: ${code}`}`);
}

async function listen<T>(name: string, host: string, port: number, start: () => T | Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    throw listenError(name, host, port, error);
  }
}

/**
 * Starts a lab. Ports of 0 are free ones, to be read from `ports`; two labs live side by side in one process. Rejects
 * with ListenError where a port cannot be had; nothing is left open then.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { limits: givenLimits, log = SILENT, ...given } = options;
  const config: Config = { ...DEFAULT_CONFIG, ...given };
  const limits: Limits = { ...DEFAULT_LIMITS, ...givenLimits };
  const { host } = config;
  const clock = systemClock();
  const metrics = createMetrics();
  const queue = new DelayQueue(limits.delayQueue, clock, limits.delayQueueBytes);
  const sessions = new Sessions(limits.sessions);
  const packetLog = new PacketLog({ limit: limits.packetLog, perSecond: limits.packetLogPerSecond }, log, metrics);
  const responder = (protocol: Protocol) => {
    const made = new Responder({ traffic: metrics.traffic[protocol], clock, queue, packetLog, seed: config.seed });
    made.setFaults(config.impair[protocol]);
    return made;
  };
  const responders = { http: responder("http"), tcp: responder("tcp"), udp: responder("udp") };

  await using undo = new AsyncDisposableStack(); // closes what has started, should a later part not start
  undo.defer(() => packetLog.stop());
  undo.adopt(watchEventLoop(metrics.eventLoopLag), (stop) => stop());

  const udpSocket = (name: string, port: number, stampOnly: boolean) =>
    listen(name, host, port, () =>
      listenUdp({ hostname: host, port, stampOnly, receiveBuffer: limits.udpReceiveBuffer }, responders.udp, sessions),
    );
  const udp = undo.adopt(await udpSocket("UDP", config.udpPort, false), (server) => server.close());
  let stamp: UdpServer | undefined;
  if (config.stampPort !== undefined) {
    stamp = undo.adopt(await udpSocket("STAMP", config.stampPort, true), (server) => server.close());
    udp.refuseSource(stamp.port);
    stamp.refuseSource(udp.port);
  }
  const tcp = undo.adopt(
    await listen("TCP", host, config.tcpPort, () =>
      listenTcp({ hostname: host, port: config.tcpPort, limits }, responders.tcp, sessions),
    ),
    (server) => server.close(),
  );

  let httpPort = 0;
  const httpConnections = sparingly(() => establishedConnections(httpPort), clock);
  const watching = undo.adopt(
    startWatching({
      config,
      limits,
      clock,
      log,
      metrics,
      packetLog,
      faults: (protocol) => responders[protocol].faults,
      connections: (protocol) => ({ http: httpConnections, tcp: tcp.connections, udp: undefined })[protocol]?.(),
      ports: () => ({ http: httpPort, tcp: tcp.port, udp: udp.port }),
    }),
    (parts) => parts.close(),
  );
  let listening: Readonly<Record<Protocol, boolean>> = { http: false, tcp: true, udp: true };
  const exposition = createExposition(metrics, {
    bounded: {
      sessions: () => sessions,
      "delay-queue": () => queue,
      "tcp-connections": () => ({ size: tcp.connections(), limit: limits.tcpConnections, overflows: tcp.refused() }),
      "packet-log": () => packetLog,
      viewers: () => watching.live,
    },
    openHttpConnections: () => establishedConnections(httpPort),
    receiveBufferDrops: () => ({
      udp: udp.receiveBufferDrops(),
      ...(stamp && { stamp: stamp.receiveBufferDrops() }),
    }),
    packetLog: () => packetLog,
    processUsage,
    build: { version, bunVersion: Bun.version, commit: config.commit },
  });
  const faults = {
    get: (protocol: Protocol) => responders[protocol].faults,
    set(protocol: Protocol, value: Impairments[Protocol]) {
      responders[protocol].setFaults(value);
      metrics.traffic[protocol].impairmentChanges++;
      watching.changed(protocol);
      log.write("info", "faults changed", { protocol, faults: printFaults(value) });
    },
  };
  const app: AnyElysia = new Elysia({ normalize: false })
    .use(
      controlRoutes({
        exposition,
        faults,
        live: watching.live,
        runs: watching.runs,
        sessions,
        policy: { token: config.token, host },
        clock,
        traffic: metrics.traffic.http,
        listening: () => listening,
        log,
        version,
      }),
    )
    .use(trafficRoutes(responders.http, limits, (request) => app.server?.requestIP(request) ?? null));
  const http = undo.adopt(
    await listen("HTTP", host, config.httpPort, () => listenHttp(app, host, config.httpPort, limits)),
    (server) => server.stop(true),
  );
  httpPort = http.port ?? 0;
  listening = { http: true, tcp: true, udp: true };

  const open = undo.move();
  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    listening = { http: false, tcp: false, udp: false };
    udp.pause();
    stamp?.pause();
    tcp.pause();
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
  return {
    ports: { http: httpPort, tcp: tcp.port, udp: udp.port, ...(stamp && { stamp: stamp.port }) },
    host,
    stop: stopOnce,
    [Symbol.asyncDispose]: stopOnce,
  };
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
