/** Redis as a service behind relays. */
import { test } from "bun:test";
import { RedisClient } from "bun";
import type { Relay } from "../../../src/relay/relay.ts";
import { temporaryFolder } from "../../support/temporary.ts";
import { installed, outcome, type Service, startService } from "./support.ts";

/** A test that needs Redis and its own client. */
export const withRedis = test.skipIf(
  !installed({ "redis-server": "redis-server", "redis-cli": "redis-tools" }, "Redis behind a relay"),
);

/** Asks a Redis on a port with its own client. */
export const redisCli = (port: number, ...args: readonly string[]) => outcome("redis-cli", "-p", `${port}`, ...args);

/** Starts a Redis without files. */
export function startRedis(): Promise<Service> {
  const folder = temporaryFolder();
  return startService(
    (port) => ["redis-server", "--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", folder],
    async (port) => (await redisCli(port, "ping")).out === "PONG\n",
  );
}

/** Connects the runtime's client, which does not connect again by itself. */
export async function connectRedis(port: number) {
  const client = new RedisClient(`redis://127.0.0.1:${port}`, { autoReconnect: false });
  await client.connect();
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

/** Whether nothing is on its way through the relay, and nothing was lost. */
export function isEmptied(relay: Relay): boolean {
  return [relay.counts.up, relay.counts.down].every(
    ({ bytesIn, bytesOut, waitingBytes }) => bytesIn === bytesOut && waitingBytes === 0,
  );
}
