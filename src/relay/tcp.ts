/** The door for TCP, and so for HTTP: one connection to the lab for each connection to the door. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Backend } from "./backend.ts";

/** A door that is open. */
export interface Door {
  readonly port: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Connections open at a time; further ones are closed at once. */
const MAX_CONNECTIONS = 1024;

/** Carries both ways, half-closes included; an end that breaks breaks the other, so that a reset stays a reset. */
function join(client: Socket, lab: Socket): void {
  client.pipe(lab);
  lab.pipe(client);
  client.on("error", () => lab.destroy());
  lab.on("error", () => client.resetAndDestroy());
  client.on("close", () => lab.destroy());
  lab.on("close", () => client.destroySoon());
}

/** Listens on `port` and leads to `labPort` of the backend. Rejects when the port cannot be had. */
export async function openTcpDoor(host: string, port: number, backend: Backend, labPort: number): Promise<Door> {
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
