/**
 * The client of `/live`: reads the stream, reconnects after every failure, and reports whether data arrives. It uses
 * fetch, because EventSource cannot send the bearer token.
 */
import { authorization } from "./api.ts";
import { EventParser } from "./event-parser.ts";

/** A connection without data for this long is closed, ms. The lab sends a snapshot every second. */
const SILENCE_MS = 3500;
/** A page that is hidden for this long closes its connection, ms: browsers allow six connections per host. */
const HIDDEN_MS = 15_000;
/** Delays between connection attempts, ms. */
const RETRY_MS = [250, 500, 1000, 2000, 3000] as const;

/** Receives the stream's events and its state. */
export interface StreamHandlers {
  readonly event: (name: string, data: string) => void;
  /** Called when the state changes. */
  readonly state: (live: boolean) => void;
}

/** Resolves as soon as the page is visible. */
function whenVisible(): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", check);
      resolve();
    };
    document.addEventListener("visibilitychange", check);
    check();
  });
}

/** Reads `/live` for as long as the page is open. */
export class LiveClient {
  readonly #handlers: StreamHandlers;
  #live = false;
  #attempt = 0;
  #connection = new AbortController();
  #silence: ReturnType<typeof setTimeout> | undefined;
  #hidden: ReturnType<typeof setTimeout> | undefined;

  constructor(handlers: StreamHandlers) {
    this.#handlers = handlers;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#hidden);
      if (document.hidden) this.#hidden = setTimeout(() => this.#connection.abort(), HIDDEN_MS);
    });
    void this.#run();
  }

  /** Opens a new connection at once, for example with a new token. */
  reconnect(): void {
    this.#attempt = 0;
    this.#connection.abort();
  }

  async #run(): Promise<void> {
    for (;;) {
      await whenVisible();
      this.#connection = new AbortController();
      await this.#read(this.#connection).catch(() => undefined); // every failure leads to the next attempt
      this.#setLive(false);
      if (document.hidden) continue;
      const delay = RETRY_MS[Math.min(this.#attempt++, RETRY_MS.length - 1)];
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }

  /** Reads one connection to its end. */
  async #read(connection: AbortController): Promise<void> {
    this.#limitSilence(connection);
    const response = await fetch("/live", { headers: authorization(), signal: connection.signal });
    if (!response.ok || !response.body) throw new Error(`/live answered with status ${response.status}`);
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#limitSilence(connection);
      parser.push(value, (name, data) => {
        this.#attempt = 0;
        this.#setLive(true);
        this.#handlers.event(name, data);
      });
    }
  }

  /** Closes the connection unless this is called again in time: the computer slept, or the lab is blocked. */
  #limitSilence(connection: AbortController): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => connection.abort(), SILENCE_MS);
  }

  #setLive(value: boolean): void {
    if (value !== this.#live) this.#handlers.state(value);
    this.#live = value;
  }
}
