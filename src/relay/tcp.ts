/** The TCP relay, which carries HTTP too: one connection to the lab for each connection of a client. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Backend } from "./backend.ts";
import type { Relay } from "./relay.ts";

/** Connections open at a time; further ones are closed at once. */
const MAX_CONNECTIONS = 1024;

/** Forwards both directions, half-closes included. An error on one side closes the other; a reset stays a reset. */
function join(client: Socket, lab: Socket): void {
  client.pipe(lab);
  lab.pipe(client);
  client.on("error", () => lab.destroy());
  lab.on("error", () => client.resetAndDestroy());
  client.on("close", () => lab.destroy());
  lab.on("close", () => client.destroySoon());
}

/** Listens on `port` of `host` and forwards to `labPort` of the backend. Rejects if the port cannot be opened. */
export async function openTcpRelay(host: string, port: number, backend: Backend, labPort: number): Promise<Relay> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (backend.address === undefined || open.size >= MAX_CONNECTIONS) return client.destroy();
    open.add(client);
    client.on("close", () => open.delete(client));
    join(client, connect({ host: backend.address, port: labPort, allowHalfOpen: true, noDelay: true }));
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
