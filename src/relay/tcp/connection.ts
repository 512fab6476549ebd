/** One TCP connection through a relay: the client's side and that of the upstream. */
import { plainAddress } from "../../base/address.ts";
import { DIRECTIONS, type Direction } from "../../faults/faults.ts";
import { type LinkFaults, NO_LINK_FAULTS, packetFaultsOf } from "../../faults/link-faults.ts";
import type { LossReason } from "../counts.ts";
import type { FlowAmounts, FlowState, RelayParts } from "../relay-port.ts";
import { type ConnectionHandle, hasHoldingEnded, type StreamPlan } from "./connection-faults.ts";
import { SharedLink } from "./shared-link.ts";
import { Side, type SideConnection, type Socket } from "./side.ts";
import { type StreamEnding, type StreamFaults, type StreamParts, StreamPath } from "./stream-path.ts";

/** Longest time that a connection which the relay ends waits for its peers' ends, ms; the kernel delivers the rest. */
const LINGER_MS = 2000;

/** What a connection needs of its relay. */
export interface ConnectionParts {
  readonly relay: RelayParts;
  readonly streams: Readonly<Record<Direction, StreamParts>>;
  readonly faults: Readonly<Record<Direction, StreamFaults>>;
  /** The socket of one side is closed, and the other stays open for what waits or for the end of a stall. */
  readonly onHalfClosed: (connection: TcpConnection) => void;
  /** The connection has ended, and both sockets are closed. */
  readonly onClosed: (connection: TcpConnection) => void;
}

/** Faults that act once on some connections, after a time. */
type Timed = "stall" | "reset";

/** A connection. */
export class TcpConnection implements ConnectionHandle, SideConnection, FlowState {
  readonly address: string;
  readonly port: number;
  readonly openedAt: number;
  readonly client: Side;
  readonly upstream: Side;
  readonly #paths: Readonly<Record<Direction, StreamPath>>;
  /** What was read, in chunks of the runtime. */
  readonly up: FlowAmounts = { packets: 0, bytes: 0, drops: 0 };
  readonly down: FlowAmounts = { packets: 0, bytes: 0, drops: 0 };
  readonly #faults: Record<Direction, StreamFaults>;
  /** The faults that are going to act, by kind and direction, and the end of the wait for the peers. */
  readonly #timers = new Map<`${Timed}/${Direction}` | "linger", Timer>();
  #isEnding = false;
  #isClosed = false;

