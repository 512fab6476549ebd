/**
 * The live stream from the page's side. It reads server-sent events by fetch, which unlike EventSource can show the
 * token; it opens a new one when one breaks, and says so when nothing comes.
 */
import { authorization } from "./api.ts";

/** Nothing for this long is not live any more, ms: snapshots come once a second. */
const SILENCE_MS = 3500;
/** A page that nobody sees for this long lets go of its connection, ms: a browser has but six for all tabs of a lab. */
const HIDDEN_MS = 15_000;
/** The waits between attempts, ms. */
const RETRY_MS = [250, 500, 1000, 2000, 3000] as const;

/** What the page learns from the stream. */
export interface StreamEvents {
  readonly event: (name: string, data: string) => void;
  /** Called on a change of the state. */
  readonly state: (live: boolean) => void;
}

/** Splits a stream's text into its events; what is not complete stays for the next call. */
export class EventParser {
  #rest = "";

  push(text: string, take: (name: string, data: string) => void): void {
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    for (const block of blocks) {
      let name = "message";
      let data = "";
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) name = line.slice(7);
        if (line.startsWith("data: ")) data += line.slice(6);
      }
      if (data) take(name, data);
    }
  }
}

/** Resolves when somebody sees the page. */
function untilSeen(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}

/** Follows `/live` for as long as the page is open. `reopen` starts anew, with a token that is new, say. */
export function followLive({ event, state }: StreamEvents): { reopen(): void } {
  let live = false;
  let attempt = 0;
  let abort = new AbortController();
  let silence: ReturnType<typeof setTimeout> | undefined;

  function setLive(value: boolean): void {
    if (value !== live) state(value);
    live = value;
  }

  /** A connection that says nothing is given up: the computer slept, or the lab is stuck. */
  function expect(connection: AbortController): void {
    clearTimeout(silence);
    silence = setTimeout(() => connection.abort(), SILENCE_MS);
  }

  async function read(connection: AbortController): Promise<void> {
    const response = await fetch("/live", { headers: authorization(), signal: connection.signal });
    if (!response.ok || !response.body) throw new Error(`/live answered ${response.status}`);
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      expect(connection);
      parser.push(value, (name, data) => {
        attempt = 0;
        setLive(true);
        event(name, data);
      });
    }
  }

  let unseen: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(unseen);
    if (document.hidden) unseen = setTimeout(() => abort.abort(), HIDDEN_MS);
  });

  async function run(): Promise<void> {
    for (;;) {
      await untilSeen();
      abort = new AbortController();
      expect(abort);
      await read(abort).catch(() => undefined); // whatever broke it, the answer is to try again
      setLive(false);
      if (document.hidden) continue;
      const wait = RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)];
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  void run();
  return {
    reopen() {
      attempt = 0;
      abort.abort();
    },
  };
}
