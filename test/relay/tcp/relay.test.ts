/** The TCP relay without faults: octets, ends, resets, upstreams that cannot be reached, and the sums of its counters. */
import { expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import type { Relay } from "../../../src/relay/relay.ts";
import { freePort } from "../../support/free-port.ts";
import { until } from "../../support/until.ts";
import { connectPeer, listenEcho, listenPeers, octets, openTestRelay } from "../support/tcp.ts";

/** The octets in, out, dropped and waiting of both directions. */
function amountsOf({ counts }: Relay) {
  const of = ({ bytesIn, bytesOut, droppedBytes, waitingBytes }: (typeof counts)["up"]) => [
    bytesIn,
    bytesOut,
    droppedBytes,
    waitingBytes,
  ];
  return { up: of(counts.up), down: of(counts.down) };
}

test("megabytes pass unchanged in both directions at once, counted to the octet", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port);
  using client = await connectPeer(relay.port);
  const [up, down] = [octets(3_000_001, 1), octets(2_000_003, 2)];
  client.send(up);
  const server = await upstream.peer();
  server.send(down);
  await until(() => server.length === up.length && client.length === down.length, "all octets");
  expect([Bun.hash(server.received), Bun.hash(client.received)]).toEqual([Bun.hash(up), Bun.hash(down)]);
  expect(amountsOf(relay)).toEqual({
    up: [up.length, up.length, 0, 0],
    down: [down.length, down.length, 0, 0],
  });
  expect(relay.flows()).toMatchObject([
    {
      address: "127.0.0.1",
      up: { packets: relay.counts.up.packetsIn, bytes: up.length },
      down: { packets: relay.counts.down.packetsIn, bytes: down.length },
    },
  ]);
});

test("octets that are sent before the upstream is open arrive", async () => {
  using upstream = listenPeers((peer) => peer.send("welcome"));
  await using relay = await openTestRelay(upstream.port);
  using client = await connectPeer(relay.port);
  client.send("early");
  client.finish();
  const server = await upstream.peer();
  await until(() => server.state === "fin" && client.text === "welcome", "both");
  expect(server.text).toBe("early");
});

test("a client that has ended still receives, and its connection is closed after the upstream's end", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port);
  using client = await connectPeer(relay.port);
  client.send("request");
  client.finish();
  const server = await upstream.peer();
  await until(() => server.state === "fin", "the client's FIN");
  expect([server.text, client.state, relay.open.size]).toEqual(["request", "open", 1]);
  const answer = octets(1_000_000);
  server.send(answer);
  server.finish();
  await until(() => client.state === "closed", "the upstream's end");
  expect(Bun.hash(client.received)).toBe(Bun.hash(answer));
  await until(() => relay.open.size === 0, "no connection");
});

test("an upstream that has ended still receives", async () => {
  using upstream = listenPeers((peer) => peer.finish());
  await using relay = await openTestRelay(upstream.port);
  using client = await connectPeer(relay.port);
  await until(() => client.state === "fin", "the upstream's FIN");
  const sent = octets(1_000_000);
  client.send(sent);
  client.finish();
  const server = await upstream.peer();
  await until(() => server.state === "closed", "the client's end");
  expect(Bun.hash(server.received)).toBe(Bun.hash(sent));
  await until(() => relay.open.size === 0, "no connection");
});

test("a reset of either side resets the other", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port);
  const client = await connectPeer(relay.port);
  client.send("a");
  const server = await upstream.peer();
  await until(() => server.text === "a", "the octet");
  client.reset();
  await until(() => server.state === "reset", "the reset of the upstream");
  const other = await connectPeer(relay.port);
  other.send("b");
  const otherServer = await upstream.peer(1);
  await until(() => otherServer.text === "b", "the octet");
  otherServer.reset();
  await until(() => other.state === "reset", "the reset of the client");
  await until(() => relay.open.size === 0, "no connection");
  expect(relay.isBalanced).toBe(true);
});

test("octets that the upstream sent before its reset arrive", async () => {
  const answer = octets(100_000);
  using upstream = listenPeers((peer) => peer.send(answer));
  await using relay = await openTestRelay(upstream.port, { faults: "delay=30" });
  using client = await connectPeer(relay.port);
  const server = await upstream.peer();
  await until(() => relay.counts.down.bytesIn === answer.length, "the octets at the relay");
  server.reset();
  await until(() => client.state === "reset", "the reset");
  expect([Bun.hash(client.received), relay.counts.down.droppedBytes]).toEqual([Bun.hash(answer), 0]);
});

test("an upstream that refuses resets the client, and is counted", async () => {
  await using relay = await openTestRelay(freePort());
  using client = await connectPeer(relay.port);
  client.send("lost");
  await until(() => client.state === "reset", "the reset");
  expect(relay.upstreamErrors.get("refused")).toBe(1);
  await until(() => relay.open.size === 0, "no connection");
  expect(relay.isBalanced).toBe(true);
});

test("a name without an address resets the client, and is counted", async () => {
  await using relay = await openTestRelay(1, { host: "nothing.invalid" });
  using client = await connectPeer(relay.port);
  await until(() => client.state === "reset", "the reset");
  expect([relay.upstreamErrors.get("no-address"), relay.upstreamAddress]).toEqual([1, undefined]);
});