  constructor(
    client: Socket,
    private readonly parts: ConnectionParts,
  ) {
    this.address = plainAddress(client.remoteAddress);
    this.port = client.remotePort;
    this.openedAt = parts.relay.clock.now();
    this.client = new Side(this, "up");
    this.upstream = new Side(this, "down");
    this.client.pause(); // until there is somebody to send to
    this.client.opened(client);
    const events = {
      onEnded: (ending: StreamEnding) => this.#pathEnded(ending),
      onOverflow: () => this.reset("memory-limit"),
      onFailed: (error: unknown) => this.failed(error),
    };
    const { streams, faults } = parts;
    this.#faults = { ...faults };
    this.#paths = {
      up: new StreamPath(streams.up, this.client, this.upstream, events, faults.up),
      down: new StreamPath(streams.down, this.upstream, this.client, events, faults.down),
    };
    for (const direction of DIRECTIONS) this.#decide(direction, faults[direction], {});
  }

  /** Whether both sockets are closed, or are to be. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sets the faults of one direction. What is decided for each connection is decided again if that fault changed. */
  setFaults(direction: Direction, faults: StreamFaults): void {
    if (this.#isEnding) return;
    const before = this.#faults[direction];
    if (before.link && before.link !== faults.link) before.link.set(NO_LINK_FAULTS);
    this.#faults[direction] = faults;
    this.#paths[direction].setFaults(faults);
    if (this.#isEnding) return; // the change has ended the connection
    this.#decide(direction, faults, before.faults);
  }

  /** Sets the faults of one direction of this connection alone. What is held by a fault that has ended is passed on. */
  setOwnFaults(direction: Direction, { faults, gate }: StreamPlan): void {
    const before = this.#faults[direction];
    if (faults === before.faults && gate === before.gate) return;
    const { clock, failed } = this.parts.relay;
    const link = before.link ?? (faults.rate === undefined ? undefined : new SharedLink(clock, failed));
    if (faults.rate !== before.faults.rate) link?.set(faults);
    this.setFaults(direction, { ...before, faults, packetFaults: packetFaultsOf(faults), link, gate });
    if (hasHoldingEnded(before.faults, faults)) this.#paths[direction].release();
  }

  /** Decides whether this connection stalls or is reset; their times are measured from now. */
  #decide(direction: Direction, { faults, chance }: StreamFaults, before: LinkFaults): void {
    const { stall, reset } = faults;
    if (!Bun.deepEquals(stall, before.stall)) {
      const isStalled = stall !== undefined && chance.stall() < stall.probability;
      this.#paths[direction].stall(isStalled);
      if (isStalled) this.parts.streams[direction].counts.effects.add("stall");
      this.#after(`stall/${direction}`, isStalled ? stall.afterMs : undefined, () => this.end("stall"));
    }
    if (!Bun.deepEquals(reset, before.reset)) {
      const isReset = reset !== undefined && chance.reset() < reset.probability;
      this.#after(`reset/${direction}`, isReset ? (reset.afterMs ?? 0) : undefined, () => {
        this.parts.streams[direction].counts.effects.add("reset");
        this.reset("reset");
      });
    }
  }

  /** Sets the one timer of this name; without a time it is cleared. */
  #after(name: `${Timed}/${Direction}` | "linger", ms: number | undefined, run: () => void): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    if (ms === undefined) return;
    const guarded = () => {
      try {
        run();
      } catch (error) {
        this.failed(error);
      }
    };
    this.#timers.set(name, setTimeout(guarded, ms));
  }

  /** The upstream is open: octets can pass. */
  connected(): void {
    this.#paths.up.drain();
    if (!this.#paths.up.isPaused) this.client.resume();
  }

  /** Octets of one side. */
  data({ direction }: Side, chunk: Buffer): void {
    const amounts = this[direction];
    amounts.packets++;
    amounts.bytes += chunk.length;
    this.#paths[direction].data(chunk);
  }

  /** One side has sent a FIN. */
  peerEnded({ direction }: Side): void {
    this.#paths[direction].end();
  }

  /** The kernel accepts more octets for a side. */
  drained({ direction }: Side): void {
    this.#paths[direction === "up" ? "down" : "up"].drain();
  }

  /**
   * The socket of a side is closed: what would go to it is lost, and the end of what it sent follows what waits, after an error
   * as a reset.
   */
  sideClosed(side: Side, error: unknown): void {
    side.closed();
    if (this.#isClosed) return;
    if (this.#isEnding) {
      if (!this.client.isOpen && !this.upstream.isOpen) this.#close("peer-gone");
      return;
    }
    this.#paths[side === this.client ? "down" : "up"].close("peer-gone");
    // Without an error a socket is closed when both ends were sent; the runtime does not report every reset as an error.
    const isEnded = (error === undefined || error === null) && side.isFinished;
    if (isEnded) this.#paths[side.direction].end();
    else this.#paths[side.direction].abort();
    this.#endWhenDone();
    if (!this.#isEnding) this.parts.onHalfClosed(this);
  }

  #pathEnded(ending: StreamEnding): void {
    if (ending === "reset") this.reset("peer-gone");
    else if (ending === "limit") this.end("limit");
    else this.#endWhenDone();
  }

  /** Ends the connection when nothing passes any more in either direction; the runtime has closed the sockets then, or does soon. */
  #endWhenDone(): void {
    if (this.#isEnding || !this.#paths.up.isDone || !this.#paths.down.isDone) return;
    if (this.client.isOpen || this.upstream.isOpen) this.end("peer-gone");
    else this.#close("peer-gone");
  }

  /**
   * Ends both sides with a FIN; what waits is lost. What the peers still send is read and discarded until they end too: the kernel
   * resets a connection that is closed with unread octets, and its peer can lose the last ones that were sent to it.
   */
  end(reason: LossReason): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const direction of DIRECTIONS) this.#paths[direction].close(reason);
    for (const name of this.#timers.keys()) this.#after(name, undefined, () => {});
    this.#after("linger", LINGER_MS, () => {
      this.#close(reason);
      // No RST: a peer that reads slowly would lose what the kernel has accepted for it.
      for (const side of [this.client, this.upstream]) side.close();
    });
    for (const side of [this.client, this.upstream]) {
      side.finish();
      side.resume();
    }
  }

  /** Resets both sides. */
  reset(reason: LossReason): void {
    this.#close(reason);
    for (const side of [this.client, this.upstream]) side.reset();
  }

  /** Counts an error of the relay itself, and ends the connection. */
  failed(error: unknown): void {
    this.parts.relay.failed(error);
    this.reset("failed");
  }

  #close(reason: LossReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isEnding = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const direction of DIRECTIONS) this.#paths[direction].close(reason);
    this.parts.onClosed(this);
  }
}
