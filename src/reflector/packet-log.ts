/**
 * The packet log: a bounded ring of packets, and log lines. It samples: above a number of packets a second the rest is
 * only counted, so that logging never slows the packet path.
 */

import type { Bounded } from "../base/bounded.ts";
import type { InternalErrors } from "../base/internal-errors.ts";
import type { Log } from "../base/log.ts";
import { byProtocol, PROTOCOLS, type Protocol } from "../base/protocol.ts";
import type { DropReason, Metrics } from "../metrics/counters.ts";
import { deltaOf, dropRatio, readTraffic } from "../metrics/delta.ts";

/** One packet in the log. */
export interface PacketEntry {
  /** Ms since the Unix epoch. */
  readonly at: number;
  readonly protocol: Protocol;
  /** Source address and port, `127.0.0.1:7000` or `[::1]:7000`. */
  readonly peer: string;
  /** Payload octets of the packet. */
  readonly bytes: number;
  readonly outcome: "answered" | DropReason;
  /** Ms from receipt to response; absent without a response. */
  readonly responseTimeMs?: number;
  /** Session id (RFC 8972) of a STAMP packet. */
  readonly session?: number;
}

/** The limit of a second is divided into TICKS parts, so that a burst at its start does not use all of it. */
const TICK_MS = 100;
const TICKS = 1000 / TICK_MS;
const SUMMARY_EVERY_MS = 5000;

/** Limits of a packet log. */
export interface PacketLogOptions {
  /** Entries in the ring. */
  readonly limit: number;
  /** Packets recorded in a second; the rest is counted only. */
  readonly perSecond: number;
}

/** The share of a protocol in the current tick. */
interface Share {
  /** Whether the protocol had packets in this tick. */
  active: boolean;
  recorded: number;
}

/** The packet log of one lab. `stop` ends its timers. */
export class PacketLog implements Bounded {
  readonly limit: number;
  /** Packets recorded, and packets that the sampling left out, since the start. */
  entries = 0;
  skipped = 0;
  readonly #ring: PacketEntry[] = [];
  readonly #perTick: number;
  /** Packets that each protocol may record in the current tick. */
  #perProtocol: number;
  readonly #shares: Readonly<Record<Protocol, Share>> = byProtocol(() => ({ active: false, recorded: 0 }));
  readonly #timers: Timer[] = [];

  constructor(
    { limit, perSecond }: PacketLogOptions,
    private readonly log: Log,
    metrics: Metrics,
    private readonly errors: InternalErrors,
  ) {
    this.limit = limit;
    this.#perTick = Math.max(1, Math.round(perSecond / TICKS));
    this.#perProtocol = this.#perTick;
    this.#every(TICK_MS, () => this.#nextTick());
    if (log.enabled("info"))
      this.#every(
        SUMMARY_EVERY_MS,
        summarizer(log, metrics, this, () => performance.now()),
      );
  }

  get size(): number {
    return Math.min(this.entries, this.limit);
  }

  /** Older packets that the ring has overwritten. */
  get overflows(): number {
    return Math.max(0, this.entries - this.limit);
  }

  /** Whether the protocol's next packet is recorded; if not, this call counts it as skipped. */
  accepts(protocol: Protocol): boolean {
    const share = this.#shares[protocol];
    share.active = true;
    if (share.recorded < this.#perProtocol) {
      share.recorded++;
      return true;
    }
    this.skipped++;
    return false;
  }

  /** Divides the next tick among the protocols with packets in this one, so that a flood of one does not hide others. */
  #nextTick(): void {
    const shares = Object.values(this.#shares);
    const active = shares.filter((share) => share.active).length;
    this.#perProtocol = Math.max(1, Math.floor(this.#perTick / Math.max(1, active)));
    for (const share of shares) {
      share.active = false;
      share.recorded = 0;
    }
  }

  /** Records a packet for which `accepts` returned true. */
  add(entry: PacketEntry): void {
    this.#ring[this.entries % this.limit] = entry;
    this.entries++;
    if (!this.log.enabled("debug")) return;
    const { at: _, protocol, outcome, responseTimeMs, ...fields } = entry;
    const time = responseTimeMs === undefined ? undefined : Math.round(responseTimeMs * 1e3) / 1e3;
    this.log.write("debug", "packet", { protocol, outcome, responseTimeMs: time, ...fields });
  }

  /** The packets in the ring, oldest first. */
  recent(): PacketEntry[] {
    const start = this.entries > this.limit ? this.entries % this.limit : 0;
    return [...this.#ring.slice(start), ...this.#ring.slice(0, start)];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #every(ms: number, run: () => void): void {
    this.#timers.push(this.errors.every("packet-log", ms, run));
  }
}

/**
 * Returns a function that logs one line about the traffic since its previous call, with the time since then; without
 * traffic it logs nothing. `now` is a monotonic clock in ms.
 */
export function summarizer(
  log: Log,
  { traffic }: Metrics,
  packetLog: Pick<PacketLog, "skipped">,
  now: () => number,
): () => void {
  let since = now();
  const gained = byProtocol((protocol) => deltaOf(() => readTraffic(traffic[protocol])));
  const gainedSkipped = deltaOf(() => ({ skipped: packetLog.skipped }));
  return () => {
    const until = now();
    const seconds = Number(((until - since) / 1000).toFixed(1));
    since = until;
    const parts = PROTOCOLS.flatMap((protocol) => {
      const traffic = gained[protocol]();
      const { packets, sum, count } = traffic;
      if (packets === 0) return [];
      const mean = count ? `, mean ${((1000 * sum) / count).toFixed(3)} ms` : "";
      return [`${protocol} ${packets} packets, ${(100 * dropRatio(traffic)).toFixed(1)} % dropped${mean}`];
    });
    const { skipped } = gainedSkipped();
    if (parts.length === 0) return;
    const omitted = skipped > 0 && log.enabled("debug") ? ` (${skipped} packets not listed above)` : "";
    log.write("info", `last ${seconds} s: ${parts.join(" · ")}${omitted}`);
  };
}
