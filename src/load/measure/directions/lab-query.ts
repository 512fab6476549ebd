/** The lab of one run: found before the first packet, then queried for the run's sessions. */
import type { Clock } from "../../../base/clock.ts";
import type { RunPlan } from "../../plan/run-plan.ts";
import type { Recorder } from "../recorder.ts";
import { CONTRADICTIONS, fetchSummary, type Verified, verify } from "./lab-summary.ts";
import { type LabSummary, listenerOf, type RunIdentity, type SessionSummary } from "./session-summary.ts";

/** Session ids that are tried until one is not in use. */
const MAX_SSID_ATTEMPTS = 10;

/** Packets that have an answer. */
export function arrivedOf({ counts }: Recorder): number {
  return counts.answered + counts.late + counts.corrupt + counts.failed;
}

/** The same URL with another host. */
export function withHost(url: URL, address: string): URL {
  const changed = new URL(url);
  changed.hostname = address.includes(":") ? `[${address}]` : address;
  return changed;
}

/** Queries the control routes at one address, and compares each summary with the run and with earlier summaries. */
export class LabQuery {
  readonly #plan: RunPlan;
  readonly #clock: Clock;
  readonly #ssidAtStart: number;
  #controlUrl: URL | undefined;
  #ssid: number;
  #run: RunIdentity;
  #startedAt: number;
  /** The first summary, which a later one is compared with. */
  #first: LabSummary | undefined;
  /** The last summary that could be used, and the sessions of the run in it. */
  #last: { readonly summary: LabSummary; readonly sessions: readonly SessionSummary[] } | undefined;

  /** A contradiction that was found once; it holds for the rest of the run. */
  #contradiction: Verified | undefined;

  /** @param ssid the session id to start with */
  constructor(plan: RunPlan, clock: Clock, ssid: number) {
    this.#plan = plan;
    this.#clock = clock;
    this.#ssidAtStart = ssid;
    this.#ssid = ssid;
    this.#startedAt = clock.now();
    this.#run = { protocol: plan.protocol, targetPort: plan.target.port, ports: new Set() };
  }

  /** The session id of the run; final after `find`. */
  get ssid(): number {
    return this.#ssid;
  }

  /** Identifies the lab that was found, between its start and its end; undefined if none was found. */
  get instance(): string | undefined {
    return this.#first?.instance;
  }

  /** Remark for the report that the session id was changed; undefined if it was not. */
  get note(): string | undefined {
    if (this.#ssid === this.#ssidAtStart) return undefined;
    return `session id ${this.#ssidAtStart} was in use at the lab; this run used ${this.#ssid}`;
  }

  /**
   * Looks for a lab, and chooses a session id that is not in use there. Returns whether that lab has the target's port;
   * undefined if there is no lab.
   * @param address the target's address, which replaces its name in the default control address
   */
  async find(controlUrl: URL, address: string): Promise<boolean | undefined> {
    this.#controlUrl = this.#plan.controlIsDefault ? withHost(controlUrl, address) : controlUrl;
    for (let attempt = 0; attempt < MAX_SSID_ATTEMPTS; attempt++) {
      // Two attempts, because a lossy link may delay the first beyond its timeout.
      const summary = (await this.#fetch()) ?? (await this.#fetch());
      this.#first = summary ?? this.#first; // the evictions are those of one session id
      if (summary === undefined || summary.sessions.length === 0) break;
      this.#ssid = (this.#ssid % 0xffff) + 1;
    }
    return this.#first && listenerOf(this.#first, this.#run) !== undefined;
  }

  /** Host and port of the control address. */
  get host(): string {
    return this.#controlUrl?.host ?? "";
  }

  /**
   * The run's first packet is about to be sent.
   * @param ports the local ports of the run's sockets, also those that it adds later
   */
  start(ports: ReadonlySet<number>): void {
    this.#startedAt = this.#clock.now();
    this.#run = { ...this.#run, ports };
  }

  #fetch(): Promise<LabSummary | undefined> {
    return this.#controlUrl === undefined ? Promise.resolve(undefined) : fetchSummary(this.#controlUrl, this.#ssid);
  }

  /** The run's sessions at the lab, or the reason why they cannot be used; undefined without a response. */
  async query(recorder: Recorder): Promise<Verified | undefined> {
    const arrived = arrivedOf(recorder);
    const summary = await this.#fetch();
    return summary && this.#first && this.#verify(summary, this.#first, recorder, arrived);
  }

  /** As `query`, but a lab that restarted is accepted; with the instance that responded. */
  async queryAnyInstance(recorder: Recorder): Promise<(Verified & { readonly instance: string }) | undefined> {
    const arrived = arrivedOf(recorder);
    const summary = await this.#fetch();
    if (summary === undefined || this.#first === undefined) return undefined;
    const { instance } = summary;
    const isFirst = instance === this.#first.instance;
    const verified = isFirst
      ? this.#verify(summary, this.#first, recorder, arrived)
      : this.#verify(summary, { instance, evictedSessions: 0 }, recorder, 0);
    return { ...verified, instance };
  }

  #verify(
    summary: LabSummary,
    expected: Pick<LabSummary, "instance" | "evictedSessions">,
    { counts }: Recorder,
    arrived: number,
  ): Verified {
    if (this.#contradiction !== undefined) return this.#contradiction;
    const elapsedSeconds = (this.#clock.now() - this.#startedAt) / 1000;
    const isSameInstance = summary.instance === this.#last?.summary.instance;
    const earlier = isSameInstance ? (this.#last?.sessions ?? []) : [];
    const verified = verify(summary, expected, this.#run, { arrived, sent: counts.sent, elapsedSeconds, earlier });
    if (verified.sessions !== undefined) this.#last = { summary, sessions: verified.sessions };
    else if (CONTRADICTIONS.has(verified.reason)) this.#contradiction = verified;
    return verified;
  }

  /**
   * Datagrams that the kernel dropped at the target's receive buffer from the first to the last summary, of all senders;
   * undefined where this is not known.
   */
  get targetBufferDrops(): number | undefined {
    const [first, last] = [this.#first, this.#last?.summary].map(
      (summary) => summary && listenerOf(summary, this.#run)?.receiveBufferDrops,
    );
    return typeof first === "number" && typeof last === "number" ? Math.max(0, last - first) : undefined;
  }
}
