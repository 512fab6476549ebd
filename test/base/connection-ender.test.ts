/** Ends connections by the addresses of their peers, on real sockets. */
import { expect, test } from "bun:test";
import { ConnectionEnder } from "../../src/base/connection-ender.ts";
import { SOCKET_CALLS } from "../../src/base/socket-calls.ts";
import { until } from "../support/until.ts";

/** A server that does nothing, and `count` clients of it; `ended` has the local ports of those whose server ended. */
async function connect(count: number) {
  const ended = new Set<number>();
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const open = () =>
    Bun.connect({
      hostname: "127.0.0.1",
      port: server.port,
      socket: { data() {}, end: ({ localPort }) => void ended.add(localPort) },
    });
  const clients = await Promise.all(Array.from({ length: count }, open));
  return { server, ended, ports: clients.map(({ localPort }) => localPort), [Symbol.dispose]: () => server.stop(true) };
}

test.if(SOCKET_CALLS !== undefined)(
  "those that are named end, the others stay, and missing ones are reported",
  async () => {
    using peers = await connect(400);
    using other = await connect(1);
    const ender = new ConnectionEnder(() => peers.server.port);
    const missing: number[] = [];
    const [kept = 0, ...named] = peers.ports;
    const [elsewhere = 0] = other.ports;
    for (const port of [...named, elsewhere]) ender.end({ address: "127.0.0.1", port }, () => missing.push(port));
    await ender.done();
    await until(() => peers.ended.size === named.length, "the end of those connections");
    expect(peers.ended.has(kept)).toBe(false);
    expect(other.ended.size).toBe(0);
    expect(missing).toEqual([elsewhere]);
    ender.end({ address: "127.0.0.2", port: kept }, () => missing.push(kept));
    await ender.done();
    expect(missing).toEqual([elsewhere, kept]);
  },
);
