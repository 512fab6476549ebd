/**
 * The file descriptors of this process: how many are left, and the TCP connections among them. A descriptor that the
 * kernel assigns is the lowest free one, so that its number tells how many are in use.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { closeSync, openSync, readFileSync } from "node:fs";

/** One TCP connection of this process. */
export interface OpenConnection {
  readonly descriptor: number;
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
const SHUT_RDWR = 2;
const ADDRESS_LENGTH = 28;

/** Linux's calls about a socket; undefined on other systems, whose structures differ. */
function loadCalls() {
  const { i32, pointer } = FFIType;
  for (const library of ["libc.so.6", "libc.so"]) {
    try {
      return dlopen(library, {
        getsockname: { args: [i32, pointer, pointer], returns: i32 },
        getpeername: { args: [i32, pointer, pointer], returns: i32 },
        getsockopt: { args: [i32, i32, i32, pointer, pointer], returns: i32 },
        shutdown: { args: [i32, i32], returns: i32 },
      }).symbols;
    } catch {
      // try the next name
    }
  }
  return undefined;
}

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
function tableSize(most: number): number {
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
  readonly #calls = loadCalls();
  readonly #address = new Uint8Array(ADDRESS_LENGTH);
  readonly #info = new DataView(new ArrayBuffer(TCP_INFO_LENGTH));
  readonly #length = new Uint32Array(1);

  /** @param most as `mostDescriptors` returns it */
  constructor(private readonly most: number) {}

  /** A number above every descriptor; 0 where the system does not report connections. */
  end(): number {
    return this.#calls ? tableSize(this.most) : 0;
  }

  /**
   * The connections to the local `port` whose descriptors are from `start` to before `end`; none where the system does not
   * report them. Takes 1 µs for each descriptor.
   */
  scan(port: number, start = 0, end = this.end()): readonly OpenConnection[] {
    const found: OpenConnection[] = [];
    for (let descriptor = start; descriptor < end; descriptor++) {
      if (!this.#isOn(port, descriptor) || !this.#readInfo(descriptor)) continue;
      const read = (at: number) => this.#info.getUint32(at, true);
      const unansweredMs = read(LAST_SENT);
      found.push({ descriptor, unansweredMs, received: read(RECEIVED), acknowledged: read(ACKNOWLEDGED) });
    }
    return found;
  }

  /** The peer of a connection, in the kernel's form: tells two connections of one descriptor apart. */
  peerOf(descriptor: number): string {
    this.#address.fill(0);
    this.#length[0] = ADDRESS_LENGTH;
    this.#calls?.getpeername(descriptor, ptr(this.#address), ptr(this.#length));
    return Buffer.from(this.#address.buffer).toString("latin1");
  }

  /** Ends both directions of a connection, which the runtime then closes as if its peer had. */
  shutDown({ descriptor }: OpenConnection): void {
    this.#calls?.shutdown(descriptor, SHUT_RDWR);
  }

  #isOn(port: number, descriptor: number): boolean {
    this.#length[0] = ADDRESS_LENGTH;
    if (this.#calls?.getsockname(descriptor, ptr(this.#address), ptr(this.#length)) !== 0) return false;
    return ((this.#address[2] ?? 0) << 8) + (this.#address[3] ?? 0) === port; // at the same place in IPv4 and IPv6
  }

  /** Reads the state of a TCP connection; false for other sockets and for the listening one. */
  #readInfo(descriptor: number): boolean {
    this.#length[0] = TCP_INFO_LENGTH;
    const { buffer } = this.#info;
    this.#info.setUint32(ACKNOWLEDGED, 0);
    this.#info.setUint32(RECEIVED, 0);
    const failed = this.#calls?.getsockopt(descriptor, SOL_TCP, TCP_INFO, ptr(buffer), ptr(this.#length)) !== 0;
    return !failed && this.#info.getUint8(STATE) !== LISTEN;
  }
}
