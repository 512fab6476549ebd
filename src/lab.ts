/** Assembles a lab: a listener and a responder for each protocol, and the parts that observe and control them. */
import { version } from "../package.json";
import { preparePage } from "./api/page.ts";
import type { ApiParts } from "./api/parts.ts";
import { controlRoutes, FIRST_REQUESTS, FIXED_REQUESTS } from "./api/routes.ts";
import { describeTraffic } from "./api/traffic-description.ts";
import { type Bounded, Budget } from "./base/bounded.ts";
import { sleep, systemClock, within } from "./base/clock.ts";
import { InternalErrors } from "./base/internal-errors.ts";
import { processUsage } from "./base/kernel.ts";
import { createLog, type Log } from "./base/log.ts";
import { byProtocol, isSecure, PROTOCOLS, type Protocol, REGISTRY, recordOf } from "./base/protocol.ts";
import { nextTurn } from "./base/turns.ts";
import { openCertificate } from "./certificates/open.ts";
import { type Config, DEFAULT_CONFIG, servedProtocols } from "./config.ts";
import { DelayQueue } from "./faults/delay-queue.ts";
import { type Direction, type Faults, type Impairments, NO_IMPAIRMENTS } from "./faults/faults.ts";
import type { LinkFaultsByDirection } from "./faults/link-faults.ts";
import { printFaults } from "./faults/print.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { History } from "./live/history.ts";
import { LiveStream } from "./live/stream.ts";
import { LAB_SERIES } from "./metrics/catalogue.ts";
import { createMetrics } from "./metrics/counters.ts";
import { measureEventLoop } from "./metrics/event-loop.ts";
import { labReaders } from "./metrics/lab-readers.ts";
import { createExposition } from "./metrics/prometheus.ts";
import type { RelayAmount } from "./metrics/relay-counters.ts";
import { newInstance } from "./reflector/instance.ts";
import { PacketLog } from "./reflector/packet-log.ts";
import { Responder } from "./reflector/responder.ts";
import { Sessions } from "./reflector/sessions.ts";
import { Relays } from "./relay/relays.ts";
import { relayFaults } from "./relay/route/faults.ts";
import type { RelayRoute } from "./relay/route/route.ts";
import { KeptRuns } from "./runs/kept/kept-runs.ts";
import { Runner } from "./runs/runner.ts";
import { ConnectionMemory } from "./servers/bounds/connection-memory.ts";
import { HttpApplication } from "./servers/http/application.ts";
import { HttpSessions } from "./servers/http/sessions.ts";
import { Listeners, type Ports } from "./servers/listeners.ts";
import { openToxiproxy } from "./toxiproxy/open.ts";
import type { ToxiproxyServer } from "./toxiproxy/server.ts";

/** Options of `startLab`; every option has a default. */
export interface LabOptions extends Partial<Omit<Config, "impair">> {
  /** The faults at the start; a protocol that is not named has none. */
  readonly impair?: Partial<Impairments>;
  readonly limits?: Partial<Limits>;
  /** Receives the lab's log lines; by default none are written. */
  readonly log?: Log;
}

/** Options of the process of a lab. */
interface ProcessOptions extends LabOptions {
  /** Counts and logs the errors of the lab itself; by default to `log`. */
  readonly errors?: InternalErrors;
}

/** A relay of a lab. */
export interface LabRelay {
  readonly route: RelayRoute;
  /** The port on which it listens. */
  readonly port: number;
  /** Of each direction at this moment: in + copies = out + dropped + waiting, in octets, and on UDP in packets. */
  readonly counts: Readonly<Record<Direction, Readonly<Record<RelayAmount, number>>>>;
  readonly faults: LinkFaultsByDirection;
  /** Sets the faults of what comes from now on; what is on its way keeps its fate. */
  setFaults(faults: LinkFaultsByDirection): void;
  /** Datagrams that the kernel dropped before the relay received them; undefined for TCP, or if it does not report them. */
  receiveBufferDrops(): Promise<Readonly<Record<Direction, number | undefined>> | undefined>;
}

