/**
 * The live stream: server-sent events, one snapshot a second. A snapshot is encoded once, whatever the number of viewers.
 * A viewer that does not read fast enough is disconnected; nothing is buffered for it.
 */
import { sourcePrefix } from "../base/address.ts";
import type { Bounded } from "../base/bounded.ts";
import type { Clock } from "../base/clock.ts";
import type { InternalErrors } from "../base/internal-errors.ts";
import { type Protocol, recordOf } from "../base/protocol.ts";
import { overTurns } from "../base/turns.ts";
import type { Faults } from "../faults/faults.ts";
import { printFaults } from "../faults/print.ts";
import type { Metrics } from "../metrics/counters.ts";
import { deltaOf } from "../metrics/delta.ts";
import type { RelayCounters } from "../metrics/relay-counters.ts";
import type { Instance } from "../reflector/instance.ts";
import type { PacketLog } from "../reflector/packet-log.ts";
import { HistoryDumps } from "./dumps.ts";
import type { ConnectionCounter, History } from "./history.ts";
import { sampleOf, type Visibility, visiblePart } from "./packet-sample.ts";
import { RelaySamples, visibleRelay } from "./relays.ts";
import type { LiveSnapshot, PacketSample, ProtocolNow } from "./shapes.ts";

/** Octets that a viewer may leave unread, besides those in the kernel's buffers. */
const UNREAD_BYTES = 256 * 1024;

/** Part of the places that the viewers of one network may have. */
const NETWORK_SHARE = 0.25;

/** Viewers that are sent an event in one turn of the event loop, which takes less than a millisecond. */
const VIEWERS_PER_TURN = 32;

/** What the live stream reads. */
export interface LiveSources {
  readonly clock: Clock;
  readonly instance: Instance;
  readonly metrics: Metrics;
  readonly history: History;
  readonly packetLog: PacketLog;
  readonly faultsOf: (protocol: Protocol) => Faults;
  readonly connectionsOf: ConnectionCounter;
  /** The open relays. */
  readonly relays: () => readonly RelayCounters[];
  readonly runsVersion: () => number;
  readonly runVersion: () => number;
  readonly version: string;
  /** Most viewers at a time. */
  readonly viewerLimit: number;
  readonly errors: InternalErrors;
}

interface Viewer {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly visibility: Visibility;
  /** The network of its address. */
  readonly prefix: string;
}

const encoder = new TextEncoder();

