/**
 * The file descriptors of this process: how many are left, and the TCP connections among them. A descriptor that the
 * kernel assigns is the lowest free one, so that its number tells how many are in use.
 */
import { ptr } from "bun:ffi";
import { closeSync, openSync, readFileSync } from "node:fs";
import { ADDRESS_LENGTH, SHUT_RDWR, SOCKET_CALLS } from "./socket-calls.ts";
import { nextTurn } from "./turns.ts";

/** One TCP connection of this process. */
export interface OpenConnection {
  readonly descriptor: number;
  /** The address of its peer in the kernel's form: tells two connections of one descriptor apart. */
  readonly peer: string;
  /** Time since it sent octets, or since it was accepted, ms. */
  readonly unansweredMs: number;
  /** Octets received so far, and octets sent that the peer acknowledged; modulo 2^32, 0 on kernels that do not report them. */
  readonly received: number;
  readonly acknowledged: number;
}

const SOL_TCP = 6;
const TCP_INFO = 11;
const TCP_INFO_LENGTH = 136;
/** Offsets in `struct tcp_info`: the state, the time since octets were sent, ms, and two numbers of octets. */
const STATE = 0;
const LAST_SENT = 44;
const ACKNOWLEDGED = 120;
const RECEIVED = 128;
const LISTEN = 10;
/** Descriptors that are examined in one turn of the event loop, which takes about a millisecond. */
export const DESCRIPTORS_PER_TURN = 512;

/** Most descriptors that this process may have; Infinity where the system does not report it. */
export function mostDescriptors(): number {
  try {
    const most = Number(/Max open files\s+(\d+)/.exec(readFileSync("/proc/self/limits", "latin1"))?.[1]);
    return most > 0 ? most : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** The lowest free descriptor; `most` if none is free. Takes 10 µs. */
export function lowestFreeDescriptor(most: number): number {
  try {
    const descriptor = openSync("/dev/null", "r");
    closeSync(descriptor);
    return descriptor;
  } catch {
    return most;
  }
}

/** A number above every descriptor of this process: the size of its table; `most` if no descriptor is free to read it. */
export function descriptorTableSize(most: number): number {
  try {
    return Math.min(most, Number(/^FDSize:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]));
  } catch {
    return most;
  }
}

/** Descriptors that are kept free of connections: for files, and so that a connection can be accepted and refused. */
export function spareDescriptors(most: number): number {
  return Number.isFinite(most) ? Math.min(64, Math.floor(most / 4)) : 0;
}

/** Finds and closes connections of this process. */
export class ConnectionScanner {
  readonly #address = new Uint8Array(ADDRESS_LENGTH);
  readonly #addressBytes = Buffer.from(this.#address.buffer);
  readonly #info = new DataView(new ArrayBuffer(TCP_INFO_LENGTH));
  readonly #length = new Uint32Array(1);

  /** @param most as `mostDescriptors` returns it */
  constructor(private readonly most: number) {}

  /**
   * The connections to the local `port`; none where the system does not report them. Takes 2 µs for each descriptor, divided
   * over turns of the event loop: a connection that is closed or opened meanwhile may be in the result or not.
   */
  async scan(port: number): Promise<readonly OpenConnection[]> {
    const found: OpenConnection[] = [];
    const end = SOCKET_CALLS ? descriptorTableSize(this.most) : 0;
    for (let descriptor = 0; descriptor < end; descriptor++) {
      if (descriptor % DESCRIPTORS_PER_TURN === DESCRIPTORS_PER_TURN - 1) await nextTurn();
      const connection = this.#read(port, descriptor);
      if (connection) found.push(connection);
    }
    return found;
  }

  /**
   * Ends both directions of a connection to the local `port`, which the runtime then closes as if its peer had. Returns false
   * if it was closed, or sent octets, since it was found.
   */
  shutDown(port: number, { descriptor, peer, unansweredMs }: OpenConnection): boolean {
    const now = this.#read(port, descriptor);
    const isSame = now !== undefined && now.peer === peer && now.unansweredMs >= unansweredMs;
    return isSame && SOCKET_CALLS?.shutdown(descriptor, SHUT_RDWR) === 0;
  }

  /** The connection of a descriptor; undefined if it is none to the port. */
  #read(port: number, descriptor: number): OpenConnection | undefined {
    if (!this.#isOn(port, descriptor) || !this.#readInfo(descriptor)) return undefined;
    const read = (at: number) => this.#info.getUint32(at, true);
    return {
      descriptor,
      peer: this.#peerOf(descriptor),
      unansweredMs: read(LAST_SENT),
      received: read(RECEIVED),
      acknowledged: read(ACKNOWLEDGED),
    };
  }

  #peerOf(descriptor: number): string {
    this.#address.fill(0);
    this.#length[0] = ADDRESS_LENGTH;
    SOCKET_CALLS?.getpeername(descriptor, ptr(this.#address), ptr(this.#length));
    return this.#addressBytes.toString("latin1");
  }

  #isOn(port: number, descriptor: number): boolean {
    this.#length[0] = ADDRESS_LENGTH;
    if (SOCKET_CALLS?.getsockname(descriptor, ptr(this.#address), ptr(this.#length)) !== 0) return false;
    return ((this.#address[2] ?? 0) << 8) + (this.#address[3] ?? 0) === port; // at the same place in IPv4 and IPv6
  }

  /** Reads the state of a TCP connection; false for other sockets and for the listening one. */
  #readInfo(descriptor: number): boolean {
    this.#length[0] = TCP_INFO_LENGTH;
    const { buffer } = this.#info;
    this.#info.setUint32(ACKNOWLEDGED, 0);
    this.#info.setUint32(RECEIVED, 0);
    const failed = SOCKET_CALLS?.getsockopt(descriptor, SOL_TCP, TCP_INFO, ptr(buffer), ptr(this.#length)) !== 0;
    return !failed && this.#info.getUint8(STATE) !== LISTEN;
  }
}
