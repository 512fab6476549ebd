/** The UDP relay: one socket towards the lab for each client, so that the lab receives each from a different port. */
import { REFLECTOR_PORTS } from "../base/reflector-ports.ts";
import type { Backend } from "./backend.ts";
import type { Relay } from "./relay.ts";
import { Associations } from "./udp-associations.ts";

/** An association without datagrams from its client for this long is closed. */
const IDLE_MS = 60_000;

/**
 * Listens on `port` of `host` and forwards to `labPort` of the backend. Drops datagrams from the ports that the lab
 * refuses, because the lab sees another port. Rejects if the port cannot be opened.
 */
export async function openUdpRelay(host: string, port: number, backend: Backend, labPort: number): Promise<Relay> {
  const associations = new Associations(labPort);
  const socket = await Bun.udpSocket({
    hostname: host,
    port,
    socket: {
      data(relay, datagram, clientPort, clientAddress) {
        const isRefused = REFLECTOR_PORTS.has(clientPort) || clientPort === relay.port || clientPort === labPort;
        if (isRefused || backend.address === undefined) return;
        associations.get(relay, backend.address, clientPort, clientAddress).send(datagram);
      },
      error() {}, // the ICMP error of a client that has closed its socket; without a handler it would end the process
    },
  });
  const timer = setInterval(() => associations.closeIdle(IDLE_MS), IDLE_MS / 4);
  return {
    port: socket.port,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      socket.close();
      associations.close();
    },
  };
}
