/** Assembles a lab: listeners for every protocol, one responder for each, and what observes and controls them. */
import { version } from "../package.json";
import { controlRoutes } from "./api/routes.ts";
import { describeTraffic } from "./api/traffic-description.ts";
import { sleep, systemClock } from "./base/clock.ts";
import { processUsage } from "./base/kernel.ts";
import { createLog, type Log } from "./base/log.ts";
import { byProtocol, PROTOCOLS, type Protocol, REGISTRY } from "./base/protocol.ts";
import { throttle } from "./base/throttle.ts";
import { type Config, DEFAULT_CONFIG, DEFAULT_LIMITS, type Limits } from "./config.ts";
import { DelayQueue } from "./faults/delay-queue.ts";
import type { Faults } from "./faults/faults.ts";
import { printFaults } from "./faults/text.ts";
import { History } from "./live/history.ts";
import { LiveStream } from "./live/stream.ts";
import { LAB_SERIES } from "./metrics/catalogue.ts";
import { createMetrics } from "./metrics/counters.ts";
import { measureEventLoop } from "./metrics/event-loop.ts";
import { labReaders } from "./metrics/lab-readers.ts";
import { createExposition } from "./metrics/prometheus.ts";
import { PacketLog } from "./reflector/packet-log.ts";
import { Responder } from "./reflector/responder.ts";
import { Sessions } from "./reflector/sessions.ts";
import { Runner } from "./runs/runner.ts";
import { openRunStore } from "./runs/store.ts";
import { type Listener, openListener } from "./servers/listener.ts";

/** Options of `startLab`; every option has a default. */
export interface LabOptions extends Partial<Config> {
  readonly limits?: Partial<Limits>;
  /** Receives the lab's log lines; by default none are written. */
  readonly log?: Log;
}

