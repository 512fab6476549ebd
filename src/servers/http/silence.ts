/**
 * Requests that the faults `close` and `stall` leave without a response: their connections are ended, or stay open until the
 * client gives up, within limits of number and of time. Above these limits the connection of a stalled request is ended, or
 * only its stream where a connection carries many requests.
 */
import type { Bounded } from "../../base/bounded.ts";
import { ConnectionEnder } from "../../base/connection-ender.ts";
import type { InternalErrors } from "../../base/internal-errors.ts";
import { overTurns } from "../../base/turns.ts";
import type { Limits } from "../../limits.ts";
import { resetStream } from "./reset.ts";

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
  /** Called with the response that nobody receives when the request ends. */
  readonly release: (response: Response) => void;
}

/** The stalled requests of one port, as a limited structure. */
export class SilentRequests implements Bounded {
  /** Stalled requests that were ended because there were too many. */
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
    /** Called for each stalled request that a limit ends. */
    private readonly onLimit: () => void,
    /** Whether a stalled request ends with a reset of its stream, and the connection serves on. */
    private readonly endsStreams: boolean,
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
    const silent: Silent = { request, peer, startedAt: performance.now(), release };
    request.signal.addEventListener("abort", () => {
      this.#stalled.delete(silent);
      release(new Response());
    });
    if (fault === "close") this.#endConnection(silent);
    else if (this.#stopped) this.#end(silent);
    else this.#stall(silent);
  }

  /**
   * Lets a request wait for its response for longer than the idle limit of the runtime, which otherwise closes the connection
   * with every request on it. The limit applies again after the response.
   */
  keepOpen(request: Request): void {
    this.server()?.timeout(request, 0);
  }

  #stall(silent: Silent): void {
    this.keepOpen(silent.request);
    if (this.#stalled.size >= this.limit) this.#endOldest();
    this.#stalled.add(silent);
  }

  /** Ends every stalled request; resolves when that is done. Later requests are not stalled. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await overTurns(this.#stalled, (silent) => this.#end(silent));
    await this.#ender.done();
  }

  #end(silent: Silent): void {
    this.#stalled.delete(silent);
    if (this.endsStreams) silent.release(resetStream());
    else this.#endConnection(silent);
  }

  #endConnection(silent: Silent): void {
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
