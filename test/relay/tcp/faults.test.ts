/** The faults of a TCP relay between real sockets. */
import { expect, test } from "bun:test";
import { random } from "../../../src/base/random.ts";
import { until } from "../../support/until.ts";
import {
  connectPeer,
  listenEcho,
  listenPeers,
  octets,
  openTestRelay,
  type TestPeer,
  tcpFaults,
} from "../support/tcp.ts";

test("a delay adds its time in each direction", async () => {
  using echo = listenEcho();
  await using relay = await openTestRelay(echo.port, { faults: "delay=20/30" });
  using client = await connectPeer(relay.port);
  const startedAt = performance.now();
  client.send("x");
  await until(() => client.length === 1, "the answer");
  expect(client.lastAt - startedAt).toBeGreaterThanOrEqual(49.9);
  expect(client.lastAt - startedAt).toBeLessThan(2000);
  const { up, down } = relay.counts;
  expect([up.added.sum >= 0.0199, down.added.sum >= 0.0299]).toEqual([true, true]);
});

test("a rate pauses its sources: what waits in the relay is bounded, and its memory too", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port, { faults: "rate=1M/0,queue=10kB/0" });
  using client = await connectPeer(relay.port);
  client.send(octets(32 << 20));
  await until(() => client.unsent > 0 && relay.counts.up.bytesOut > 20_000, "a source that waits");
  const { waitingBytes, bytesIn } = relay.counts.up;
  expect(waitingBytes).toBeLessThanOrEqual(600_000); // the queue, and one chunk of the runtime where the kernel cannot limit it
  expect(bytesIn).toBeLessThan(2 << 20);
  expect(relay.isBalanced).toBe(true);
});

test("a stall passes nothing and keeps the connection; octets pass when it ends", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port, { faults: "stall=1/0" });
  using client = await connectPeer(relay.port);
  client.send("held");
  const server = await upstream.peer();
  server.send("free");
  await until(() => client.text === "free" && relay.counts.up.waitingBytes === 4, "the other direction");
  client.finish();
  relay.setFaults(tcpFaults("stall=1/0,delay=0/1"));
  expect([server.length, server.state, client.state]).toEqual([0, "open", "open"]);
  relay.setFaults(tcpFaults("none"));
  await until(() => server.state === "fin", "the end");
  expect(server.text).toBe("held");
});

test("a stall with a time closes both sides, what stalled is lost and counted", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port, { faults: "stall=1@40/0" });
  using client = await connectPeer(relay.port);
  client.send("lost");
  const server = await upstream.peer();
  await until(() => client.state !== "open" && server.state !== "open", "both ends");
  expect([client.state, server.state, server.length]).toEqual(["fin", "fin", 0]);
  expect(client.lastAt - client.openedAt).toBeGreaterThan(38);
  expect(relay.counts.up.dropBytes.get("stall")).toBe(4);
});

test("a reset resets both sides, at once or after its time", async () => {
  for (const [faults, least] of [
    ["reset=1/0", 0],
    ["reset=0/1@60", 58],
  ] as const) {
    using upstream = listenPeers();
    await using relay = await openTestRelay(upstream.port, { faults });
    using client = await connectPeer(relay.port);
    await until(() => client.state === "reset", `the reset of ${faults}`);
    const { up, down } = relay.counts;
    expect([up, down].map(({ effects }) => effects.get("reset"))).toEqual(faults === "reset=1/0" ? [1, 0] : [0, 1]);
    expect(client.lastAt - client.openedAt).toBeGreaterThanOrEqual(least);
    await until(() => relay.open.size === 0, "no connection");
  }
});

test("a reset or a close that is removed before its time does not come", async () => {
  using echo = listenEcho();
  await using relay = await openTestRelay(echo.port, { faults: "reset=0/1@60,stall=1@60/0" });
  using client = await connectPeer(relay.port);
  relay.setFaults(tcpFaults("delay=100/0"));
  client.send("x");
  await until(() => client.length === 1, "the answer");
  expect([client.state, performance.now() - client.openedAt > 90]).toEqual(["open", true]);
});

test("a share of the connections stalls, the same with the same seed", async () => {
  const stalled = async (seed: number) => {
    using echo = listenEcho();
    await using relay = await openTestRelay(echo.port, { faults: "stall=0.5", seed });
    const clients: TestPeer[] = [];
    for (let i = 0; i < 20; i++) {
      const client = await connectPeer(relay.port);
      await until(() => relay.open.size === i + 1, "the connection");
      client.send("x");
      clients.push(client);
    }
    await until(() => relay.counts.up.bytesIn === 20, "the octets");
    await until(() => clients.filter(({ length }) => length > 0).length === relay.counts.up.bytesOut, "the answers");
    const fates = clients.map(({ length }) => length).join("");
    expect(relay.counts.up.effects.get("stall")).toBe(20 - relay.counts.up.bytesOut);
    for (const client of clients) client.reset();
    return fates;
  };
  const fates = await stalled(1);
  expect(fates).toMatch(/^(?=.*0.*0.*0)(?=.*1.*1.*1)[01]{20}$/);
  expect(await stalled(1)).toBe(fates);
  expect(await stalled(2)).not.toBe(fates);
});

