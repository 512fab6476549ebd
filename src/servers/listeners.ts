/** The open ports of a lab: one listener for each protocol, and the STAMP port if there is one. */
import { type Classic, PORT_PROTOCOLS, type Protocol } from "../base/protocol.ts";
import { type Config, servedProtocols } from "../config.ts";
import type { Responder } from "../reflector/responder.ts";
import { type Listener, type ListenerContext, openListener, type PortName } from "./listener.ts";
import { listen as listenWebSocket } from "./websocket.ts";

/** The numbers of the open ports, of the protocols that are served; `stamp` and `toxiproxy` if there are such ports. */
export type Ports = Readonly<Record<Classic, number>> &
  Readonly<Partial<Record<Exclude<Protocol, Classic>, number>>> & {
    readonly stamp?: number;
    readonly toxiproxy?: number;
  };

/** What the listeners share. */
export type SharedContext = Omit<
  ListenerContext,
  "hostname" | "port" | "responder" | "stampOnly" | "labPorts" | "webSockets" | "http3Port"
> & {
  readonly responders: Readonly<Record<Protocol, Responder>>;
};

/** A port to open. */
interface Socket {
  readonly name: PortName;
  readonly protocol: Protocol;
  readonly port: number;
}

/**
 * The ports of the configuration. HTTP is the last: its control routes answer when everything else is open. HTTP/3 is opened before
 * the versions that announce its port.
 */
function socketsOf(config: Config): readonly Socket[] {
  const { stampPort } = config;
  const stamp: Socket[] = stampPort === undefined ? [] : [{ name: "stamp", protocol: "udp", port: stampPort }];
  const served = servedProtocols(config);
  const others = PORT_PROTOCOLS.toReversed().flatMap((protocol): Socket[] => {
    const port = config[`${protocol}Port`];
    return port === "off" || !served.includes(protocol) ? [] : [{ name: protocol, protocol, port }];
  });
  return [...stamp, ...others];
}

/** The listeners of one lab. */
export class Listeners {
  readonly #open = new Map<PortName, Listener>();

  /** Opens every port of the configuration. Rejects with ListenError; `close` then closes those already open. */
  async open(config: Config, { responders, ...shared }: SharedContext): Promise<void> {
    const labPorts = new Uint8Array(65_536);
    const responder = responders.websocket;
    const parts = { ...shared, hostname: config.host, port: 0, responder, stampOnly: false, labPorts };
    const webSocket = await listenWebSocket({ ...parts, webSockets: undefined, http3Port: undefined });
    this.#open.set("websocket", webSocket);
    for (const { name, protocol, port } of socketsOf(config)) {
      const own = {
        hostname: config.host,
        port,
        responder: responders[protocol],
        stampOnly: name === "stamp",
        labPorts,
        webSockets: webSocket.webSockets,
        http3Port: this.#open.get("http3")?.port,
      };
      this.#open.set(name, await openListener(protocol, { ...shared, ...own }, name));
    }
  }

  /** The listener with that name; undefined before it is open. */
  get(name: PortName): Listener | undefined {
    return this.#open.get(name);
  }

  /** The port numbers; 0 for one of CLASSICS that is not open yet. */
  ports(): Ports {
    const open = [...this.#open].map(([name, { port }]) => [name, port] as const);
    const http = this.#open.get("http")?.port ?? 0;
    return { http, tcp: 0, udp: 0, ...Object.fromEntries(open), websocket: http };
  }

  /** Datagrams that the kernel dropped because a receive buffer was full, by port name. */
  receiveBufferDrops(): Readonly<Record<string, number>> {
    const drops = [...this.#open].map(([name, listener]) => [name, listener.receiveBufferDrops()] as const);
    return Object.fromEntries(drops.flatMap(([name, count]) => (count === undefined ? [] : [[name, count]])));
  }

  /** Updates the connections of the listeners. */
  async refresh(): Promise<void> {
    await Promise.all([...this.#open.values()].map((listener) => listener.refresh?.()));
  }

  /** Stops receiving on every port; resolves when the responses in progress have been sent. */
  async pause(): Promise<void> {
    await Promise.all([...this.#open.values()].map((listener) => listener.pause()));
  }

  /** Closes every port. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((listener) => listener.close()));
  }
}
