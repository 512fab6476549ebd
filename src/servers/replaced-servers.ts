/**
 * The server of one port, which is replaced when the certificate changes. The runtime ignores a new certificate of a running
 * server, so the server stops listening, completes what is in progress, and another one listens on its port.
 */
import { sleep } from "../base/clock.ts";
import type { InternalErrors } from "../base/internal-errors.ts";
import type { CertificatePair } from "../certificates/certificate.ts";
import type { CertificateSource } from "../certificates/source.ts";

/** Time until the next attempt if another process took the port in between, ms. */
const RETRY_MS = 1000;

/** The part of the runtime's server that is needed. */
interface StoppableServer {
  readonly port?: number | undefined;
  stop(closeConnections?: boolean): Promise<void>;
}

/** The server that listens, and those before it whose requests are not complete. */
export class ReplacedServers<Server extends StoppableServer> {
  /** The server that listens. */
  current: Server;
  readonly port: number;
  readonly #earlier = new Set<Server>();
  readonly #unfollow: (() => void) | undefined;
  #stopped = false;

  /** Opens a server. Throws the system's error if the port is not available. */
  constructor(
    private readonly open: (port: number, pair: CertificatePair | undefined) => Server,
    port: number,
    certificate: CertificateSource | undefined,
    private readonly errors: InternalErrors,
  ) {
    this.current = open(port, certificate?.current);
    this.port = this.current.port ?? port;
    this.#unfollow = certificate?.onChange((pair) => errors.guard("certificate", () => this.#replace(pair)));
  }

  /** Listens with another certificate. */
  async #replace(pair: CertificatePair): Promise<void> {
    if (this.#stopped) return;
    const before = this.current;
    this.#earlier.add(before);
    const stopped = before.stop();
    this.#reopen(pair);
    await stopped;
    this.#earlier.delete(before);
  }

  #reopen(pair: CertificatePair): void {
    try {
      this.current = this.open(this.port, pair);
    } catch (error) {
      this.errors.caught(error, "certificate");
      void this.#retry(pair);
    }
  }

  async #retry(pair: CertificatePair): Promise<void> {
    await sleep(RETRY_MS);
    if (!this.#stopped) this.#reopen(pair);
  }

  /** Accepts no further connections; resolves when the requests in progress have their responses. */
  async stop(): Promise<void> {
    this.#end();
    await Promise.all([...this.#earlier, this.current].map((server) => server.stop()));
  }

  /** Closes the port and every connection. */
  async close(): Promise<void> {
    this.#end();
    await Promise.all([...this.#earlier, this.current].map((server) => server.stop(true)));
  }

  #end(): void {
    this.#stopped = true;
    this.#unfollow?.();
  }
}
