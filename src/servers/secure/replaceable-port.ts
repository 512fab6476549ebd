/** A listening socket whose TLS certificate can be replaced: the runtime has no function for that. */
import { descriptorOf } from "../../base/kernel.ts";
import { SOCKET_CALLS } from "../../base/socket-calls.ts";

const F_DUPFD_CLOEXEC = 1030;

/** What the runtime returns for a listening socket. */
interface ListeningSocket {
  stop(closeActiveConnections?: boolean): void;
}

/** A descriptor of the same listening socket; undefined where the system has no such call. */
function duplicateOf(listener: object): number | undefined {
  const descriptor = descriptorOf(listener);
  if (descriptor === undefined || SOCKET_CALLS === undefined) return undefined;
  const duplicate = SOCKET_CALLS.fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  return duplicate < 0 ? undefined : duplicate;
}

/**
 * The listeners of one port, of which the latest accepts connections. They have descriptors of one socket, so that a
 * connection that waits to be accepted is accepted by the next one: none is refused, and open ones stay open.
 */
export class ReplaceablePort<Listener extends ListeningSocket> {
  #latest: Listener;
  #stopped = false;

  /** @param first the listener that opened the port */
  constructor(first: Listener) {
    this.#latest = first;
  }

  /**
   * Replaces the listener with the one that `open` opens on a descriptor of the same socket. If that throws, the former one
   * stays. Throws an error where the system does not support it.
   */
  replace(open: (descriptor: number) => Listener): void {
    if (this.#stopped) return;
    const descriptor = duplicateOf(this.#latest);
    if (descriptor === undefined) throw new Error("the certificate of an open port cannot be replaced on this system");
    const former = this.#latest;
    try {
      this.#latest = open(descriptor);
    } catch (error) {
      SOCKET_CALLS?.close(descriptor);
      throw error;
    }
    former.stop();
  }

  /** Accepts no further connections; with `closesConnections`, closes those of the latest listener. */
  stop(closesConnections = false): void {
    this.#stopped = true;
    this.#latest.stop(closesConnections);
  }
}