test("a limit passes exactly its octets and ends both sides, also while the peer goes on sending", async () => {
  using upstream = listenPeers((peer) => peer.send(octets(50_000)));
  await using relay = await openTestRelay(upstream.port, { faults: "limit=none/10kB" });
  using client = await connectPeer(relay.port);
  client.send(octets(3_000_000));
  const server = await upstream.peer();
  await until(() => client.state !== "open" && server.state !== "open", "both ends");
  expect([client.length, client.state]).toEqual([10_000, "fin"]);
  expect(client.received.equals(octets(10_000))).toBe(true);
  client.finish();
  server.finish();
  await until(() => relay.open.size === 0, "no connection");
  expect([relay.isBalanced, relay.counts.down.dropBytes.get("limit")]).toEqual([true, 40_000]);
  expect(relay.counts.down.effects.get("limit")).toBe(1);
});

test("a client that reads long after its connection has ended gets every octet within the limit", async () => {
  const sent = octets(2_000_000);
  using upstream = listenPeers((peer) => peer.send(sent));
  await using relay = await openTestRelay(upstream.port, { faults: "limit=none/1MB" });
  using client = await connectPeer(relay.port);
  client.pause();
  await until(() => relay.counts.down.bytesOut === 1_000_000 && relay.open.size === 0, "the end of the connection");
  client.resume();
  await until(() => client.state !== "open", "the end of the stream");
  expect([client.state, client.length]).toEqual(["fin", 1_000_000]);
  expect(client.received.equals(sent.subarray(0, 1_000_000))).toBe(true);
});

const CHANGES = [
  "none",
  "delay=1/1",
  "delay=uniform(0,3)/uniform(0,5)",
  "rate=200M/100M",
  "slice=slice(1000,300,0.1)",
  "slow-close=5",
  "rate=0/300M,delay=0/2",
  "stall=0.5/0",
  "limit=1GB",
  "reset=1@60000",
];

test("faults that change all the time break no connection, and lose and reorder nothing", async () => {
  using echo = listenEcho();
  await using relay = await openTestRelay(echo.port);
  const draw = random(1, "changes");
  const clients = await Promise.all(Array.from({ length: 8 }, () => connectPeer(relay.port)));
  const sent = clients.map((_, n) => octets(1_500_000 + n, n + 1));
  const startedAt = performance.now();
  const isOver = () => performance.now() - startedAt > 1500;
  for (const [n, client] of clients.entries()) client.send(sent[n]?.subarray(0, 500_000) ?? "");
  await until(
    () => {
      relay.setFaults(tcpFaults(CHANGES[Math.floor(draw() * CHANGES.length)] ?? "none"));
      expect(relay.isBalanced).toBe(true);
      return isOver();
    },
    "the changes",
    10_000,
  );
  relay.setFaults(tcpFaults("none"));
  for (const [n, client] of clients.entries()) {
    client.send(sent[n]?.subarray(500_000) ?? "");
    client.finish();
  }
  await until(() => clients.every(({ state }) => state === "closed"), "all ends", 20_000);
  expect(clients.map(({ received }) => Bun.hash(received))).toEqual(sent.map((bytes) => Bun.hash(bytes)));
  const { up, down } = relay.counts;
  expect([relay.isBalanced, up.waitingBytes, down.waitingBytes, up.droppedBytes + down.droppedBytes]).toEqual([
    true,
    0,
    0,
    0,
  ]);
}, 30_000);

test("a change in one direction leaves the rate of the other as it is", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port, { faults: "rate=8M/0" });
  using client = await connectPeer(relay.port);
  const server = await upstream.peer();
  client.send(Buffer.alloc(2_000_000));
  await until(() => server.length > 0, "the first octets");
  const [startedAt, before] = [performance.now(), server.length];
  let changes = 0;
  await until(() => {
    relay.setFaults(tcpFaults(`rate=8M/0,delay=0/${++changes}`));
    return server.length > before + 1_000_000;
  }, "the octets");
  const rate = ((server.length - before) * 8) / ((performance.now() - startedAt) / 1000);
  expect([rate > 7.6e6, rate < 8.4e6]).toEqual([true, true]);
});

test("a connection that a fault ended while its source was paused is closed when both peers have ended it", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port, { faults: "stall=1@40/0" });
  using client = await connectPeer(relay.port);
  client.send(Buffer.alloc(4 << 20)); // more than the relay reads
  const server = await upstream.peer();
  await until(() => client.state === "fin" && server.state === "fin", "both ends");
  client.finish();
  server.finish();
  await until(() => relay.open.size === 0, "the end", 1500); // less than the time after which it is reset
  expect([client.unsent, relay.isBalanced, relay.counts.up.waitingBytes]).toEqual([0, true, 0]);
});
