/** One place for a connection: opens it when requests need it, replaces it when it is spent, holds requests meanwhile. */
import { errorCode } from "../../measure/error-code.ts";
import { RETRY_MS } from "../connect.ts";
import type { Exchange, StreamConnection, StreamEvents } from "./connection.ts";

/** The owner of a lane. */
export interface LaneOwner {
  makeConnection(events: StreamEvents): StreamConnection;
  /** The connection is open. */
  onOpen(lane: Lane): void;
  /** The connection could not be opened; these requests waited for it. */
  onFailed(exchanges: readonly Exchange[], code: string): void;
  readonly events: Pick<StreamEvents, "onRead" | "onOutcome" | "onTurnEnd">;
}

/** A lane. Connections that end while requests of them are in flight stay beside the one that is used. */
export class Lane {
  readonly #owner: LaneOwner;
  readonly #streams: number;
  #connection: StreamConnection | undefined;
  #isConnecting = false;
  readonly #spent = new Set<StreamConnection>();
  /** Requests that wait for the connection. */
  waiting: Exchange[] = [];
  /** Requests that are added to the connection and not passed on. */
  readonly added: Exchange[] = [];
  /** Whether the owner has listed it as one that has capacity. */
  isListed = false;
  /** Earliest time of the next connection attempt, monotonic ms. */
  retryAt = 0;
  lastError = "";
  /** When the last attempt to connect began, monotonic ms. */
  #attemptedAt = Number.NEGATIVE_INFINITY;

  /** @param streams most requests that wait for a connection */
  constructor(owner: LaneOwner, streams: number) {
    this.#owner = owner;
    this.#streams = streams;
  }

  /** How many requests it accepts now, to send them or to hold them until its connection is open. */
  get capacity(): number {
    const room = this.isOpen ? (this.#connection?.free ?? 0) : this.#streams;
    let held = this.waiting.length;
    for (const { active } of this.#spent) held += active;
    return room - held;
  }

  /** Whether its connection opens streams. */
  get isOpen(): boolean {
    return !this.#isConnecting && this.#connection !== undefined;
  }

  get isConnecting(): boolean {
    return this.#isConnecting;
  }

  get localPort(): number | undefined {
    return this.#connection?.localPort;
  }

  /** Every connection with requests in flight. */
  *connections(): Generator<StreamConnection> {
    if (this.#connection !== undefined) yield this.#connection;
    yield* this.#spent;
  }

  /** Opens a connection for the requests that wait. */
  connect(now: number, patienceMs: number): void {
    this.#attemptedAt = now;
    this.retryAt = now + RETRY_MS;
    this.open(patienceMs).then(
      () => {
        this.retryAt = 0;
        this.#owner.onOpen(this);
      },
      (error: unknown) => {
        this.lastError = errorCode(error);
        this.#owner.onFailed(this.waiting.splice(0), this.lastError);
      },
    );
  }

  /** Opens a connection for requests that still wait after one has ended; not sooner than after a failed attempt. */
  reconnect(now: number, patienceMs: number): void {
    const isNeeded = this.waiting.length > 0 && this.#connection === undefined && !this.#isConnecting;
    if (isNeeded && now >= this.#attemptedAt + RETRY_MS) this.connect(now, patienceMs);
  }

  /** Opens a connection. Rejects with the system's error. */
  async open(patienceMs: number): Promise<void> {
    const { events } = this.#owner;
    const connection = this.#owner.makeConnection({
      ...events,
      onClosed: () => {
        this.#spent.delete(connection);
        if (this.#connection === connection) this.#connection = undefined;
      },
      onTurnEnd: () => {
        if (connection.isSpent) this.#retire(connection);
        events.onTurnEnd();
      },
    });
    this.#isConnecting = true;
    this.#connection = connection;
    try {
      await connection.connect(patienceMs);
    } catch (error) {
      if (this.#connection === connection) this.#connection = undefined;
      throw error;
    } finally {
      this.#isConnecting = false;
    }
  }

  /** The connection opens no more streams: the next request opens another one. */
  #retire(connection: StreamConnection): void {
    if (this.#connection !== connection || this.#isConnecting) return;
    this.#connection = undefined;
    if (connection.active > 0) this.#spent.add(connection);
    else connection.close();
  }

  /** Adds a request to the connection, or holds it until there is a stream for it. Returns its octets; undefined if held. */
  add(exchange: Exchange): number | undefined {
    const connection = this.#connection;
    if (connection === undefined || this.#isConnecting || connection.free === 0) {
      this.waiting.push(exchange);
      return undefined;
    }
    const octets = connection.request(exchange);
    this.added.push(exchange);
    if (connection.isSpent) this.#retire(connection);
    return octets;
  }

  /** Passes the requests on that were added. */
  flush(): void {
    this.#connection?.flush();
    for (const connection of this.#spent) connection.flush();
  }

  close(): void {
    for (const connection of this.connections()) connection.close();
    this.waiting = [];
  }
}
