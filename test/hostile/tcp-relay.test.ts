/** TCP relays: peers that do not read, loops, errors of the relay itself, and what connections leave behind. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { Budget } from "../../src/base/bounded.ts";
import { systemClock } from "../../src/base/clock.ts";
import { random } from "../../src/base/random.ts";
import { nextTurn } from "../../src/base/turns.ts";
import { nextSourcePort } from "../../src/relay/tcp/source-port.ts";
import {
  connectPeer,
  listenEcho,
  listenPeers,
  octets,
  openTestRelay,
  type TestPeer,
  tcpFaults,
} from "../relay/support/tcp.ts";
import { freePort } from "../support/free-port.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000);

/** Most octets that wait in the relay for a peer that does not read: one chunk of the runtime. */
const CHUNK_BYTES = 512 * 1024;

const descriptors = () => readdirSync("/proc/self/fd").length;

test("a peer that does not read stops the other side; the relay holds one chunk, and all octets arrive later", async () => {
  const sent = octets(48 << 20);
  for (const isUp of [true, false]) {
    using upstream = listenPeers((peer) => peer.pause());
    await using relay = await openTestRelay(upstream.port);
    using client = await connectPeer(relay.port);
    if (!isUp) client.pause();
    const server = await upstream.peer();
    const [sender, reader] = isUp ? [client, server] : [server, client];
    const counts = relay.counts[isUp ? "up" : "down"];
    sender.send(sent);
    await until(() => counts.waitingBytes > 0, "octets that wait");
    let before = -1;
    await until(() => {
      const isStill = sender.unsent === before;
      before = sender.unsent;
      return isStill;
    }, "a sender that is stopped");
    expect(sender.unsent).toBeGreaterThan(0);
    expect(counts.waitingBytes).toBeLessThanOrEqual(CHUNK_BYTES);
    expect(relay.isBalanced).toBe(true);
    reader.resume();
    await until(() => reader.length === sent.length, "all octets", 20_000);
    expect([Bun.hash(reader.received), counts.waitingBytes]).toEqual([Bun.hash(sent), 0]);
  }
});

test("a peer that does not read and is reset frees what waited, counted as lost", async () => {
  using upstream = listenPeers((peer) => peer.pause());
  await using relay = await openTestRelay(upstream.port);
  using client = await connectPeer(relay.port);
  client.send(Buffer.alloc(48 << 20));
  const { up } = relay.counts;
  await until(() => up.waitingBytes > 0, "octets that wait");
  (await upstream.peer()).reset();
  await until(() => client.state === "reset" && relay.open.size === 0, "the reset");
  expect([relay.isBalanced, up.waitingBytes, up.droppedBytes > 0]).toEqual([true, 0, true]);
  expect(up.dropBytes.get("peer-gone")).toBe(up.droppedBytes);
});

test("connections whose octets find no memory are reset and counted; others go on", async () => {
  using upstream = listenPeers();
  const limits = { delayedBytes: 300_000, waitingBytes: 100_000_000 };
  await using relay = await openTestRelay(upstream.port, { faults: "delay=60000/0", limits });
  const clients = await Promise.all(Array.from({ length: 8 }, () => connectPeer(relay.port)));
  await until(() => upstream.peers.length === 8, "all connections");
  for (const client of clients) client.send(Buffer.alloc(90_000));
  await until(() => clients.some(({ state }) => state === "reset"), "a reset");
  const { up } = relay.counts;
  await until(() => up.bytesIn === 8 * 90_000, "all octets");
  expect([relay.isBalanced, up.waitingBytes <= 300_000, up.dropBytes.get("memory-limit") > 0]).toEqual([
    true,
    true,
    true,
  ]);
  expect(clients.some(({ state }) => state === "open")).toBe(true);
});

/** Two relays, each of which forwards to the other. */
async function openLoop() {
  const [one, two] = [freePort(), freePort()];
  const first = await openTestRelay(two, { listenPort: one });
  const second = await openTestRelay(one, { listenPort: two });
  return { first, second };
}

