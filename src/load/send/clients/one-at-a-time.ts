/**
 * Clients whose answers carry no number: one packet at a time on each connection, so that an answer can only be the
 * answer to that packet. Connections are opened as packets need them, up to a limit, and reused.
 */
import { PacketAccounting } from "../../measure/accounting.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { Recorder } from "../../measure/recorder.ts";
import { slotsFor } from "../../measure/sent-packets.ts";
import { type Client, type ClientSettings, unreachable } from "./client.ts";

/** A lane that failed to connect tries again after this. */
const RETRY_MS = 100;
const NONE = -1;
/** Local ports are for telling sessions apart; a run that reconnects without end has no use for them all. */
const MOST_PORTS = 65_536;

/** What came in answer to a lane's packet. */
export interface LaneOutcome {
  /** `dropped`: the target says that it dropped the packet on purpose; that is a loss. */
  readonly kind: "answered" | "dropped" | "failed" | "corrupt" | "lost";
  /** Which way, where it was dropped. */
  readonly direction?: "up" | "down";
  /** How long the target says it took, in ms. */
  readonly serverMs?: number | undefined;
  /** HTTP's status code. */
  readonly status?: number;
  /** The error's code, where there was one. */
  readonly code?: string;
}

/** One connection, as the protocol knows it. */
export interface Transport {
  /** Connects; rejects with the system's error. */
  connect(): Promise<void>;
  /** Sends the one packet; its entry is `sequence`. Gives how many octets it has. */
  write(sequence: number): number;
  /** Whether it can carry another packet. */
  readonly usable: boolean;
  readonly localPort: number | undefined;
  close(): void;
}

/** What a transport tells its lane; nothing more after it was told to close. */
export interface LaneEvents {
  /** The answer to the packet under way, or what came in its place. */
  done(outcome: LaneOutcome, octets: number): void;
  /** The connection is gone; the packet under way, if any, ended as told. */
  gone(outcome: LaneOutcome): void;
}

interface Lane {
  readonly transport: Transport;
  /** The packet under way, or NONE: then the lane stands among the idle ones. */
  sequence: number;
  sentAt: number;
  retryAt: number;
  lastError: string;
  /** The run that the packet under way belongs to: a warm-up's answer does not count in what follows. */
  recorder: Recorder;
}

/** The session sender of HTTP and of plain TCP and UDP. */
export class LaneClient implements Client {
  readonly #settings: ClientSettings;
  readonly #makeTransport: (events: LaneEvents) => Transport;
  readonly #timeConnecting: boolean;
  readonly #lanes: Lane[] = [];
  readonly #idle: Lane[] = [];
  readonly localPorts = new Set<number>();
  #recorder: Recorder;
  #accounting: PacketAccounting;
  #closed = false;
  lastArrival = 0;

  /**
   * @param makeTransport makes a connection, not yet open, that tells the lane what comes
   * @param timeConnecting whether the service time of a packet that needs a new connection includes the connecting
   */
  constructor(settings: ClientSettings, makeTransport: (events: LaneEvents) => Transport, timeConnecting = false) {
    this.#settings = settings;
    this.#makeTransport = makeTransport;
    this.#timeConnecting = timeConnecting;
    this.#recorder = settings.recorder;
    this.#accounting = this.#newAccounting();
  }

  #newAccounting(): PacketAccounting {
    const { highestRate, timeoutMs } = this.#settings;
    return new PacketAccounting(this.#recorder, { slots: slotsFor(highestRate, timeoutMs), timeoutMs, ordered: false });
  }

