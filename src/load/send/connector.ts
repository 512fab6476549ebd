/** Opens the connections of one owner, one after the other. */
import { Opening, type TlsSession } from "./opening.ts";
import type { ConnectorSettings, SocketOwner } from "./socket-owner.ts";

/** Opens connections. Each offers to resume the TLS session of the one before it. */
export class Connector {
  readonly #settings: ConnectorSettings;
  readonly #owner: SocketOwner;
  readonly #session: TlsSession = { ticket: undefined };

  constructor(settings: ConnectorSettings, owner: SocketOwner) {
    this.#settings = settings;
    this.#owner = owner;
  }

  /** Opens a connection. Each step has to be done within `patienceMs`; rejects with an error that has a code. */
  connect(patienceMs: number): Promise<void> {
    return new Opening(this.#settings, this.#owner, this.#session, patienceMs).open();
  }
}
