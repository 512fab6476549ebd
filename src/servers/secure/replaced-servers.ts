/**
 * The server of one port, which is replaced when the certificate changes. The runtime ignores a new certificate of a running
 * server, so the server stops listening, completes what is in progress, and another one listens on its port.
 */
import { sleep, within } from "../../base/clock.ts";
import type { InternalErrors } from "../../base/internal-errors.ts";
import type { CertificatePair } from "../../certificates/certificate.ts";
import type { CertificateSource } from "../../certificates/source.ts";

/** Time for the requests in progress where the port is free only after them (QUIC), and until the next attempt, ms. */
const GRACE_MS = 1000;

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
  #reopening = false;

  /** Opens a server. Throws the system's error if the port is not available. */
  constructor(
    private readonly open: (port: number, pair: CertificatePair | undefined) => Server,
    port: number,
    private readonly certificate: CertificateSource | undefined,
    private readonly errors: InternalErrors,
  ) {
    this.current = open(port, certificate?.current);
    this.port = this.current.port ?? port;
    this.#unfollow = certificate?.onChange(() => errors.guard("certificate", () => this.#replace()));
  }

  /** Listens with the new certificate. */
  async #replace(): Promise<void> {
    if (this.#stopped || this.#reopening) return;
    const before = this.current;
    this.#earlier.add(before);
    const stopped = before.stop();
    this.#reopening = true;
    for (let attempt = 1; !this.#stopped && !this.#reopen(attempt); attempt++) {
      await (attempt === 1 ? within(stopped, GRACE_MS) : sleep(GRACE_MS));
      await before.stop(true);
    }
    this.#reopening = false;
    await stopped;
    this.#earlier.delete(before);
  }

  /** Whether the port could be opened. On QUIC it is in use until the requests in progress are complete. */
  #reopen(attempt: number): boolean {
    try {
      this.current = this.open(this.port, this.certificate?.current);
      return true;
    } catch (error) {
      if (attempt > 1) this.errors.caught(error, "certificate");
      return false;
    }
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