/** The relays of a lab, by name. */
export interface LabRelays {
  /** In the order in which they were made. */
  list(): readonly LabRelay[];
  get(name: string): LabRelay | undefined;
  /**
   * Opens a relay. One with this name and another route is closed first, and its faults stay; one with the same route stays
   * open. Rejects with RelayError; the relay before is open again then, if its port still is free.
   */
  put(route: RelayRoute): Promise<LabRelay>;
  /** Closes a relay and its connections; resolves with false if there is none. */
  delete(name: string): Promise<boolean>;
}

/** A running lab. */
export interface Lab {
  /** The ports on which it listens; `stamp` and `toxiproxy` if there are such ports. */
  readonly ports: Ports;
  readonly host: string;
  /** Its relays, which can be changed while it runs. */
  readonly relays: LabRelays;
  /** Stops receiving, completes what is in progress within a limit, and closes. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A lab with everything of its relays, for the program and its tests. */
export interface RunningLab extends Lab {
  readonly relays: Relays;
}

const SILENT = createLog({ level: "silent", readable: false, sink() {} });
/** Time for which requests in progress may delay a stop after the delay queue is empty, ms. */
const REQUESTS_MS = 100;

/** Everything of a lab that does not depend on an open port; `undo` closes it. */
function createParts(config: Config, limits: Limits, log: Log, errors: InternalErrors, undo: AsyncDisposableStack) {
  const clock = systemClock();
  const instance = newInstance(clock.wallAt(clock.now()));
  const metrics = createMetrics();
  const queue = new DelayQueue(limits.delayQueue, clock, limits.delayQueueBytes, errors);
  const tcpOctets = new Budget(limits.tcpBytes);
  const streamMemory = new ConnectionMemory(tcpOctets);
  const httpBodies = new Budget(limits.httpBodiesBytes);
  const httpSessions = new HttpSessions(limits.httpSessions);
  const runBodies = new Budget(limits.runBodiesBytes);
  const sessions = new Sessions(limits.sessions);
  const packetLogLimits = { limit: limits.packetLog, perSecond: limits.packetLogPerSecond };
  const packetLog = undo.adopt(new PacketLog(packetLogLimits, log, metrics, errors), (packetLog) => packetLog.stop());
  undo.adopt(measureEventLoop(metrics.eventLoopLag, errors), (stop) => stop());
  const served = servedProtocols(config);
  const responders = byProtocol((protocol) => {
    const responder = new Responder({
      traffic: metrics.traffic[protocol],
      clock,
      queue,
      packetLog,
      log,
      seed: config.seed,
    });
    responder.setFaults(config.impair[protocol]);
    return responder;
  });
  const faultsOf = (protocol: Protocol): Faults => responders[protocol].faults;
  warnOfUnserved(config.impair, served, log);
  const texts = recordOf(served, (protocol) => printFaults(faultsOf(protocol)));
  const history = new History(metrics, clock.now(), texts);
  const onError = () => {
    metrics.keptRunsErrors++;
  };
  const relayOctets = new Budget(limits.relayBytes);
  const relays = new Relays({
    clock,
    seed: config.seed,
    limits: { receiveBuffer: limits.udpReceiveBuffer },
    memory: relayOctets,
    failed: (error) => errors.caught(error, "relay"),
  });
  const store = undo.adopt(new KeptRuns({ path: config.data, log, onError }), (store) => store.close());
  return {
    config,
    limits,
    log,
    errors,
    clock,
    instance,
    metrics,
    queue,
    tcpOctets,
    streamMemory,
    httpBodies,
    httpSessions,
    runBodies,
    sessions,
    packetLog,
    served,
    responders,
    faultsOf,
    history,
    relays,
    relayOctets,
    store,
  };
}

/** Logs which of the faults at the start have no effect, because their protocol is not served. */
function warnOfUnserved(impair: Impairments, served: readonly Protocol[], log: Log): void {
  const without = PROTOCOLS.filter((name) => !served.includes(name) && printFaults(impair[name]) !== "none");
  if (without.length === 0) return;
  const names = without.join(", ");
  log.write("warn", `faults of ${names} have no effect: not served by this lab; served: ${served.join(", ")}`);
}

type Parts = ReturnType<typeof createParts>;

/** The limited structures of the listeners. */
function listenerStructures(served: readonly Protocol[], listeners: Listeners) {
  return Object.fromEntries(
    served.flatMap((protocol) => [
      [`${protocol}-connections`, () => listeners.get(protocol)?.connectionTable] as const,
      [`${protocol}-stalled`, () => listeners.get(protocol)?.stalled] as const,
    ]),
  );
}

/** The exposition of the lab's series. */
function exposeLab(
  parts: Parts,
  live: LiveStream,
  listeners: Listeners,
  toxiproxyConnections: () => Bounded | undefined,
) {
  const { config, metrics, queue, tcpOctets, httpBodies, httpSessions, runBodies, sessions, packetLog, store } = parts;
  const readers = labReaders(metrics, {
    served: parts.served,
    bounded: {
      sessions: () => sessions,
      "delay-queue": () => queue,
      "delay-queue-bytes": () => queue.octets,
      "http-sessions": () => httpSessions,
      "tcp-bytes": () => tcpOctets,
      "http-body-bytes": () => httpBodies,
      "run-bytes": () => runBodies,
      "relay-bytes": () => parts.relayOctets,
      "packet-log": () => packetLog,
      "unsaved-runs": () => store.unsaved,
      viewers: () => live,
      "toxiproxy-connections": toxiproxyConnections,
      ...listenerStructures(parts.served, listeners),
    },
    evictedSessions: () => sessions.evictions,
    openConnections: (protocol) =>
      REGISTRY[protocol].connections ? listeners.get(protocol)?.connections() : undefined,
    countsConnections: (protocol) => listeners.get(protocol)?.countsConnections === true,
    countsHandshakes: (protocol) => listeners.get(protocol)?.countsHandshakes === true,
    receiveBufferDrops: () => listeners.receiveBufferDrops(),
    relays: () => parts.relays.list(),
    packetLog,
    internalErrors: () => parts.errors.count,
    processUsage,
    build: { version, bunVersion: Bun.version, commit: config.commit },
  });
  const { contentType, render } = createExposition(LAB_SERIES, readers);
  return { contentType, render: sharedRender(render, () => listeners.refresh()) };
}

/**
 * Returns a function that refreshes and renders, one text at a time: the scrapes that arrive until the next one begins share it.
 */
function sharedRender(render: () => Promise<string>, refresh: () => Promise<void>) {
  let waiting: Promise<Uint8Array<ArrayBuffer>> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  async function renderEncoded(): Promise<Uint8Array<ArrayBuffer>> {
    const text = await render();
    await nextTurn();
    return new TextEncoder().encode(text);
  }
  async function renderNext(): Promise<Uint8Array<ArrayBuffer>> {
    try {
      await Promise.all([refresh(), nextTurn(), last.catch(() => {})]);
    } finally {
      waiting = undefined;
    }
    const text = renderEncoded();
    last = text;
    return text;
  }
  return () => {
    waiting ??= renderNext();
    return waiting;
  };
}

/** The stream of snapshots for the page. */
function startLive(parts: Parts, listeners: Listeners, runVersion: () => number): LiveStream {
  const { store, limits } = parts;
  return new LiveStream({
    ...parts,
    relays: () => parts.relays.list(),
    connectionsOf: (protocol) => listeners.get(protocol)?.connections(),
    runsVersion: () => store.version,
    runVersion,
    version,
    viewerLimit: limits.viewers,
  });
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
 * ListenError or RelayError if a port is not available, and with CertificateError if the certificate cannot be used; nothing is left
 * open then.
 */
export async function startLab(options: ProcessOptions = {}): Promise<RunningLab> {
  const { limits: givenLimits, log = SILENT, errors = new InternalErrors(log), impair, ...given } = options;
  const config: Config = { ...DEFAULT_CONFIG, ...given, impair: { ...NO_IMPAIRMENTS, ...impair } };
  const limits: Limits = { ...DEFAULT_LIMITS, ...givenLimits };
  await using undo = new AsyncDisposableStack(); // closes what has started if a later step fails
  const parts = createParts(config, limits, log, errors, undo);
  const { metrics, queue, store, served } = parts;
  const opening = served.some(isSecure) ? openCertificate(config, log, errors) : undefined;
  opening?.catch(() => {}); // awaited after the page is bundled
  const listeners = undo.adopt(new Listeners(), (listeners) => listeners.close());
  undo.use(parts.relays); // closed before the listeners to which they may forward
  const broadcast = (event: string, data: unknown) => live.broadcast(event, data);
  const runner = undo.adopt(new Runner(store, log, broadcast), (runner) => runner.kill());
  const live = undo.adopt(
    startLive(parts, listeners, () => runner.version),
    (live) => live.stop(),
  );
  let serving = false;
  let toxiproxy: ToxiproxyServer | undefined;
  const exposition = exposeLab(parts, live, listeners, () => toxiproxy?.connections);
  await preparePage(); // before a peer can take the descriptors that the bundler needs
  const certificate = await opening;
  if (certificate) undo.use(certificate);
  const control = (trafficOf: ApiParts["trafficOf"]) =>
    controlRoutes({
      ...parts,
      version,
      certificate,
      exposition,
      trafficOf,
      ports: () => listeners.ports(),
      listening: () => Object.fromEntries(parts.served.map((name) => [name, serving])),
      setFaults: faultSetter(parts),
      live,
      runner,
    });
  await listeners.open(config, {
    ...parts,
    certificate,
    handshakes: metrics.handshakes,
    application: new HttpApplication({
      control,
      describe: describeTraffic,
      firstRequests: FIRST_REQUESTS,
      fixedRequests: FIXED_REQUESTS,
    }),
  });
  await openRelays(config, parts.relays);
  toxiproxy = openToxiproxy(config, { ...parts, bodies: parts.httpBodies });
  if (toxiproxy) undo.use(toxiproxy);
  const ports: Ports = { ...listeners.ports(), ...(toxiproxy && { toxiproxy: toxiproxy.port }) };
  serving = true;

  const open = undo.move();
  async function stop(): Promise<void> {
    serving = false;
    const paused = listeners.pause();
    runner.kill();
    live.stop();
    await emptied(queue, limits.stopMs);
    await queue.flush();
    await within(paused, REQUESTS_MS);
    await open.disposeAsync();
  }
  let stopping: Promise<void> | undefined;
  const stopOnce = () => {
    stopping ??= stop();
    return stopping;
  };
  return {
    ports,
    host: config.host,
    relays: parts.relays,
    stop: stopOnce,
    [Symbol.asyncDispose]: stopOnce,
  };
}

/** Opens the relays of the start, with their faults. Rejects with RelayError. */
async function openRelays({ relays: routes, relayImpair }: Config, relays: Relays): Promise<void> {
  const faults = relayFaults(routes, relayImpair);
  for (const route of routes) {
    const relay = await relays.put(route);
    const own = faults.get(route.name);
    if (own) relay.setFaults(own);
  }
}

/** Resolves when the queue is empty, or after `limitMs`. */
async function emptied(queue: DelayQueue, limitMs: number): Promise<void> {
  const endAt = performance.now() + limitMs;
  while (queue.size > 0 && performance.now() < endAt) await sleep(5);
}
