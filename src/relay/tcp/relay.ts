/** The TCP relay, which carries everything above TCP: one connection to the upstream for each connection of a client. */
import { hidesClient } from "../../base/address.ts";
import { mostDescriptors, spareDescriptors } from "../../base/descriptors.ts";
import { descriptorOf } from "../../base/kernel.ts";
import { overTurns, TurnLimit } from "../../base/turns.ts";
import type { Chance } from "../../faults/decide.ts";
import { DIRECTIONS, type Direction, perDirection } from "../../faults/faults.ts";
import {
  type LinkFaultsByDirection,
  NO_FAULTS_BY_DIRECTION,
  NO_LINK_FAULTS,
  packetFaultsOf,
} from "../../faults/link-faults.ts";
import type { FlowState, RelayParts, RelayPort } from "../relay-port.ts";
import { TcpConnection } from "./connection.ts";
import type { ConnectionFaults } from "./connection-faults.ts";
import { SharedLink } from "./shared-link.ts";
import type { Side, Socket } from "./side.ts";
import type { StreamFaults, StreamParts } from "./stream-path.ts";
import { SOCKET_HANDLERS, UpstreamConnections } from "./upstream-connections.ts";

function streamFaults(faults: LinkFaultsByDirection, chance: Chance): Record<Direction, StreamFaults> {
  return perDirection((direction) => {
    const own = faults[direction];
    const isNone = Object.keys(own).length === 0;
    return {
      faults: isNone ? NO_LINK_FAULTS : own,
      packetFaults: packetFaultsOf(own),
      chance: chance[direction],
    };
  });
}

class TcpRelay {
  readonly #open = new Set<TcpConnection>();
  /** Those with one side, which make room for others. */
  readonly #halfClosed = new Set<TcpConnection>();
  readonly #streams: Readonly<Record<Direction, StreamParts>>;
  /** The kernel assigns the lowest free descriptor: from this one on, few are left. */
  readonly #lastDescriptor = mostDescriptors() - spareDescriptors(mostDescriptors());
  #faults: Record<Direction, StreamFaults>;
  /** Those of each connection, in place of `#faults`. */
  #connectionFaults: ConnectionFaults | undefined;
  #server: Bun.TCPSocketListener<Side | undefined> | undefined;
  readonly #upstream: UpstreamConnections;
  overflows = 0;

  constructor(private readonly parts: RelayParts) {
    const { clock, delayQueue, limits, failed } = parts;
    const unsent = parts.memory;
    const turn = new TurnLimit();
    this.#streams = perDirection((direction) => ({
      counts: parts.counts[direction],
      clock,
      delayQueue,
      turn,
      link: new SharedLink(clock, failed),
      unsent,
      waitingBytes: limits.waitingBytes,
    }));
    this.#faults = streamFaults(NO_FAULTS_BY_DIRECTION, parts.newChance());
    this.#upstream = new UpstreamConnections(parts, this);
  }

  get size(): number {
    return this.#open.size;
  }

  /** Sets the faults of octets from now on; a rate that stays the same goes on. */
  setFaults(faults: LinkFaultsByDirection): void {
    this.#connectionFaults = undefined;
    const before = this.#faults;
    this.#faults = streamFaults(faults, this.parts.newChance());
    for (const direction of DIRECTIONS) {
      const [now, then] = [this.#faults[direction].faults, before[direction].faults];
      if (now.rate !== then.rate || !Bun.deepEquals(now.queue, then.queue)) this.#streams[direction].link.set(now);
      for (const connection of this.#open) connection.setFaults(direction, this.#faults[direction]);
    }
  }

  /** Selects the faults of each connection, the open ones too. */
  setConnectionFaults(faults: ConnectionFaults): void {
    if (this.#connectionFaults === undefined) this.setFaults(NO_FAULTS_BY_DIRECTION);
    this.#connectionFaults = faults;
    for (const connection of [...this.#open]) this.#select(faults, connection);
  }

  #select(selection: ConnectionFaults, connection: TcpConnection): void {
    const plans = selection.of(connection);
    for (const direction of DIRECTIONS) connection.setOwnFaults(direction, plans[direction]);
  }

  listen(hostname: string, port: number): number {
    this.#server = Bun.listen<Side | undefined>({
      hostname,
      port,
      allowHalfOpen: true,
      socket: { ...SOCKET_HANDLERS, open: (socket) => this.#guard(() => this.#accept(socket)) },
    });
    return this.#server.port;
  }

  /** Nothing from the network ends the process. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.parts.failed(error);
    }
  }

  #accept(socket: Socket): void {
    const { upstream, upstreamErrors, limits } = this.parts;
    const isCrowded = this.#open.size + this.#upstream.abandoned >= limits.connections;
    const isFull = isCrowded && !this.#makeRoom();
    const isLast = (descriptorOf(socket) ?? 0) >= this.#lastDescriptor;
    const peer: string | undefined = socket.remoteAddress; // undefined if it was reset before it was accepted
    const addresses = upstream.addresses.filter((address) => !hidesClient(peer ?? "", address));
    const hasNone = addresses.length === 0;
    if (isFull || isLast) this.overflows++;
    else if (hasNone) upstreamErrors.add("no-address");
    if (isFull || isLast || hasNone || peer === undefined) {
      socket.terminate();
      return;
    }
    const connection = new TcpConnection(socket, {
      relay: this.parts,
      streams: this.#streams,
      faults: this.#faults,
      onHalfClosed: (half) => this.#halfClosed.add(half),
      onClosed: (closed) => {
        this.#open.delete(closed);
        this.#halfClosed.delete(closed);
        this.#upstream.closed(closed);
      },
    });
    socket.data = connection.client;
    this.#open.add(connection);
    if (this.#connectionFaults) this.#select(this.#connectionFaults, connection);
    // In a later turn: the runtime accepts connections until none waits, and those of a loop would follow each other without end.
    setImmediate(() => {
      this.#upstream.open(connection, addresses).catch((error: unknown) => connection.failed(error));
    });
  }

  /** Resets the connection that has had one side for the longest time; returns false if there is none. */
  #makeRoom(): boolean {
    const [oldest] = this.#halfClosed;
    oldest?.reset("peer-gone");
    if (oldest) this.overflows++;
    return oldest !== undefined;
  }

  flows(): readonly FlowState[] {
    return [...this.#open];
  }

  async close(): Promise<void> {
    this.#server?.stop();
    await overTurns([...this.#open], (connection) => connection.reset("peer-gone"));
  }
}

/** Opens the port of a TCP relay. Throws the system's error if it cannot be opened. */
export function openTcpRelay(parts: RelayParts, host: string, port: number): RelayPort {
  const relay = new TcpRelay(parts);
  const own = relay.listen(host, port);
  return {
    port: own,
    open: {
      get size() {
        return relay.size;
      },
      limit: parts.limits.connections,
      get overflows() {
        return relay.overflows;
      },
    },
    setFaults: (faults) => relay.setFaults(faults),
    setConnectionFaults: (faults) => relay.setConnectionFaults(faults),
    flows: () => relay.flows(),
    close: () => relay.close(),
  };
}
