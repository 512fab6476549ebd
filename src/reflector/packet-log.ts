/**
 * The flow of packets, as lines and as a bounded ring with listeners. It samples: past a number of packets a second
 * the rest is only counted, so that watching the flow never slows it.
 */

import type { Bounded } from "../base/bounded.ts";
import type { Log } from "../base/log.ts";
import { PROTOCOLS, type Protocol } from "../base/protocol.ts";
import type { DropReason, Metrics } from "../metrics/counters.ts";

/** One packet as the log keeps it. */
export interface PacketEntry {
  /** Ms since the Unix epoch. */
  readonly at: number;
  readonly protocol: Protocol;
  /** Where it came from, `127.0.0.1:7000` or `[::1]:7000`. */
  readonly peer: string;
  /** Payload octets of the packet. */
  readonly bytes: number;
  readonly outcome: "answered" | DropReason;
  /** Ms from the packet to its answer; absent for one that got none. */
  readonly responseTimeMs?: number;
  /** Session id (RFC 8972) of a STAMP packet. */
  readonly session?: number;
}

/** How the sampling is spread over a second: in TICKS parts, so that a burst at its start does not use it up. */
const TICK_MS = 100;
const TICKS = 1000 / TICK_MS;
const SUMMARY_EVERY_MS = 5000;

export interface PacketLogOptions {
  /** Entries that the ring keeps. */
  readonly limit: number;
  /** Packets a second that are taken in; the rest is counted. */
  readonly perSecond: number;
}

/** The packet log of one lab. Call `stop` to end its timers. */
export class PacketLog implements Bounded {
  readonly limit: number;
  /** Packets taken in, and left out by the sampling, since the start. */
  entries = 0;
  skipped = 0;
  readonly #ring: PacketEntry[] = [];
  readonly #listeners = new Set<(entry: PacketEntry) => void>();
  readonly #perTick: number;
  /** What each protocol may take in the current tick, and what it has. */
  #perProtocol: number;
  readonly #shares: Readonly<Record<Protocol, { active: boolean; taken: number }>> = {
    http: { active: false, taken: 0 },
    tcp: { active: false, taken: 0 },
    udp: { active: false, taken: 0 },
  };
  readonly #timers: Timer[] = [];

  constructor(
    { limit, perSecond }: PacketLogOptions,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.limit = limit;
    this.#perTick = Math.max(1, Math.round(perSecond / TICKS));
    this.#perProtocol = this.#perTick;
    this.#every(TICK_MS, () => this.#nextTick());
    if (log.enabled("info")) this.#every(SUMMARY_EVERY_MS, summarizer(log, metrics, this));
  }

  get size(): number {
    return Math.min(this.entries, this.limit);
  }

  /** Older packets that the ring has given up. */
  get overflows(): number {
    return Math.max(0, this.entries - this.limit);
  }

  /** Whether the protocol's next packet is to be taken in; one that is not has been counted by this call. */
  wants(protocol: Protocol): boolean {
    const share = this.#shares[protocol];
    share.active = true;
    if (share.taken < this.#perProtocol) {
      share.taken++;
      return true;
    }
    this.skipped++;
    return false;
  }

  /** Shares the next tick among the protocols that had packets in this one, so that a flood of one hides no other. */
  #nextTick(): void {
    const shares = Object.values(this.#shares);
    const active = shares.filter((share) => share.active).length;
    this.#perProtocol = Math.max(1, Math.floor(this.#perTick / Math.max(1, active)));
    for (const share of shares) {
      share.active = false;
      share.taken = 0;
    }
  }

  /** Takes in a packet that `wants` asked for. */
  add(entry: PacketEntry): void {
    this.#ring[this.entries % this.limit] = entry;
    this.entries++;
    for (const listener of this.#listeners) listener(entry);
    if (!this.log.enabled("debug")) return;
    const { at: _, protocol, outcome, responseTimeMs, ...fields } = entry;
    const time = responseTimeMs === undefined ? undefined : Math.round(responseTimeMs * 1e3) / 1e3;
    this.log.write("debug", "packet", { protocol, outcome, responseTimeMs: time, ...fields });
  }

  /** The packets in the ring, the oldest first. */
  recent(): PacketEntry[] {
    const start = this.entries > this.limit ? this.entries % this.limit : 0;
    return [...this.#ring.slice(start), ...this.#ring.slice(0, start)];
  }

  /** Has `listener` called with every packet taken in; the returned function ends that. */
  subscribe(listener: (entry: PacketEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#listeners.clear();
  }

  #every(ms: number, run: () => void): void {
    const timer = setInterval(run, ms);
    timer.unref(); // a log alone does not keep the process alive
    this.#timers.push(timer);
  }
}

/** Gives a function that writes one line about the traffic since its last call, and nothing when there was none. */
export function summarizer(log: Log, { traffic }: Metrics, packetLog: Pick<PacketLog, "skipped">): () => void {
  const read = (protocol: Protocol) => {
    const { packets, dropped, responseTime } = traffic[protocol];
    return { packets, dropped, sum: responseTime.sum, count: responseTime.count };
  };
  const last = { http: read("http"), tcp: read("tcp"), udp: read("udp") };
  let lastSkipped = packetLog.skipped;
  return () => {
    const parts = PROTOCOLS.flatMap((protocol) => {
      const [now, before] = [read(protocol), last[protocol]];
      last[protocol] = now;
      const packets = now.packets - before.packets;
      if (packets === 0) return [];
      const dropped = (100 * (now.dropped - before.dropped)) / packets;
      const answered = now.count - before.count;
      const mean = answered ? `, mean ${((1000 * (now.sum - before.sum)) / answered).toFixed(3)} ms` : "";
      return [`${protocol} ${packets} packets, ${dropped.toFixed(1)} % dropped${mean}`];
    });
    const skipped = packetLog.skipped - lastSkipped;
    lastSkipped = packetLog.skipped;
    if (parts.length === 0) return;
    const omitted = skipped > 0 && log.enabled("debug") ? ` (${skipped} packets left out above)` : "";
    log.write("info", `last ${SUMMARY_EVERY_MS / 1000} s: ${parts.join(" · ")}${omitted}`);
  };
}
