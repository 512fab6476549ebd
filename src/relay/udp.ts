/** The door for UDP: one socket towards the lab for each client, so that the lab can tell clients apart. */
import { resendOnError } from "../base/resend.ts";
import type { Backend } from "./backend.ts";
import type { Door } from "./tcp.ts";

/** Clients remembered at a time; the one that was silent longest makes room. */
const MAX_FLOWS = 1024;
/** A client silent for this long is forgotten. */
const IDLE_MS = 60_000;
/** Datagrams of a client that wait for its socket. */
const MAX_WAITING = 64;

type Front = Bun.udp.Socket<"buffer">;
type Upstream = Bun.udp.ConnectedSocket<"buffer">;

/** One client: its socket towards the lab once that is there, and what waits for it. */
interface Flow {
  readonly labAddress: string;
  socket: Upstream | undefined;
  waiting: Buffer[];
  lastAt: number;
  isClosed: boolean;
}

function close(flow: Flow): void {
  flow.isClosed = true;
  flow.socket?.close();
}

/** Opens the flow's socket and sends what waited; its answers go back to the client. */
async function connectFlow(flow: Flow, labPort: number, front: Front, port: number, address: string): Promise<void> {
  const socket = await Bun.udpSocket({
    connect: { hostname: flow.labAddress, port: labPort },
    socket: {
      data: (_, datagram) => void resendOnError(() => front.send(datagram, port, address)),
      error() {}, // without a handler, one refused datagram would end the process
    },
  });
  if (flow.isClosed) return socket.close();
  flow.socket = socket;
  for (const datagram of flow.waiting) resendOnError(() => socket.send(datagram));
  flow.waiting = [];
}

/** Listens on `port` and leads to `labPort` of the backend. Rejects when the port cannot be had. */
export async function openUdpDoor(host: string, port: number, backend: Backend, labPort: number): Promise<Door> {
  const flows = new Map<string, Flow>();

  /** The client's flow, moved to the end of the map, so that its first entry is the one silent longest. */
  function flowOf(front: Front, labAddress: string, fromPort: number, from: string): Flow {
    const key = `${from} ${fromPort}`;
    const known = flows.get(key);
    flows.delete(key);
    if (known?.labAddress === labAddress) {
      flows.set(key, known);
      return known;
    }
    if (known) close(known);
    const [oldest] = flows;
    if (oldest && flows.size >= MAX_FLOWS) {
      close(oldest[1]);
      flows.delete(oldest[0]);
    }
    const flow: Flow = { labAddress, socket: undefined, waiting: [], lastAt: 0, isClosed: false };
    flows.set(key, flow);
    connectFlow(flow, labPort, front, fromPort, from).catch(() => flows.delete(key));
    return flow;
  }

  const front: Front = await Bun.udpSocket({
    hostname: host,
    port,
    socket: {
      data(socket, datagram, fromPort, from) {
        const { address } = backend;
        if (address === undefined) return;
        const flow = flowOf(socket, address, fromPort, from);
        flow.lastAt = performance.now();
        const upstream = flow.socket;
        if (upstream) resendOnError(() => upstream.send(datagram));
        else if (flow.waiting.length < MAX_WAITING) flow.waiting.push(Buffer.from(datagram));
      },
      error() {}, // a client that is gone is no fault of the door's
    },
  });
  const sweep = setInterval(() => {
    for (const [key, flow] of flows) {
      if (performance.now() - flow.lastAt < IDLE_MS) break;
      close(flow);
      flows.delete(key);
    }
  }, IDLE_MS / 4);
  return {
    port: front.port,
    async [Symbol.asyncDispose]() {
      clearInterval(sweep);
      front.close();
      for (const flow of flows.values()) close(flow);
    },
  };
}
