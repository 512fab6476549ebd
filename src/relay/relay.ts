/** A relay: a port of this host whose traffic goes to an upstream and back, through faults, and is counted. */
import { isIP } from "node:net";
import { formatHostPort, isLoopback, reachedAddress } from "../base/address.ts";
import { Budget, BudgetShare } from "../base/bounded.ts";
import type { Clock } from "../base/clock.ts";
import { chance } from "../faults/decide.ts";
import { DelayQueue } from "../faults/delay-queue.ts";
import { DIRECTIONS, type Direction } from "../faults/faults.ts";
import { type LinkFaultsByDirection, NO_FAULTS_BY_DIRECTION } from "../faults/link-faults.ts";
import { errorCode } from "../load/measure/error-code.ts";
import { Tally } from "../metrics/counters.ts";
import { type RelayBaseline, readRelay } from "../metrics/relay-counters.ts";
import { portProblem } from "../servers/listener.ts";
import { busiest, copyOf } from "./busiest.ts";
import { DirectionCounts } from "./counts.ts";
import {
  type FlowState,
  RELAY_LIMITS,
  type RelayLimits,
  type RelayParts,
  type RelayPort,
  UPSTREAM_ERRORS,
  type UpstreamError,
} from "./relay-port.ts";
import { forwardsTo } from "./route/cycles.ts";
import { RelayError, type RelayRoute, relayTitle } from "./route/route.ts";
import type { ConnectionFaults } from "./tcp/connection-faults.ts";
import { openTcpRelay } from "./tcp/relay.ts";
import { openUdpRelay } from "./udp/relay.ts";
import { followUpstream } from "./upstream.ts";

/** What a relay needs of its process. */
export interface RelayContext {
  readonly clock: Clock;
  /** 0 to 2^32 - 1: the same seed, name and packets have the same fates. */
  readonly seed: number;
  readonly limits?: Partial<RelayLimits>;
  /** The octets that wait in all relays of the process; without it each has its own. */
  readonly memory?: Budget;
  /** Counts an error of the relay itself; without it they are only counted as dropped. */
  readonly failed?: (error: unknown) => void;
  /** Upper bounds of the histograms of the added delay, s; those of the metrics by default. */
  readonly delayBounds?: readonly number[];
  /** Interval of the look-ups of the upstream's name, ms. */
  readonly lookUpMs?: number;
  /** The addresses of a name; by default those of DNS. */
  readonly lookUp?: (name: string) => Promise<readonly string[]>;
}

const LOOK_UP_MS = 1000;

/** An open relay. Disposing of it closes the port and every connection. */
export class Relay {
  #faults: LinkFaultsByDirection = NO_FAULTS_BY_DIRECTION;
  /** Changes of the faults. */
  faultChanges = 0;
  /** Random: another value for each relay that is opened, also under the same name. */
  readonly instance = crypto.randomUUID();
  #baseline: RelayBaseline;

  private constructor(
    readonly route: RelayRoute,
    private readonly parts: RelayParts,
    private readonly own: RelayPort,
  ) {
    this.#baseline = readRelay(parts.counts, parts.clock.now());
  }

  /** Opens a relay. Rejects with RelayError, also if the port cannot be opened. */
  static async open(route: RelayRoute, context: RelayContext): Promise<Relay> {
    const { name, protocol, listen, upstream } = route;
    assertNoLoop(route);
    const isAllowed = allowedUpstream(route);
    const limits = { ...RELAY_LIMITS, ...context.limits };
    const memory = context.memory ? new BudgetShare(context.memory) : new Budget(limits.delayedBytes);
    const parts: RelayParts = {
      counts: { up: new DirectionCounts(context.delayBounds), down: new DirectionCounts(context.delayBounds) },
      upstream: await followUpstream(
        upstream.host,
        upstream.port,
        context.lookUpMs ?? LOOK_UP_MS,
        context.lookUp,
        isAllowed,
      ),
      upstreamErrors: new Tally<UpstreamError>(UPSTREAM_ERRORS),
      clock: context.clock,
      delayQueue: new DelayQueue(limits.delayed, context.clock, memory),
      memory,
      limits,
      newChance: () => chance(context.seed, `relay/${name}`),
      failed: context.failed ?? (() => {}),
    };
    try {
      const open = protocol === "tcp" ? openTcpRelay : openUdpRelay;
      return new Relay(route, parts, await open(parts, listen.host, listen.port));
    } catch (error) {
      parts.upstream[Symbol.dispose]();
      throw portError(route, error);
    }
  }

  /** The port on which it listens. */
  get port(): number {
    return this.own.port;
  }

  /** The current address of the upstream; undefined while its name has none. */
  get upstreamAddress(): string | undefined {
    return this.parts.upstream.address;
  }

