/**
 * The live stream: server-sent events, a snapshot a second. A snapshot is put together and encoded once, whatever the
 * number of viewers; a viewer that does not keep up is dropped, never buffered for.
 */

import type { Bounded } from "../base/bounded.ts";
import type { Clock } from "../base/clock.ts";
import type { Protocol } from "../base/protocol.ts";
import type { Faults } from "../faults/faults.ts";
import { printFaults } from "../faults/text.ts";
import type { Metrics } from "../metrics/counters.ts";
import type { PacketLog } from "../reflector/packet-log.ts";
import type { ConnectionCounter, History } from "./history.ts";
import { MOST_PACKETS, type Sight, shown, thin } from "./packet-sample.ts";
import type { Flow, HistoryDump, ProtocolNow, Snapshot } from "./shapes.ts";

/** What a viewer may leave unread, octets, beside what the kernel holds for it. */
const UNREAD_BYTES = 256 * 1024;

/** What the live stream reads. */
export interface LiveSources {
  readonly metrics: Metrics;
  readonly history: History;
  readonly packetLog: PacketLog;
  readonly faults: (protocol: Protocol) => Faults;
  readonly connections: ConnectionCounter;
  readonly runsVersion: () => number;
  readonly version: string;
  /** Most viewers at a time. */
  readonly limit: number;
  readonly clock: Clock;
}

interface Viewer {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly sight: Sight;
}

const encoder = new TextEncoder();

function encodeEvent(event: string, data: unknown): Uint8Array {
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** The stream of one lab, and the once-a-second pulse of its history. Call `stop` to end both. */
export class LiveStream implements Bounded {
  readonly lab = crypto.randomUUID();
  /** Viewers refused because there were too many, and dropped because they were too slow. */
  overflows = 0;
  readonly #clock: Clock;
  readonly #viewers = new Set<Viewer>();
  readonly #timer: Timer;
  /** Wall clock of the last second in the history, ms. */
  #at = 0;
  #lastMark = 0;
  #lastEntries = 0;
  #lastSkipped = 0;
  #dump: { readonly seconds: number; readonly value: HistoryDump } | undefined;

  constructor(private readonly sources: LiveSources) {
    this.#clock = sources.clock;
    this.#at = Math.round(this.#clock.wallAt(this.#clock.now()));
    this.#timer = setInterval(() => this.pulse(), 1000);
    this.#timer.unref();
  }

  get size(): number {
    return this.#viewers.size;
  }

  get limit(): number {
    return this.sources.limit;
  }

  /** A new viewer's stream of events; undefined where there are too many. */
  open(sight: Sight): ReadableStream<Uint8Array> | undefined {
    if (this.#viewers.size >= this.limit) {
      this.overflows++;
      return undefined;
    }
    let viewer: Viewer | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          viewer = { controller, sight };
          this.#viewers.add(viewer);
          controller.enqueue(encoder.encode("retry: 1000\n\n")); // so that the answer's head goes out at once
        },
        cancel: () => {
          if (viewer) this.#viewers.delete(viewer);
        },
      },
      { highWaterMark: UNREAD_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
    );
  }

  /** Tells every viewer of something beside the snapshots. */
  broadcast(event: string, data: unknown): void {
    if (this.#viewers.size === 0) return;
    const bytes = encodeEvent(event, data);
    for (const viewer of this.#viewers) this.#send(viewer, bytes);
  }

  /** Takes the last second into the history and tells the viewers; called once a second. */
  pulse(): void {
    const { history, connections } = this.sources;
    const now = this.#clock.now();
    if (!history.sample(now, connections)) return;
    this.#at = Math.round(this.#clock.wallAt(now));
    const flow = this.#flow();
    const marks = history.marks(this.#lastMark);
    this.#lastMark = history.marked;
    if (this.#viewers.size === 0) return;
    const snapshot = this.#snapshot(flow, marks);
    const encoded = new Map<boolean, Uint8Array>();
    for (const viewer of this.#viewers) {
      const { peers } = viewer.sight;
      const bytes = encoded.get(peers) ?? encodeEvent("snapshot", { ...snapshot, flow: shown(flow, viewer.sight) });
      encoded.set(peers, bytes);
      this.#send(viewer, bytes);
    }
  }

  /** What a page that opens needs to draw the last quarter of an hour; put together at most once a second. */
  dump(sight: Sight): HistoryDump {
    const { history, packetLog, version } = this.sources;
    if (this.#dump?.seconds !== history.seconds) {
      const series = { http: history.series("http"), tcp: history.series("tcp"), udp: history.series("udp") };
      const flow = { packets: thin(packetLog.recent().slice(-MOST_PACKETS)), leftOut: 0 };
      const { seconds, span } = history;
      this.#dump = {
        seconds,
        value: { lab: this.lab, version, seconds, at: this.#at, span, series, marks: history.marks(), flow },
      };
    }
    return { ...this.#dump.value, flow: shown(this.#dump.value.flow, sight) };
  }

  /** Ends every viewer's stream. */
  stop(): void {
    clearInterval(this.#timer);
    for (const { controller } of this.#viewers) controller.close();
    this.#viewers.clear();
  }

  #send(viewer: Viewer, bytes: Uint8Array): void {
    const room = viewer.controller.desiredSize;
    if (room !== null && room > 0) {
      viewer.controller.enqueue(bytes);
      return;
    }
    this.#viewers.delete(viewer);
    this.overflows++;
    viewer.controller.error(new Error("too slow")); // closes the connection; the page opens another
  }

  /** The packets that the log took in since the last pulse. */
  #flow(): Flow {
    const { packetLog } = this.sources;
    const taken = packetLog.entries - this.#lastEntries;
    const passed = taken + packetLog.skipped - this.#lastSkipped;
    this.#lastEntries = packetLog.entries;
    this.#lastSkipped = packetLog.skipped;
    if (this.#viewers.size === 0 || taken === 0) return { packets: [], leftOut: passed };
    const packets = thin(packetLog.recent().slice(-taken));
    return { packets, leftOut: passed - packets.length };
  }

  #snapshot(flow: Flow, marks: Snapshot["marks"]): Snapshot {
    const now = this.#clock.now();
    const protocol = (name: Protocol): ProtocolNow => {
      const { packets, dropped, impairmentChanges } = this.sources.metrics.traffic[name];
      return {
        second: this.sources.history.second(name),
        totals: { packets, dropped },
        faults: { text: printFaults(this.sources.faults(name)), changes: impairmentChanges },
        since: this.sources.history.since(name, now),
      };
    };
    return {
      lab: this.lab,
      seconds: this.sources.history.seconds,
      at: this.#at,
      protocols: { http: protocol("http"), tcp: protocol("tcp"), udp: protocol("udp") },
      marks,
      flow,
      runsVersion: this.sources.runsVersion(),
    };
  }
}