test("two relays that forward to each other are cut and counted", async () => {
  const { first, second } = await openLoop();
  await using _first = first;
  await using _second = second;
  for (let n = 1; n <= 20; n++) {
    using client = await connectPeer(n % 2 ? first.port : second.port);
    client.send("round and round");
    await until(() => client.state === "reset", "the reset");
    expect(first.upstreamErrors.get("loop") + second.upstreamErrors.get("loop")).toBe(n);
  }
  await until(() => first.open.size + second.open.size === 0, "no connection");
  expect([first.isBalanced, second.isBalanced, first.open.overflows]).toEqual([true, true, 0]);
});

const external = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

test.if(external !== undefined)("a relay to itself by an address of a network is cut and counted", async () => {
  const port = freePort();
  await using relay = await openTestRelay(port, { host: external ?? "", listenHost: "0.0.0.0", listenPort: port });
  using client = await connectPeer(port);
  await until(() => client.state === "reset", "the reset");
  expect(relay.upstreamErrors.get("loop")).toBe(1);
  await until(() => relay.open.size === 0, "no connection");
});

test("an error in a callback is counted and ends its connection alone", async () => {
  using echo = listenEcho();
  const errors: unknown[] = [];
  const clock = systemClock();
  let throws = false;
  const now = () => {
    if (!throws) return clock.now();
    throws = false;
    throw new Error("a defect");
  };
  await using relay = await openTestRelay(echo.port, {
    clock: { ...clock, now },
    failed: (error) => errors.push(error),
  });
  using client = await connectPeer(relay.port);
  using other = await connectPeer(relay.port);
  for (const peer of [client, other]) peer.send("a");
  await until(() => client.length + other.length === 2, "the answers");
  throws = true;
  client.send("b");
  await until(() => client.state === "reset", "the reset");
  other.send("c");
  await until(() => other.text === "ac", "the answer of the other");
  expect(errors).toEqual([new Error("a defect")]);
});

test("an error of a timer is counted and ends its connection alone", async () => {
  using echo = listenEcho();
  const errors: unknown[] = [];
  const clock = systemClock();
  let throwsAfter = Number.POSITIVE_INFINITY;
  const now = () => {
    const at = clock.now();
    if (at < throwsAfter) return at;
    throwsAfter = Number.POSITIVE_INFINITY;
    throw new Error("a defect");
  };
  await using relay = await openTestRelay(echo.port, {
    clock: { ...clock, now },
    failed: (error) => errors.push(error),
    faults: "rate=80k/0",
  });
  using client = await connectPeer(relay.port);
  client.send(octets(400)); // 40 ms
  await until(() => relay.counts.up.bytesIn === 400, "the octets");
  throwsAfter = clock.now() + 5;
  await until(() => errors.length === 1, "the error");
  using other = await connectPeer(relay.port);
  other.send("c");
  await until(() => other.text === "c", "the answer of the other");
  expect(errors).toEqual([new Error("a defect")]);
});

test("clients that are gone before their connection is accepted, or in its first moment, leave nothing behind", async () => {
  using echo = listenEcho();
  await using relay = await openTestRelay(echo.port);
  const before = descriptors();
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => connectPeer(relay.port)));
    for (const [n, client] of clients.entries()) {
      if (n % 2) client.send(octets(1000));
      if (n % 3) client.reset();
      else client.finish();
    }
  }
  await until(() => relay.open.size === 0, "no connection", 10_000);
  await until(() => descriptors() <= before + 2, "no descriptor", 10_000);
  expect(relay.isBalanced).toBe(true);
  expect([relay.counts.up.waitingBytes, relay.counts.down.waitingBytes]).toEqual([0, 0]);
});

