/**
 * Ends connections of this process by the addresses of their peers. The runtime's HTTP server has no function to close a
 * connection without a response, so the descriptors are searched for it.
 */
import { ptr } from "bun:ffi";
import { plainAddress, uniformAddress } from "./address.ts";
import { descriptorTableSize, mostDescriptors } from "./descriptors.ts";
import { SOCKET_CALLS } from "./socket-calls.ts";
import { ITEMS_PER_TURN, nextTurn } from "./turns.ts";

const ADDRESS_LENGTH = 28;
const AF_INET = 2;
const SHUT_RDWR = 2;
/** Descriptors that are examined in one turn of the event loop, which takes about a millisecond. */
const DESCRIPTORS_PER_TURN = 2048;

/** A connection that is to be ended. */
interface Ending {
  readonly onMissing: () => void;
  /** The search in whose course it was added. */
  readonly addedIn: number;
}

function keyOf(address: string, port: number): string {
  return `${port} ${uniformAddress(address)}`;
}

/** Ends connections to one local port. */
export class ConnectionEnder {
  readonly #address = new Uint8Array(ADDRESS_LENGTH);
  readonly #view = new DataView(this.#address.buffer);
  readonly #length = new Uint32Array(1);
  readonly #most = mostDescriptors();
  /** By the address of the peer. */
  readonly #endings = new Map<string, Ending>();
  #searches = 0;
  #searching: Promise<void> | undefined;

  constructor(private readonly port: () => number) {}

  /**
   * Ends both directions of the connection whose peer has this address, in a later turn of the event loop: what was passed
   * to the runtime before is sent first. The kernel sends a FIN, and the runtime then closes the connection as if its peer
   * had. `onMissing` is called if it is not found: it is closed already, or the system has no such calls.
   */
  end(peer: { readonly address: string; readonly port: number }, onMissing: () => void): void {
    this.#endings.set(keyOf(peer.address, peer.port), { onMissing, addedIn: this.#searches });
    this.#searching ??= this.#searchAll();
  }

  /** Resolves when every connection was ended that is to be ended now. */
  async done(): Promise<void> {
    await this.#searching;
  }

  async #searchAll(): Promise<void> {
    while (this.#endings.size > 0) {
      await nextTurn();
      this.#searches++;
      await this.#search();
      this.#removeMissing();
    }
    this.#searching = undefined;
  }

  /** Removes the connections that the search did not find, except those added while it ran: the next one looks for them. */
  #removeMissing(): void {
    for (const [key, { onMissing, addedIn }] of this.#endings) {
      if (addedIn === this.#searches) continue;
      this.#endings.delete(key);
      onMissing();
    }
  }

  /** Searches the descriptors until every connection is found. A few hundred are ended in one turn: each is an event. */
  async #search(): Promise<void> {
    const end = SOCKET_CALLS ? descriptorTableSize(this.#most) : 0;
    let ended = 0;
    for (let descriptor = 0; descriptor < end && this.#endings.size > 0; descriptor++) {
      if (descriptor % DESCRIPTORS_PER_TURN === DESCRIPTORS_PER_TURN - 1) await nextTurn();
      const key = this.#peerOf(descriptor);
      if (key === undefined || !this.#endings.has(key) || !this.#isOnPort(descriptor)) continue;
      this.#endings.delete(key);
      SOCKET_CALLS?.shutdown(descriptor, SHUT_RDWR);
      if (++ended % ITEMS_PER_TURN === 0) await nextTurn();
    }
  }

  /** The peer of a connection; undefined for other descriptors, and where no connection with its port is to be ended. */
  #peerOf(descriptor: number): string | undefined {
    this.#length[0] = ADDRESS_LENGTH;
    if (SOCKET_CALLS?.getpeername(descriptor, ptr(this.#address), ptr(this.#length)) !== 0) return undefined;
    return keyOf(this.#addressText(), this.#view.getUint16(2));
  }

  /** The address in the structure, IPv4 or IPv6. */
  #addressText(): string {
    if (this.#view.getUint16(0, true) === AF_INET) return this.#address.subarray(4, 8).join(".");
    const groups = Array.from({ length: 8 }, (_, i) => this.#view.getUint16(8 + 2 * i).toString(16));
    const isMapped = groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff";
    return isMapped ? plainAddress(`::ffff:${this.#address.subarray(20, 24).join(".")}`) : groups.join(":");
  }

  #isOnPort(descriptor: number): boolean {
    this.#length[0] = ADDRESS_LENGTH;
    const failed = SOCKET_CALLS?.getsockname(descriptor, ptr(this.#address), ptr(this.#length)) !== 0;
    return !failed && this.#view.getUint16(2) === this.port();
  }
}