  /** The counters of each direction: `up` from clients to the upstream. */
  get counts(): Readonly<Record<Direction, DirectionCounts>> {
    return this.parts.counts;
  }

  /** Why connections to the upstream failed. */
  get upstreamErrors(): Tally<UpstreamError> {
    return this.parts.upstreamErrors;
  }

  /** The counters at the last change of the faults, or at the start. */
  get baseline(): RelayBaseline {
    return this.#baseline;
  }

  /** Open flows (UDP) or connections (TCP). */
  get open(): RelayPort["open"] {
    return this.own.open;
  }

  /** The open flows or connections. */
  flows(): FlowState[] {
    return this.own.flows().map(copyOf);
  }

  /** The `most` of them with the most octets. */
  busiestFlows(most: number): FlowState[] {
    return busiest(this.own.flows(), most).map(copyOf);
  }

  /** Datagrams that the kernel dropped before the relay received them; undefined for TCP (`RelayPort.receiveBufferDrops`). */
  async receiveBufferDrops(): Promise<Readonly<Record<Direction, number | undefined>> | undefined> {
    return this.own.receiveBufferDrops?.();
  }

  /** The same at once, as far as known: those on the way down are read in the background. Without what the kernel does not report. */
  knownReceiveBufferDrops(): Readonly<Partial<Record<Direction, number>>> {
    const { up, down } = this.own.knownReceiveBufferDrops?.() ?? {};
    return { ...(up !== undefined && { up }), ...(down !== undefined && { down }) };
  }

  get faults(): LinkFaultsByDirection {
    return this.#faults;
  }

  /**
   * Sets the faults of what comes from now on; what is on its way keeps its fate. The random streams start again from the seed.
   */
  setFaults(faults: LinkFaultsByDirection): void {
    this.#faults = faults;
    this.faultChanges++;
    this.#baseline = readRelay(this.parts.counts, this.parts.clock.now());
    this.own.setFaults(faults);
  }

  /** Selects the faults of each connection, until `setFaults` is called. Throws RelayError on UDP, which has no connections. */
  setConnectionFaults(faults: ConnectionFaults): void {
    if (!this.own.setConnectionFaults) throw new RelayError(`${relayTitle(this.route.name)}: only TCP has connections`);
    this.#faults = faults.shown;
    this.faultChanges++;
    this.#baseline = readRelay(this.parts.counts, this.parts.clock.now());
    this.own.setConnectionFaults(faults);
  }

  /** Whether what came in equals what went out, was dropped and waits, to the octet. True unless the relay has a defect. */
  get isBalanced(): boolean {
    return DIRECTIONS.every((direction) => {
      const { bytesIn, copiedBytes, bytesOut, droppedBytes, waitingBytes } = this.counts[direction];
      return bytesIn + copiedBytes === bytesOut + droppedBytes + waitingBytes && waitingBytes >= 0;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.parts.upstream[Symbol.dispose]();
    await this.own.close();
    await this.parts.delayQueue.flush();
  }
}

/**
 * Which addresses of the upstream a relay may use: not ::1 if clients on other hosts reach the relay, because a lab there would take
 * them for clients on its own host. Throws RelayError if the upstream is given as that address.
 */
function allowedUpstream({ name, listen, upstream }: RelayRoute): (address: string) => boolean {
  if (listen.host === "localhost" || isLoopback(listen.host)) return () => true;
  const isAllowed = (address: string) => address !== "::1";
  if (isIP(upstream.host) === 0 || isAllowed(reachedAddress(upstream.host))) return isAllowed;
  throw new RelayError(
    `${relayTitle(name)}: clients on other hosts would have the rights of this one at [::1]; allowed: 127.0.0.1, or to listen on 127.0.0.1 or ::1`,
    { field: "upstream" },
  );
}

/** Throws RelayError if the route itself is not allowed, before anything is opened. */
export function assertAllowed(route: RelayRoute): void {
  assertNoLoop(route);
  allowedUpstream(route);
}

/** Throws RelayError if the upstream is the relay itself, by its address or a name of this machine. */
function assertNoLoop(route: RelayRoute): void {
  if (!forwardsTo(route, route)) return;
  const { name, upstream } = route;
  throw new RelayError(`${relayTitle(name)}: ${formatHostPort(upstream.host, upstream.port)} is the relay itself`, {
    field: "upstream",
  });
}

/** The error of a port that could not be opened, in one line. */
function portError({ name, protocol, listen }: RelayRoute, error: unknown): RelayError {
  const code = errorCode(error);
  const line = `${relayTitle(name)}: ${protocol} port ${listen.port} on ${listen.host} ${portProblem(code, listen.host)}`;
  return new RelayError(line, { field: "listen", isConflict: code === "EADDRINUSE" || code === "EACCES", code });
}