function encodeEvent(event: string, data: unknown): Uint8Array {
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** The stream of one lab, and the timer that samples its history once a second. `stop` ends both. */
export class LiveStream implements Bounded {
  /** Viewers refused, and viewers disconnected because they were too slow or for another one. */
  overflows = 0;
  readonly limit: number;
  readonly #viewers = new Set<Viewer>();
  readonly #timer: Timer;
  readonly #gainedEntries: () => { entries: number; skipped: number };
  /** Wall clock of the last second of the history, ms. */
  #at: number;
  #lastMark = 0;
  /** Resolves when the events so far have been passed to the viewers. */
  #sending: Promise<void> = Promise.resolve();
  readonly #dumps: HistoryDumps;
  readonly #relays: RelaySamples;

  constructor(private readonly sources: LiveSources) {
    const { clock, packetLog, viewerLimit } = sources;
    this.limit = viewerLimit;
    this.#dumps = new HistoryDumps(sources);
    this.#relays = new RelaySamples(sources.relays, clock.now());
    this.#at = Math.round(clock.wallAt(clock.now()));
    this.#gainedEntries = deltaOf(() => ({ entries: packetLog.entries, skipped: packetLog.skipped }));
    this.#timer = sources.errors.every("live", 1000, () => this.pulse());
  }

  get size(): number {
    return this.#viewers.size;
  }

  /** Most viewers of one network (/24, IPv6 /48). */
  get share(): number {
    return Math.ceil(this.limit * NETWORK_SHARE);
  }

  /**
   * The stream of events for a new viewer at `address`. If every place is taken, a viewer of the network with the most
   * viewers is disconnected. Undefined if its network has too many viewers, or no other network has more.
   */
  open(visibility: Visibility, address: string): ReadableStream<Uint8Array> | undefined {
    const prefix = sourcePrefix(address);
    if (!this.#makePlace(prefix)) {
      this.overflows++;
      return undefined;
    }
    let viewer: Viewer | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          viewer = { controller, visibility, prefix };
          this.#viewers.add(viewer);
          controller.enqueue(encoder.encode("retry: 1000\n\n")); // sends the response headers at once
        },
        cancel: () => {
          if (viewer) this.#viewers.delete(viewer);
        },
      },
      { highWaterMark: UNREAD_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
    );
  }

  /** Whether there is a place for a viewer of this network, which disconnecting another one can make. */
  #makePlace(prefix: string): boolean {
    const byPrefix = Map.groupBy(this.#viewers, (viewer) => viewer.prefix);
    const own = byPrefix.get(prefix)?.length ?? 0;
    if (own >= this.share) return false;
    if (this.#viewers.size < this.limit) return true;
    const largest = [...byPrefix.values()].reduce((a, b) => (b.length > a.length ? b : a));
    if (largest.length <= own + 1) return false;
    const unread = ({ controller }: Viewer) => -(controller.desiredSize ?? 0);
    this.#disconnect(largest.reduce((a, b) => (unread(b) > unread(a) ? b : a)));
    return true;
  }

  /** Sends an event other than a snapshot to every viewer. */
  broadcast(event: string, data: unknown): void {
    if (this.#viewers.size === 0) return;
    const bytes = encodeEvent(event, data);
    this.#sendAll(() => bytes);
  }

  /** Samples the history and sends a snapshot to the viewers; called once a second. */
  pulse(): void {
    const { clock, history, connectionsOf } = this.sources;
    const now = clock.now();
    if (!history.sample(now, connectionsOf)) return;
    this.#at = Math.round(clock.wallAt(now));
    this.#relays.sample(now);
    const flow = this.#samplePackets();
    const marks = history.marks(this.#lastMark);
    this.#lastMark = history.marked;
    if (this.#viewers.size === 0) return;
    const snapshot = this.#snapshot(flow, marks);
    const encoded = new Map<boolean, Uint8Array>();
    this.#sendAll(({ visibility }) => {
      const visible = () => ({
        ...snapshot,
        relays: snapshot.relays.map((relay) => visibleRelay(relay, visibility)),
        flow: visiblePart(flow, visibility),
      });
      const bytes = encoded.get(visibility.peers) ?? encodeEvent("snapshot", visible());
      encoded.set(visibility.peers, bytes);
      return bytes;
    });
  }

  /** Sends an event to every viewer, after the events before it, divided over turns of the event loop. */
  #sendAll(bytesFor: (viewer: Viewer) => Uint8Array): void {
    const send = (viewer: Viewer) => {
      try {
        this.#send(viewer, bytesFor(viewer));
      } catch {
        this.#viewers.delete(viewer); // the runtime has ended its stream
      }
    };
    this.#sending = this.#sending.then(() => overTurns(this.#viewers, send, VIEWERS_PER_TURN));
  }

  /** The history for a page that opens, a HistoryDump as JSON. */
  dump(visibility: Visibility): Promise<string> {
    return this.#dumps.encoded(this.#at, visibility);
  }

  /** Ends the stream of every viewer. */
  stop(): void {
    clearInterval(this.#timer);
    for (const { controller } of this.#viewers) controller.close();
    this.#viewers.clear();
  }

  #send(viewer: Viewer, bytes: Uint8Array): void {
    const capacity = viewer.controller.desiredSize; // null after an error, 0 after the end
    if (capacity !== null && capacity > 0) viewer.controller.enqueue(bytes);
    else this.#disconnect(viewer);
  }

  /** Closes the connection of a viewer; the page reconnects. */
  #disconnect(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    this.overflows++;
    viewer.controller.error(new Error("too slow"));
  }

  /** A sample of the packets that the log recorded since the previous pulse. */
  #samplePackets(): PacketSample {
    const { entries, skipped } = this.#gainedEntries();
    const total = entries + skipped;
    if (this.#viewers.size === 0 || entries === 0) return { packets: [], leftOut: total };
    const packets = sampleOf(this.sources.packetLog.recent().slice(-entries));
    return { packets, leftOut: total - packets.length };
  }

  #snapshot(flow: PacketSample, marks: LiveSnapshot["marks"]): LiveSnapshot {
    const { clock, metrics, history, faultsOf, runsVersion, runVersion } = this.sources;
    const now = clock.now();
    const protocols = recordOf(history.protocols, (protocol): ProtocolNow => {
      const { packets, dropped, impairmentChanges } = metrics.traffic[protocol];
      return {
        second: history.second(protocol),
        totals: { packets, dropped },
        faults: { text: printFaults(faultsOf(protocol)), changes: impairmentChanges },
        since: history.since(protocol, now),
      };
    });
    return {
      lab: this.sources.instance.instance,
      seconds: history.seconds,
      at: this.#at,
      protocols,
      relays: this.#relays.now(now),
      marks,
      flow,
      runsVersion: runsVersion(),
      runVersion: runVersion(),
    };
  }
}
