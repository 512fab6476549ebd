/**
 * Interrupts the reading of a socket. The runtime reads a UDP socket until it is empty before it serves anything else,
 * and cannot pause it, so that a flood would stop everything else. Linux only.
 */
import { descriptorOf } from "./kernel.ts";
import { AF_INET, SOCKET_CALLS } from "./socket-calls.ts";

const SOCK_DGRAM = 2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const F_DUPFD_CLOEXEC = 1030;

/**
 * A socket that can be replaced by an empty one under the same descriptor. Reads then return nothing, and the
 * kernel keeps arriving datagrams in the receive buffer of the socket. Other users of the descriptor call `release` first.
 */
export class SocketHold {
  #held = false;

  private constructor(
    private readonly calls: NonNullable<typeof SOCKET_CALLS>,
    private readonly fd: number,
    /** Another descriptor of the same socket. */
    private readonly own: number,
    private readonly empty: number,
  ) {}

  /** Undefined where the system does not support it. */
  static of(socket: object): SocketHold | undefined {
    const fd = descriptorOf(socket);
    if (SOCKET_CALLS === undefined || fd === undefined) return undefined;
    const own = SOCKET_CALLS.fcntl(fd, F_DUPFD_CLOEXEC, 0);
    const empty = SOCKET_CALLS.socket(AF_INET, SOCK_DGRAM | O_NONBLOCK | O_CLOEXEC, 0);
    if (own >= 0 && empty >= 0) return new SocketHold(SOCKET_CALLS, fd, own, empty);
    for (const opened of [own, empty]) if (opened >= 0) SOCKET_CALLS.close(opened);
    return undefined;
  }

  get held(): boolean {
    return this.#held;
  }

  /** Reads return nothing until `release`. */
  hold(): void {
    this.#held = this.calls.dup3(this.empty, this.fd, O_CLOEXEC) >= 0;
  }

  /** Reads return the datagrams of the socket again. */
  release(): void {
    if (this.#held) this.calls.dup3(this.own, this.fd, O_CLOEXEC);
    this.#held = false;
  }

  /** Calls `use` with the socket under its descriptor, also while it is held. */
  around<Result>(use: () => Result): Result {
    if (!this.#held) return use();
    this.release();
    try {
      return use();
    } finally {
      this.hold();
    }
  }

  /** Releases the socket and closes the descriptors of this object; the caller closes the socket. */
  close(): void {
    this.release();
    this.calls.close(this.own);
    this.calls.close(this.empty);
  }
}
