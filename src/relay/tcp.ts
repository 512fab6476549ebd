/** The TCP relay, which carries HTTP too: one connection to the lab for each connection of a client. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { relaySourceFor } from "../base/address.ts";
import type { Backend } from "./backend.ts";
import type { Relay } from "./relay.ts";

/** Connections open at a time; further ones are closed at once. */
const MAX_CONNECTIONS = 1024;

/** Closes one side with the other: an error on one side closes the other, and a reset stays a reset. */
function bind(client: Socket, lab: Socket): void {
  client.on("error", () => lab.destroy());
  lab.on("error", () => client.resetAndDestroy());
  client.on("close", () => lab.destroy());
  lab.on("close", () => client.destroySoon());
}

/**
 * Connects to the lab, then forwards both directions, half-closes included. A lab on this host must not take the client
 * for one on this host, so nothing is forwarded unless the connection has the relay's address.
 */
function forward(client: Socket, address: string, port: number): void {
  const localAddress = relaySourceFor(address);
  const options = { host: address, port, allowHalfOpen: true, noDelay: true, ...(localAddress && { localAddress }) };
  const lab = connect(options, () => {
    if (localAddress !== undefined && lab.localAddress !== localAddress) return lab.destroy();
    client.pipe(lab);
    lab.pipe(client);
  });
  bind(client, lab);
}

/** Listens on `port` of `host` and forwards to `labPort` of the backend. Rejects if the port cannot be opened. */
export async function openTcpRelay(host: string, port: number, backend: Backend, labPort: number): Promise<Relay> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (backend.address === undefined || open.size >= MAX_CONNECTIONS) return client.destroy();
    open.add(client);
    client.on("close", () => open.delete(client));
    forward(client, backend.address, labPort);
  });
  server.listen(port, host);
  await once(server, "listening"); // rejects on "error"
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const client of open) client.destroy();
      await closed;
    },
  };
}
