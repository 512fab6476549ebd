/** Passes the ICMP errors of an upstream on to the clients whose datagrams caused them. */
import { plainAddress } from "../../base/address.ts";
import { IcmpSocket, localAddressTowards, type Unreachable } from "../../base/icmp.ts";
import { errorCode } from "../../load/measure/error-code.ts";

/** What an error says about the upstream, by the system's code; errors of other codes are none of ICMP. */
const UNREACHABLE: Readonly<Record<string, Unreachable>> = {
  ECONNREFUSED: "port",
  EHOSTUNREACH: "host",
  ENETUNREACH: "network",
};

/** Most errors in a second: hosts have to limit them (RFC 4443 section 2.4); Linux sends as many. */
const MOST_PER_SECOND = 1000;

const WILDCARDS: readonly string[] = ["0.0.0.0", "::"];

/** A client, and the address of the relay's port as its socket has it. */
export interface IcmpPath {
  readonly client: { readonly address: string; readonly port: number };
  readonly relay: { readonly address: string; readonly port: number };
}

/** Those of one relay. Where the process may not send ICMP messages, and to IPv6 addresses with a zone, none is sent. */
export class IcmpErrors implements Disposable {
  /** By IP version; undefined where the process may not open one. */
  readonly #sockets = new Map<4 | 6, IcmpSocket | undefined>();
  #secondAt = Number.NEGATIVE_INFINITY;
  #inSecond = 0;

  /** Passes an error of the upstream on at `now`, monotonic ms; returns whether a message was sent. */
  pass(error: unknown, { client, relay }: IcmpPath, now: number): boolean {
    const what = UNREACHABLE[errorCode(error)];
    const address = plainAddress(client.address);
    if (what === undefined || address.includes("%")) return false;
    const socket = this.#socketFor(address);
    if (socket === undefined || !this.#isAllowed(now)) return false;
    // The client sees a relay on all addresses at that from which the system sends to it.
    const own = WILDCARDS.includes(relay.address) ? localAddressTowards(address) : plainAddress(relay.address);
    if (own === undefined || own.includes(":") !== address.includes(":")) return false;
    return socket.send(what, { address, port: client.port }, { address: own, port: relay.port });
  }

  #socketFor(address: string): IcmpSocket | undefined {
    const version = address.includes(":") ? 6 : 4;
    if (!this.#sockets.has(version)) this.#sockets.set(version, IcmpSocket.open(address));
    return this.#sockets.get(version);
  }

  #isAllowed(now: number): boolean {
    if (now - this.#secondAt >= 1000) {
      this.#secondAt = now;
      this.#inSecond = 0;
    }
    return this.#inSecond++ < MOST_PER_SECOND;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets.values()) socket?.[Symbol.dispose]();
    this.#sockets.clear();
  }
}
