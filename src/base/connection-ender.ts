/**
 * Ends connections of this process by the addresses of their peers. The runtime's HTTP server has no function to close a
 * connection without a response, so the descriptors are searched for it.
 */
import { ptr } from "bun:ffi";
import { uniformAddress } from "./address.ts";
import { DESCRIPTORS_PER_TURN, descriptorTableSize, mostDescriptors } from "./descriptors.ts";
import { addressIn } from "./socket-address.ts";
import { ADDRESS_LENGTH, SHUT_RDWR, SOCKET_CALLS } from "./socket-calls.ts";
import { ITEMS_PER_TURN, nextTurn } from "./turns.ts";

/** A connection that is to be ended. */
interface Ending {
  readonly address: string;
  readonly onMissing: () => void;
  /** The number of the search during which it was added. */
  readonly addedIn: number;
}

/** Ends connections to one local port. */
export class ConnectionEnder {
  /** On buffers of their own, which do not move. */
  readonly #address = new Uint8Array(new ArrayBuffer(ADDRESS_LENGTH));
  readonly #length = new Uint32Array(new ArrayBuffer(4));
  readonly #view = new DataView(this.#address.buffer);
  readonly #addressAt = ptr(this.#address);
  readonly #lengthAt = ptr(this.#length);
  readonly #most = mostDescriptors();
  /** By the port of the peer, by which most other descriptors are excluded. */
  readonly #endings = new Map<number, Ending[]>();
  #searches = 0;
  #searching: Promise<void> | undefined;

  constructor(private readonly port: () => number) {}

  /**
   * Ends both directions of the connection whose peer has this address, in a later turn of the event loop: what was passed
   * to the runtime before is sent first. The kernel sends a FIN, and the runtime then closes the connection as if its peer
   * had. `onMissing` is called if it is not found: it is closed already, or the system has no such calls.
   */
  end(peer: { readonly address: string; readonly port: number }, onMissing: () => void): void {
    const ending: Ending = { address: uniformAddress(peer.address), onMissing, addedIn: this.#searches };
    this.#endings.set(peer.port, [...(this.#endings.get(peer.port) ?? []), ending]);
    this.#searching ??= this.#searchAll();
  }

  /** Resolves when every connection that is to be ended now has been. */
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

  /** Removes the connections that the search did not find, except those added while it ran, which are part of the next one. */
  #removeMissing(): void {
    for (const [port, endings] of this.#endings) {
      const later = endings.filter(({ addedIn }) => addedIn === this.#searches);
      this.#keep(port, later);
      for (const ending of endings) if (!later.includes(ending)) ending.onMissing();
    }
  }

  #keep(port: number, endings: Ending[]): void {
    if (endings.length === 0) this.#endings.delete(port);
    else this.#endings.set(port, endings);
  }

  /** Searches the descriptors until every connection is found. A few hundred are ended in one turn: each is an event. */
  async #search(): Promise<void> {
    const end = SOCKET_CALLS ? descriptorTableSize(this.#most) : 0;
    let ended = 0;
    for (let descriptor = 0; descriptor < end && this.#endings.size > 0; descriptor++) {
      if (descriptor % DESCRIPTORS_PER_TURN === DESCRIPTORS_PER_TURN - 1) await nextTurn();
      if (!this.#take(descriptor)) continue;
      SOCKET_CALLS?.shutdown(descriptor, SHUT_RDWR);
      if (++ended % ITEMS_PER_TURN === 0) await nextTurn();
    }
  }

  /** Whether a descriptor is a connection that is to be ended; then it is no longer one of them. */
  #take(descriptor: number): boolean {
    this.#length[0] = ADDRESS_LENGTH;
    if (SOCKET_CALLS?.getpeername(descriptor, this.#addressAt, this.#lengthAt) !== 0) return false;
    const port = this.#view.getUint16(2);
    const endings = this.#endings.get(port);
    if (endings === undefined) return false;
    const address = addressIn(this.#view);
    const others = endings.filter((ending) => ending.address !== address);
    if (others.length === endings.length || !this.#isOnPort(descriptor)) return false;
    this.#keep(port, others);
    return true;
  }

  #isOnPort(descriptor: number): boolean {
    this.#length[0] = ADDRESS_LENGTH;
    const failed = SOCKET_CALLS?.getsockname(descriptor, this.#addressAt, this.#lengthAt) !== 0;
    return !failed && this.#view.getUint16(2) === this.port();
  }
}
