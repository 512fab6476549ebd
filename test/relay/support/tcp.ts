/** TCP relays under test, and peers on both sides of them that tell a FIN from a RST. */
import { systemClock } from "../../../src/base/clock.ts";
import type { LinkFaultsByDirection } from "../../../src/faults/link-faults.ts";
import { parseLinkFaults } from "../../../src/faults/link-text.ts";
import { Relay, type RelayContext } from "../../../src/relay/relay.ts";
import { until } from "../../support/until.ts";

/** The faults of a text. */
export function tcpFaults(text: string): LinkFaultsByDirection {
  return parseLinkFaults("tcp", text);
}

/** Options of a relay under test. */
export interface TestRelayOptions extends Partial<RelayContext> {
  readonly faults?: string;
  /** The upstream's host. */
  readonly host?: string;
  readonly listenHost?: string;
  readonly listenPort?: number;
}

/** Opens a TCP relay to a port of this machine. */
export async function openTestRelay(upstreamPort: number, options: TestRelayOptions = {}): Promise<Relay> {
  const { faults, host = "127.0.0.1", listenHost = "127.0.0.1", listenPort = 0, ...context } = options;
  const relay = await Relay.open(
    {
      name: "test",
      protocol: "tcp",
      listen: { host: listenHost, port: listenPort },
      upstream: { host, port: upstreamPort },
    },
    { clock: systemClock(), seed: 7, ...context },
  );
  if (faults !== undefined) relay.setFaults(tcpFaults(faults));
  return relay;
}

/** How a peer's connection stands: FIN received, reset, or closed in any other way. */
type State = "open" | "fin" | "reset" | "closed";

/** One connection, on either side of a relay. */
export class TestPeer implements Disposable {
  state: State = "open";
  /** Octets received. */
  length = 0;
  /** When it was opened, and when the last octets or the end came, monotonic ms. */
  readonly openedAt = performance.now();
  lastAt = performance.now();
  #socket: Bun.Socket<TestPeer> | undefined;
  readonly #chunks: Buffer[] = [];
  #unsent: Buffer[] = [];
  #isFinished = false;
  readonly #closed = Promise.withResolvers<void>();
  /** Resolves when the connection is closed or reset. */
  readonly closed = this.#closed.promise;

  /** The socket is open. */
  opened(socket: Bun.Socket<TestPeer>): void {
    this.#socket = socket;
  }

  /** The socket. Throws before it is open and after it is closed. */
  get socket(): object {
    if (!this.#socket) throw new Error("the peer has no socket");
    return this.#socket;
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.received.toString();
  }

  /** Octets that the kernel has not accepted. */
  get unsent(): number {
    return this.#unsent.reduce((sum, { length }) => sum + length, 0);
  }

  /** Sends all of it, when the kernel accepts it; octets must not change meanwhile. */
  send(data: string | Buffer): void {
    this.#unsent.push(typeof data === "string" ? Buffer.from(data) : data);
    this.drain();
  }

  drain(): void {
    while (this.#unsent[0]) {
      const [first] = this.#unsent;
      const sent = Math.max(0, this.#socket?.write(first) ?? 0);
      if (sent < first.length) {
        this.#unsent[0] = first.subarray(sent);
        return;
      }
      this.#unsent.shift();
    }
    if (this.#isFinished) this.#socket?.shutdown();
  }

  /** Sends a FIN behind all octets. */
  finish(): void {
    this.#isFinished = true;
    this.drain();
  }

  reset(): void {
    this.#socket?.terminate();
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  data(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.length += chunk.length;
    this.lastAt = performance.now();
  }

  ended(state: State): void {
    if (state !== "fin") {
      this.#socket = undefined;
      this.#closed.resolve();
    }
    if (this.state !== "open" && state === "closed") return;
    this.state = state;
    this.lastAt = performance.now();
  }

  [Symbol.dispose](): void {
    this.reset();
  }
}

const HANDLERS: Bun.SocketHandler<TestPeer> = {
  data: ({ data: peer }, chunk) => peer.data(chunk),
  drain: ({ data: peer }) => peer.drain(),
  end: ({ data: peer }) => peer.ended("fin"),
  close: ({ data: peer }, error) => peer.ended(error ? "reset" : "closed"),
  error() {},
};

/** Connects to a port of this machine. */
export async function connectPeer(port: number, hostname = "127.0.0.1"): Promise<TestPeer> {
  const peer = new TestPeer();
  const open = (socket: Bun.Socket<TestPeer>) => peer.opened(socket);
  await Bun.connect({ hostname, port, allowHalfOpen: true, data: peer, socket: { ...HANDLERS, open } });
  return peer;
}

/** An upstream: its port, and the connections that it has accepted. */
export interface TestUpstream extends Disposable {
  readonly port: number;
  readonly peers: TestPeer[];
  /** The connection with this number, when it is accepted. */
  peer(index?: number): Promise<TestPeer>;
}

/** Listens on a free port of this machine; `opened` is called for each connection. */
export function listenPeers(opened?: (peer: TestPeer) => void, hostname = "127.0.0.1", port = 0): TestUpstream {
  const peers: TestPeer[] = [];
  const server = Bun.listen<TestPeer>({
    hostname,
    port,
    allowHalfOpen: true,
    socket: {
      ...HANDLERS,
      open(socket) {
        const peer = new TestPeer();
        socket.data = peer;
        peer.opened(socket);
        peers.push(peer);
        opened?.(peer);
      },
    },
  });
  return {
    port: server.port,
    peers,
    peer: (index = 0) => until(() => peers[index], `connection ${index} of the upstream`),
    [Symbol.dispose]: () => server.stop(true),
  };
}

/** An upstream that sends back what it receives, and ends when its peer has. */
export function listenEcho(hostname = "127.0.0.1", port = 0): { readonly port: number } & Disposable {
  class Echo {
    unsent: Buffer[] = [];
    isEnded = false;
    drain(socket: Bun.Socket<Echo>) {
      for (let first = this.unsent[0]; first; first = this.unsent[0]) {
        const sent = Math.max(0, socket.write(first));
        if (sent < first.length) {
          this.unsent[0] = first.subarray(sent);
          return;
        }
        this.unsent.shift();
      }
      if (this.isEnded) socket.shutdown();
    }
  }
  const server = Bun.listen<Echo>({
    hostname,
    port,
    allowHalfOpen: true,
    socket: {
      open(socket) {
        socket.data = new Echo();
      },
      data(socket, chunk) {
        socket.data.unsent.push(chunk);
        socket.data.drain(socket);
      },
      drain: (socket) => socket.data.drain(socket),
      end(socket) {
        socket.data.isEnded = true;
        socket.data.drain(socket);
      },
      error() {},
    },
  });
  return { port: server.port, [Symbol.dispose]: () => server.stop(true) };
}

/** Octets that repeat nowhere near, so that a lost or reordered one shows. */
export function octets(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