test("1,500 connections that are reset at the same moment", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port);
  const clients: TestPeer[] = [];
  while (clients.length < 1500) {
    // no more at a time than wait in front of a port
    clients.push(...(await Promise.all(Array.from({ length: 250 }, () => connectPeer(relay.port)))));
    await until(() => upstream.peers.length === clients.length, "all connections", 10_000);
  }
  relay.setFaults(tcpFaults("reset=1"));
  await until(() => clients.every(({ state }) => state === "reset"), "all resets", 10_000);
  await until(() => relay.open.size === 0, "no connection");
});

test("a connection that a fault ended, and whose peers do not end it, is closed after a time: a peer that sends is reset", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port, { faults: "limit=3/none" });
  using client = await connectPeer(relay.port);
  client.send("abcdef");
  const server = await upstream.peer();
  await until(() => client.state === "fin" && server.state === "fin", "both ends");
  expect([server.text, relay.open.size]).toEqual(["abc", 1]);
  client.send("more"); // is read and discarded
  await until(() => relay.open.size === 0, "no connection");
  expect([relay.counts.up.dropBytes.get("limit"), relay.isBalanced]).toEqual([7, true]);
  for (const peer of [client, server]) peer.send("still there");
  await until(() => client.state === "reset" && server.state === "reset", "the resets");
});

const CHANGES = ["none", "delay=uniform(0,3)", "rate=80M/80M", "slice=slice(900,200,0.05)", "delay=2/1,slow-close=2"];

/** One connection whose ends do what the random numbers say; both know what the other sends. */
async function wander(client: TestPeer, server: TestPeer, seed: number): Promise<void> {
  const draw = random(seed, "wander");
  const below = (n: number) => Math.floor(draw() * n);
  const source = octets(200_000, seed);
  const sent = new Map([
    [client, 0],
    [server, 0],
  ]);
  const isPrefix = (peer: TestPeer, length: number) => {
    expect(peer.length).toBeLessThanOrEqual(length);
    expect(peer.received.equals(source.subarray(0, peer.length))).toBe(true);
  };
  const check = () => {
    isPrefix(client, sent.get(server) ?? 0);
    isPrefix(server, sent.get(client) ?? 0);
  };
  for (let step = 0; step < 25; step++) {
    const peer = below(2) ? client : server;
    const at = sent.get(peer) ?? 0;
    const end = Math.min(source.length, at + 1 + below(20_000));
    peer.send(source.subarray(at, end));
    sent.set(peer, end);
    if (below(3) === 0) peer.pause();
    else peer.resume();
    await nextTurn();
    check();
  }
  client.resume();
  server.resume();
  const isReset = below(3) === 0;
  if (isReset) (below(2) ? client : server).reset();
  else {
    client.finish();
    server.finish();
  }
  await Promise.all([client.closed, server.closed]);
  check();
  if (!isReset) expect([client.length, server.length]).toEqual([sent.get(server) ?? 0, sent.get(client) ?? 0]);
}

test("connections with random octets, pauses, ends and resets, under faults that change, get what was sent in order", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port);
  const draw = random(3, "faults");
  const connections: Promise<void>[] = [];
  for (let n = 0; n < 60; n++) {
    const client = await connectPeer(relay.port);
    connections.push(wander(client, await upstream.peer(n), n + 1));
  }
  let isOver = false;
  const all = Promise.all(connections).finally(() => {
    isOver = true;
  });
  await until(
    () => {
      expect(relay.isBalanced).toBe(true);
      relay.setFaults(tcpFaults(CHANGES[Math.floor(draw() * CHANGES.length)] ?? "none"));
      expect(relay.isBalanced).toBe(true);
      return isOver;
    },
    "all ends",
    20_000,
  );
  await all;
  await until(() => relay.open.size === 0, "no connection");
  expect([relay.counts.up.waitingBytes, relay.counts.down.waitingBytes, relay.isBalanced]).toEqual([0, 0, true]);
});