/** A listener whose queue of connections is full, so that no further one opens. Prints its port. */
const FULL_QUEUE = `
import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0)
held = []
for _ in range(4):
    c = socket.socket(); c.setblocking(False)
    try: c.connect(s.getsockname())
    except BlockingIOError: pass
    held.append(c)
print(s.getsockname()[1], flush=True)
time.sleep(60)
`;

test("an upstream that never accepts resets the client after the limit, and its attempt counts until it ends", async () => {
  const full = Bun.spawn(["python3", "-c", FULL_QUEUE], { stdout: "pipe" });
  const { value } = await full.stdout.getReader().read();
  await using relay = await openTestRelay(Number(Buffer.from(value ?? []).toString()), {
    limits: { connectMs: 50, connections: 1 },
  });
  using client = await connectPeer(relay.port);
  client.send("lost");
  await until(() => client.state === "reset", "the reset");
  expect([relay.upstreamErrors.get("timeout"), relay.open.size, relay.open.overflows]).toEqual([1, 0, 0]);
  using other = await connectPeer(relay.port);
  await until(() => other.state === "reset", "the reset");
  expect([relay.upstreamErrors.get("timeout"), relay.open.overflows]).toEqual([1, 1]);
  full.kill();
});

test("connections above the limit are reset and counted, and there is room again when others end", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port, { limits: { connections: 2 } });
  const clients = [await connectPeer(relay.port), await connectPeer(relay.port)];
  await until(() => upstream.peers.length === 2, "both connections");
  using third = await connectPeer(relay.port);
  await until(() => third.state === "reset", "the reset of the third");
  expect([relay.open.size, relay.open.limit, relay.open.overflows]).toEqual([2, 2, 1]);
  for (const client of clients) client.finish();
  for (const server of upstream.peers) server.finish();
  await until(() => relay.open.size === 0, "no connection");
  using fourth = await connectPeer(relay.port);
  fourth.send("x");
  const server = await upstream.peer(2);
  await until(() => server.text === "x", "the octet");
});

test("clients with IPv6 reach an upstream with IPv4", async () => {
  using upstream = listenPeers((peer) => peer.send("six"));
  await using relay = await openTestRelay(upstream.port, { listenHost: "::1" });
  using client = await connectPeer(relay.port, "::1");
  await until(() => client.text === "six", "the octets");
  expect(relay.flows()).toMatchObject([{ address: "::1" }]);
});

const six = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, address, internal }) => family === "IPv6" && !internal && !address.startsWith("fe80"))?.address;

test.if(six !== undefined)("IPv6 on both sides", async () => {
  using upstream = listenPeers((peer) => peer.send("six"), six);
  await using relay = await openTestRelay(upstream.port, { host: six ?? "", listenHost: "::1" });
  using client = await connectPeer(relay.port, "::1");
  await until(() => client.text === "six", "the octets");
});

test("a relay that is closed resets its connections and accounts for what waited", async () => {
  using upstream = listenPeers();
  const relay = await openTestRelay(upstream.port, { faults: "delay=10000/0" });
  using client = await connectPeer(relay.port);
  client.send(octets(1000));
  await until(() => relay.counts.up.bytesIn === 1000, "the octets");
  await relay[Symbol.asyncDispose]();
  await until(() => client.state === "reset", "the reset");
  expect(amountsOf(relay).up).toEqual([1000, 0, 1000, 0]);
});

test("10,000 short connections are answered, and leave nothing behind", async () => {
  using echo = listenEcho();
  await using relay = await openTestRelay(echo.port);
  let answered = 0;
  let begun = 0;
  const worker = async () => {
    while (begun++ < 10_000) {
      const client = await connectPeer(relay.port);
      client.send("12345678");
      client.finish();
      await client.closed;
      if (client.text === "12345678") answered++;
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  expect([answered, relay.upstreamErrors.get("loop"), relay.upstreamErrors.get("unreachable")]).toEqual([10_000, 0, 0]);
  await until(() => relay.open.size === 0, "no connection");
  expect(amountsOf(relay)).toEqual({ up: [80_000, 80_000, 0, 0], down: [80_000, 80_000, 0, 0] });
}, 60_000);

test("a connection that one address of the upstream refuses goes to the next one; all refusals together are one error", async () => {
  const lookUp = async () => ["::1", "127.0.0.2", "127.0.0.1"];
  const upstream = listenEcho("127.0.0.2");
  await using relay = await openTestRelay(upstream.port, { host: "service", lookUp });
  for (let n = 1; n <= 3; n++) {
    using client = await connectPeer(relay.port);
    client.send("hello");
    await until(() => client.text === "hello", "the answer");
  }
  expect([relay.upstreamAddress, relay.upstreamErrors.get("refused")]).toEqual(["127.0.0.1", 0]);
  upstream[Symbol.dispose]();
  using six = listenEcho("::1", upstream.port);
  using client = await connectPeer(relay.port);
  client.send("IPv6");
  await until(() => client.text === "IPv6", "the answer of the last address");
  six[Symbol.dispose]();
  using refused = await connectPeer(relay.port);
  await until(() => refused.state === "reset", "the reset");
  expect(relay.upstreamErrors.get("refused")).toBe(1);
});
