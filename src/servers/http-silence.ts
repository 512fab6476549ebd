/**
 * Requests that the faults `close` and `stall` leave without a response: their connections are ended, or stay open until the
 * client gives up, within limits of number and of time.
 */
import type { Bounded } from "../base/bounded.ts";
import { ConnectionEnder } from "../base/connection-ender.ts";
import type { InternalErrors } from "../base/internal-errors.ts";
import type { Limits } from "../limits.ts";

/** Interval of the search for connections that have been open for too long, ms. */
const SEARCH_EVERY_MS = 1000;
/** Where a connection cannot be ended, the runtime closes it after this time without octets, s. */
const FALLBACK_SECONDS = 1;

/** The part of the runtime's server that is needed. */
export interface RequestServer {
  readonly port: number | undefined;
  requestIP(request: Request): { readonly address: string; readonly port: number } | null;
  timeout(request: Request, seconds: number): void;
}

/** A request without a response. */
interface Silent {
  readonly request: Request;
  readonly peer: { readonly address: string; readonly port: number };
  readonly startedAt: number;
}

/** The stalled requests of one port, as a limited structure. */
export class SilentRequests implements Bounded {
  /** Stalled connections that were closed because there were too many. */
  overflows = 0;
  readonly limit: number;
  /** In order of their start. */
  readonly #stalled = new Set<Silent>();
  readonly #stallMs: number;
  readonly #ender = new ConnectionEnder(() => this.server()?.port ?? 0);
  readonly #timer: Timer;
  #stopped = false;

  constructor(
    private readonly server: () => RequestServer | null,
    { httpStalled, httpStallMs }: Pick<Limits, "httpStalled" | "httpStallMs">,
    errors: InternalErrors,
    /** Called for each stalled connection that a limit closes. */
    private readonly onLimit: () => void,
  ) {
    this.limit = httpStalled;
    this.#stallMs = httpStallMs;
    this.#timer = errors.every("http-silence", Math.min(SEARCH_EVERY_MS, httpStallMs / 4), () => this.#endExpired());
  }

  get size(): number {
    return this.#stalled.size;
  }

  /**
   * Leaves a request without a response. `release` is called with one that nobody receives when its connection is closed,
   * because the runtime keeps a request until then. Nothing else of the request is kept.
   */
  leave(request: Request, fault: "close" | "stall", release: (response: Response) => void): void {
    const server = this.server();
    const peer = server?.requestIP(request);
    if (!server || !peer || request.signal.aborted) {
      release(new Response());
      return;
    }
    const silent: Silent = { request, peer, startedAt: performance.now() };
    request.signal.addEventListener("abort", () => {
      this.#stalled.delete(silent);
      release(new Response());
    });
    if (fault === "close" || this.#stopped) this.#end(silent);
    else this.#stall(silent, server);
  }

  #stall(silent: Silent, server: RequestServer): void {
    server.timeout(silent.request, 0); // the runtime's idle limit is shorter
    if (this.#stalled.size >= this.limit) this.#endOldest();
    this.#stalled.add(silent);
  }

  /** Ends every stalled connection; resolves when that is done. Later requests are not stalled. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const silent of this.#stalled) this.#end(silent);
    await this.#ender.done();
  }

  #end(silent: Silent): void {
    this.#stalled.delete(silent);
    this.#ender.end(silent.peer, () => {
      if (!silent.request.signal.aborted) this.server()?.timeout(silent.request, FALLBACK_SECONDS);
    });
  }

  #endOldest(): void {
    const [oldest] = this.#stalled;
    if (oldest === undefined) return;
    this.overflows++;
    this.onLimit();
    this.#end(oldest);
  }

  #endExpired(): void {
    const latestStart = performance.now() - this.#stallMs;
    for (const silent of this.#stalled) {
      if (silent.startedAt > latestStart) return;
      this.onLimit();
      this.#end(silent);
    }
  }
}