  async open(): Promise<void> {
    const count = this.#settings.openAll ? this.#settings.connections : 1;
    for (let index = 0; index < count; index++) {
      const lane = this.#addLane();
      await lane.transport.connect().catch((error: unknown) => {
        throw unreachable(this.#settings.endpoint, error);
      });
      this.#learnPort(lane);
      this.#idle.push(lane);
    }
  }

  #addLane(): Lane {
    const lane: Lane = {
      transport: this.#makeTransport({
        done: (outcome, octets) => this.#done(lane, outcome, octets),
        gone: (outcome) => this.#done(lane, outcome, 0),
      }),
      sequence: NONE,
      sentAt: 0,
      retryAt: 0,
      lastError: "",
      recorder: this.#recorder,
    };
    this.#lanes.push(lane);
    return lane;
  }

  #learnPort(lane: Lane): void {
    const port = lane.transport.localPort;
    if (port !== undefined && this.localPorts.size < MOST_PORTS) this.localPorts.add(port);
  }

  send(planned: number, now: number): boolean {
    if (!this.#accounting.hasCapacity) return false;
    const lane = this.#idle.pop() ?? (this.#lanes.length < this.#settings.connections ? this.#addLane() : undefined);
    if (lane === undefined) return false;
    const resting = !lane.transport.usable && now < lane.retryAt;
    if (resting && this.#settings.closedLoop) {
      this.#idle.push(lane);
      return false;
    }
    lane.recorder = this.#recorder;
    lane.sequence = this.#accounting.add(planned, now, this.#settings.clock.wallAt(now));
    lane.sentAt = now;
    if (lane.transport.usable) this.#write(lane, !this.#settings.closedLoop);
    // An open loop goes on against a target that refuses: its packets fail, as fast as they are planned.
    else if (resting) this.#free(lane, { kind: "failed", code: lane.lastError }, now);
    else this.#connect(lane, now);
    return true;
  }

  /** Hands the packet to the connection; it is this moment that counts as its sending, unless connecting is part of it. */
  #write(lane: Lane, fromNow: boolean): void {
    if (fromNow && lane.recorder === this.#recorder) {
      const { clock } = this.#settings;
      lane.sentAt = clock.now();
      this.#accounting.packets.updateSentAt(lane.sequence, lane.sentAt, clock.wallAt(lane.sentAt));
    }
    this.#recorder.counts.bytesSent += lane.transport.write(lane.sequence);
  }

  /** Opens a lane's connection and sends the packet that it holds. */
  #connect(lane: Lane, now: number): void {
    lane.retryAt = now + RETRY_MS;
    lane.transport.connect().then(
      () => {
        this.#learnPort(lane);
        if (this.#closed || lane.sequence === NONE) return lane.transport.close();
        lane.retryAt = 0;
        this.#write(lane, !this.#timeConnecting);
      },
      (error: unknown) => {
        lane.lastError = errorCode(error);
        if (lane.sequence === NONE) return;
        this.#free(lane, { kind: "failed", code: lane.lastError }, this.#settings.clock.now());
        this.#settings.onRoom();
      },
    );
  }

  #done(lane: Lane, outcome: LaneOutcome, octets: number): void {
    if (lane.sequence === NONE || this.#closed) return;
    const now = this.#settings.clock.now();
    this.lastArrival = now;
    lane.recorder.counts.bytesReceived += octets;
    this.#free(lane, outcome, now);
    this.#settings.onRoom();
  }

  /** Settles the packet under way and puts the lane back among the idle ones. */
  #free(lane: Lane, outcome: LaneOutcome, now: number): void {
    const sequence = lane.sequence;
    lane.sequence = NONE;
    this.#idle.push(lane);
    if (lane.recorder === this.#recorder) this.#settle(sequence, outcome, now);
  }

  #settle(sequence: number, outcome: LaneOutcome, now: number): void {
    const recorder = this.#recorder;
    if (outcome.status !== undefined) recorder.countStatus(outcome.status);
    if (outcome.code !== undefined) recorder.countError(outcome.code);
    if (outcome.kind === "answered") {
      const first = this.#accounting.answer(sequence, now) === "answered";
      if (first && outcome.serverMs !== undefined) recorder.server.record(outcome.serverMs);
      return;
    }
    if (outcome.kind === "dropped") {
      // Also of a packet whose timeout has passed: it is lost already, and now it is known where.
      this.#accounting.resolve(sequence, "lost");
      recorder.counts[outcome.direction === "up" ? "reportedUp" : "reportedDown"]++;
      return;
    }
    this.#accounting.resolve(sequence, outcome.kind);
  }

  flush(): void {}

  /** A lane whose answer is overdue is given a second timeout, in which the answer counts as late; then it is replaced. */
  tick(now: number): void {
    this.#accounting.expire(now);
    for (const lane of this.#lanes) {
      if (lane.sequence === NONE || now - lane.sentAt <= 2 * this.#settings.timeoutMs) continue;
      lane.sequence = NONE;
      lane.transport.close();
      this.#idle.push(lane);
    }
  }

  restart(recorder: Recorder): void {
    this.#recorder = recorder;
    this.#accounting = this.#newAccounting();
  }

  finish(): void {}

  get pending(): number {
    return this.#recorder.pending;
  }

  bufferDrops(): undefined {
    return undefined;
  }

  close(): void {
    this.#closed = true;
    for (const lane of this.#lanes) lane.transport.close();
  }
}