/** A running lab. */
export interface Lab {
  /** The ports on which it listens; `stamp` if there is a STAMP port. */
  readonly ports: Readonly<Record<Protocol, number>> & { readonly stamp?: number };
  readonly host: string;
  /** Stops receiving, completes what is in progress within a limit, and closes. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A port to open; `name` is its label in `ports` and in metrics. */
interface Socket {
  readonly name: Protocol | "stamp";
  readonly protocol: Protocol;
  readonly port: number;
}

/** An open port with its name. */
interface NamedListener extends Listener {
  readonly name: Socket["name"];
}

const SILENT = createLog({ level: "silent", readable: false, sink() {} });
/** Time for which requests in progress may delay a stop after the delay queue is empty, ms. */
const REQUESTS_MS = 100;

/** The ports that the configuration asks for, HTTP last: its control routes answer once everything else is open. */
function socketsOf(config: Config): readonly Socket[] {
  const { stampPort } = config;
  const stamp: Socket[] = stampPort === undefined ? [] : [{ name: "stamp", protocol: "udp", port: stampPort }];
  return [
    ...stamp,
    ...PROTOCOLS.toReversed().map((protocol) => ({ name: protocol, protocol, port: config[`${protocol}Port`] })),
  ];
}

/** Everything of a lab that does not depend on an open port; `undo` closes it. */
function createParts(config: Config, limits: Limits, log: Log, undo: AsyncDisposableStack) {
  const clock = systemClock();
  const metrics = createMetrics();
  const queue = new DelayQueue(limits.delayQueue, clock, limits.delayQueueBytes);
  const sessions = new Sessions(limits.sessions);
  const packetLogLimits = { limit: limits.packetLog, perSecond: limits.packetLogPerSecond };
  const packetLog = undo.adopt(new PacketLog(packetLogLimits, log, metrics), (packetLog) => packetLog.stop());
  undo.adopt(measureEventLoop(metrics.eventLoopLag), (stop) => stop());
  const responders = byProtocol((protocol) => {
    const responder = new Responder({ traffic: metrics.traffic[protocol], clock, queue, packetLog, seed: config.seed });
    responder.setFaults(config.impair[protocol]);
    return responder;
  });
  const faultsOf = (protocol: Protocol): Faults => responders[protocol].faults;
  const texts = byProtocol((protocol) => printFaults(faultsOf(protocol)));
  const history = new History(metrics, clock.now(), texts);
  const store = undo.adopt(openRunStore(config.data, log), (store) => store.close());
  return { config, limits, log, clock, metrics, queue, sessions, packetLog, responders, faultsOf, history, store };
}

type Parts = ReturnType<typeof createParts>;

/** The exposition of the lab's series. */
function exposeLab(parts: Parts, live: LiveStream, listeners: readonly NamedListener[]) {
  const { config, metrics, queue, sessions, packetLog, limits } = parts;
  const listenerOf = (name: Socket["name"]) => listeners.find((listener) => listener.name === name);
  const noConnections = { size: 0, limit: limits.tcpConnections, overflows: 0 };
  const readers = labReaders(metrics, {
    bounded: {
      sessions: () => sessions,
      "delay-queue": () => queue,
      "tcp-connections": () => listenerOf("tcp")?.connectionTable ?? noConnections,
      "packet-log": () => packetLog,
      viewers: () => live,
    },
    openConnections: (protocol) => listenerOf(protocol)?.connections(),
    countsConnections: (protocol) => listenerOf(protocol)?.connectionTable !== undefined,
    receiveBufferDrops: () => {
      const drops = listeners.map((listener) => [listener.name, listener.receiveBufferDrops()] as const);
      return Object.fromEntries(drops.flatMap(([name, count]) => (count === undefined ? [] : [[name, count]])));
    },
    packetLog,
    processUsage,
    build: { version, bunVersion: Bun.version, commit: config.commit },
  });
  return createExposition(LAB_SERIES, readers);
}

/** Changes the faults of a protocol as the control routes do: counted, marked in the history, logged. */
function faultSetter({ responders, metrics, history, clock, log }: Parts) {
  return (protocol: Protocol, faults: Faults): void => {
    responders[protocol].setFaults(faults);
    metrics.traffic[protocol].impairmentChanges++;
    history.mark(protocol, printFaults(faults), clock.now());
    log.write("info", "faults changed", { protocol, faults: printFaults(faults) });
  };
}

/**
 * Starts a lab. A port of 0 selects a free one, which `ports` returns. Several labs can run in one process. Rejects with
 * ListenError if a port is not available; nothing is left open then.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { limits: givenLimits, log = SILENT, ...given } = options;
  const config: Config = { ...DEFAULT_CONFIG, ...given };
  const limits: Limits = { ...DEFAULT_LIMITS, ...givenLimits };
  const { host } = config;
  await using undo = new AsyncDisposableStack(); // closes what has started if a later step fails
  const parts = createParts(config, limits, log, undo);
  const { clock, metrics, queue, sessions, packetLog, responders, faultsOf, history, store } = parts;
  const listeners: NamedListener[] = [];
  let serving = false;

  const portOf = (protocol: Protocol) => listeners.find((listener) => listener.name === protocol)?.port ?? 0;
  const connectionsOf = byProtocol((protocol) =>
    throttle(() => listeners.find((listener) => listener.name === protocol)?.connections(), clock),
  );
  const live = undo.adopt(
    new LiveStream({
      clock,
      metrics,
      history,
      packetLog,
      faultsOf,
      connectionsOf: (protocol) => connectionsOf[protocol](),
      runsVersion: () => store.version(),
      version,
      viewerLimit: limits.viewers,
    }),
    (live) => live.stop(),
  );
  const runner = undo.adopt(new Runner(store, log, (event, data) => live.broadcast(event, data)), (runner) =>
    runner.kill(),
  );
  const routes = controlRoutes({
    ...parts,
    version,
    exposition: exposeLab(parts, live, listeners),
    traffic: metrics.traffic.http,
    ports: () => byProtocol(portOf),
    listening: () => byProtocol(() => serving),
    setFaults: faultSetter(parts),
    live,
    runner,
  });

  const labPorts = new Uint8Array(65_536);
  for (const { name, protocol, port } of socketsOf(config)) {
    const listener = await openListener(
      protocol,
      {
        hostname: host,
        port,
        responder: responders[protocol],
        sessions,
        limits,
        stampOnly: name === "stamp",
        labPorts,
        routes,
        describe: describeTraffic,
      },
      name === "stamp" ? "STAMP" : REGISTRY[protocol].title,
    );
    listeners.push({ ...undo.adopt(listener, (listener) => listener.close()), name });
  }
  serving = true;

  const open = undo.move();
  async function stop(): Promise<void> {
    serving = false;
    const paused = Promise.all(listeners.map((listener) => listener.pause()));
    runner.kill();
    live.stop();
    await emptied(queue, limits.stopMs);
    queue.flush();
    await Promise.race([paused, sleep(REQUESTS_MS)]);
    await open.disposeAsync();
  }
  let stopping: Promise<void> | undefined;
  const stopOnce = () => {
    stopping ??= stop();
    return stopping;
  };
  const stamp = listeners.find((listener) => listener.name === "stamp");
  const ports = { ...byProtocol(portOf), ...(stamp && { stamp: stamp.port }) };
  return { ports, host, stop: stopOnce, [Symbol.asyncDispose]: stopOnce };
}

/** Resolves when the queue is empty, or after `limitMs`. */
async function emptied(queue: DelayQueue, limitMs: number): Promise<void> {
  const endAt = performance.now() + limitMs;
  while (queue.size > 0 && performance.now() < endAt) await sleep(5);
}