test("a relay whose connections stall and send without an end leaves memory to the connections of another relay", async () => {
  using echo = listenEcho();
  const memory = new Budget(4 << 20);
  await using stalled = await openTestRelay(echo.port, { memory, faults: "stall=1" });
  await using other = await openTestRelay(echo.port, { memory, faults: "delay=5/5" });
  const clients = await Promise.all(Array.from({ length: 40 }, () => connectPeer(stalled.port)));
  for (const client of clients) client.send(Buffer.alloc(1 << 20));
  await until(() => stalled.counts.up.drops.get("memory-limit") > 0, "no room for the stalled relay");
  using client = await connectPeer(other.port);
  client.send(octets(100_000));
  await until(() => client.length === 100_000 || client.state !== "open", "the answer");
  expect(client.received.equals(octets(100_000))).toBe(true);
  expect([other.counts.up.drops.get("memory-limit"), stalled.isBalanced, other.isBalanced]).toEqual([0, true, true]);
  for (const client of clients) client.reset();
  await until(() => stalled.counts.up.waitingBytes === 0, "no octets of the connections that are reset");
  expect(memory.size).toBeLessThan(10_000); // the ends, which stall
});

test("connections that stall, and whose clients have reset them, hold no octets and make room for others", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port, { faults: "stall=1", limits: { connections: 5 } });
  for (let n = 1; n <= 20; n++) {
    using client = await connectPeer(relay.port);
    client.send(octets(1000));
    await until(() => relay.counts.up.bytesIn === n * 1000, "the octets");
    client.reset();
    await until(() => relay.counts.up.dropBytes.get("stall") === n * 1000, "the reset");
  }
  expect([relay.open.size, relay.open.overflows, upstream.peers.length]).toEqual([5, 15, 20]);
  expect([relay.counts.up.waitingBytes, relay.isBalanced]).toEqual([0, true]);
  await until(() => upstream.peers.filter(({ state }) => state === "open").length === 5, "the ends of the oldest");
});

test("an upstream that resets each connection in its first moment is no error of the relay", async () => {
  using upstream = listenPeers((peer) => peer.reset());
  const errors: unknown[] = [];
  await using relay = await openTestRelay(upstream.port, { failed: (error) => errors.push(error) });
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(Array.from({ length: 30 }, () => connectPeer(relay.port)));
    for (const client of clients) client.send("hello");
    await until(() => clients.every(({ state }) => state === "reset"), "the resets");
  }
  await until(() => relay.open.size === 0, "no connection");
  expect([errors, relay.isBalanced, relay.upstreamErrors.get("unreachable")]).toEqual([[], true, 0]);
});

/** Listens at a port from which a relay can connect. */
function listenAtSourcePort(): ReturnType<typeof listenPeers> {
  for (;;) {
    try {
      const port = nextSourcePort(() => false);
      return listenPeers(undefined, "127.0.0.1", port);
    } catch {
      // is in use
    }
  }
}

test("a relay does not connect to itself from the port of an upstream that does not listen", async () => {
  const gone = listenAtSourcePort();
  gone[Symbol.dispose]();
  await using relay = await openTestRelay(gone.port);
  while (nextSourcePort(() => false) !== gone.port - 1); // the next one would be that of the upstream
  using client = await connectPeer(relay.port);
  await client.closed;
  expect([client.state, relay.upstreamErrors.get("refused"), relay.counts.down.bytesIn]).toEqual(["reset", 1, 0]);
});

test("a relay finds a local port behind many that other processes use", async () => {
  using echo = listenEcho();
  await using relay = await openTestRelay(echo.port);
  const next = nextSourcePort(() => false) + 1;
  const taken = Array.from({ length: 40 }, (_, n) => {
    try {
      return listenPeers(undefined, "127.0.0.1", next + n);
    } catch {
      return undefined; // is in use already
    }
  });
  using client = await connectPeer(relay.port);
  client.send("hello");
  await until(() => client.text === "hello" || client.state !== "open", "the answer");
  expect([client.text, relay.upstreamErrors.get("unreachable")]).toEqual(["hello", 0]);
  for (const each of taken) each?.[Symbol.dispose]();
});
