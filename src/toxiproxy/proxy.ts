/** A proxy of Toxiproxy's API: a TCP relay that exists while the proxy is enabled, and its toxics. */
import { formatHostPort } from "../base/address.ts";
import type { Relay } from "../relay/relay.ts";
import type { Relays } from "../relay/relays.ts";
import { type HostPort, RelayError } from "../relay/route/route.ts";
import { failed, proxyExists, type ToxiproxyError } from "./errors.ts";
import { bindProblem, resolveListen, upstreamOf } from "./listen-address.ts";
import { ToxicSet } from "./toxic-set.ts";

/** What the proxies of a server share. */
export interface ProxyContext {
  readonly relays: Relays;
  /** 0 to 2^32 - 1: decides on which connections a toxic acts. */
  readonly seed: number;
  /** Where a proxy listens whose address has no host. */
  readonly host: string;
}

/** What a request says about a proxy. */
export interface ProxyInput {
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
}

/** A proxy. */
export class NamedProxy {
  readonly toxics: ToxicSet;
  #listen: string;
  #upstream: string;
  #relay: Relay | undefined;

  constructor(
    readonly name: string,
    { listen, upstream }: Pick<ProxyInput, "listen" | "upstream">,
    private readonly context: ProxyContext,
  ) {
    this.#listen = listen;
    this.#upstream = upstream;
    this.toxics = new ToxicSet(context.seed, name, () => this.#setFaults());
  }

  /** As given, or the address and the port once it has been enabled. */
  get listen(): string {
    return this.#listen;
  }

  get upstream(): string {
    return this.#upstream;
  }

  /** Whether its port is open. Its relay can be closed without this API too. */
  get enabled(): boolean {
    return this.#relay !== undefined && this.context.relays.get(this.name) === this.#relay;
  }

  #setFaults(): void {
    if (this.enabled) this.#relay?.setConnectionFaults(this.toxics);
  }

  /** Opens the port if it is closed. Rejects with ToxiproxyError. */
  async start(): Promise<void> {
    if (this.enabled) return;
    const { relays, host } = this.context;
    if (relays.get(this.name)) throw proxyExists();
    const listen = await resolveListen(this.#listen, host, "listen tcp: ");
    const upstream = upstreamOf(this.#upstream);
    try {
      this.#relay = await relays.put({ name: this.name, protocol: "tcp", listen, upstream });
    } catch (error) {
      throw openError(listen, error);
    }
    this.#relay.setConnectionFaults(this.toxics);
    this.#listen = formatHostPort(listen.host, this.#relay.port);
  }

  /** Closes the port and the connections. */
  async stop(): Promise<void> {
    if (this.enabled) await this.context.relays.delete(this.name);
    this.#relay = undefined;
  }

  /** Whether another listens elsewhere or forwards elsewhere. Rejects with ToxiproxyError. */
  async differs({ listen, upstream }: Pick<ProxyInput, "listen" | "upstream">): Promise<boolean> {
    const { host, port } = await resolveListen(listen, this.context.host);
    return this.#listen !== formatHostPort(host, port) || this.#upstream !== upstream;
  }

  /** Changes the proxy; its connections are closed if it listens or forwards elsewhere then. Rejects with ToxiproxyError. */
  async update(input: ProxyInput): Promise<void> {
    if (await this.differs(input)) {
      await this.stop();
      this.#listen = input.listen;
      this.#upstream = input.upstream;
    }
    if (input.enabled) await this.start();
    else await this.stop();
  }

  /** The proxy as responses show it, with the fields in their order. */
  toJSON() {
    const { name, listen, upstream, enabled } = this;
    return { name, listen, upstream, enabled, toxics: this.toxics.list() };
  }
}

/** The error of a relay that could not be opened. Throws any other error. */
function openError(listen: HostPort, error: unknown): ToxiproxyError {
  if (!(error instanceof RelayError)) throw error;
  return failed(bindProblem(listen, error.problem.code ?? "") ?? error.message);
}
