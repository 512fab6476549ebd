/** The UDP relay on real sockets: flows, upstreams that change or fail, faults and accounting. */
import { describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { systemClock } from "../../../src/base/clock.ts";
import { parseLinkFaults } from "../../../src/faults/link-text.ts";
import { Relay } from "../../../src/relay/relay.ts";
import { openUdp, type UdpPeer } from "../../support/udp.ts";
import { until } from "../../support/until.ts";
import { isBalanced, openClients, openEcho, openRelayTo, type TestRelay } from "../support/udp.ts";

const textsOf = (datagrams: readonly Buffer[]) => datagrams.map((datagram) => datagram.toString());
const atRest = ({ counts }: TestRelay) => counts.up.waiting + counts.down.waiting === 0;

describe("flows", () => {
  test("each client has a flow of its own and gets its own answers", async () => {
    using echo = await openEcho();
    await using relay = await openRelayTo(echo.upstream);
    using open = await openClients(20);
    for (const [i, client] of open.clients.entries()) for (const j of [1, 2, 3]) client.send(`${i} ${j}`, relay.port);
    await until(() => open.clients.every(({ got }) => got.length === 3), "the answers");
    for (const [i, { got }] of open.clients.entries()) expect(textsOf(got)).toEqual([`${i} 1`, `${i} 2`, `${i} 3`]);
    expect([echo.peers.size, relay.relay.open.size]).toEqual([20, 20]);
    const [client] = open.clients;
    const flow = relay.relay.flows().find(({ port }) => port === client?.port);
    expect(flow).toMatchObject({ address: "127.0.0.1", up: { packets: 3, bytes: 9, drops: 0 }, down: { packets: 3 } });
    expect(relay.counts.up).toMatchObject({ packetsIn: 60, packetsOut: 60, dropped: 0, waiting: 0 });
    expect(isBalanced(relay)).toBe(true);
  });

  test("IPv4 and IPv6, one relay to both", async () => {
    using four = await openEcho();
    await using relay = await openRelayTo(four.upstream, { host: "::" });
    const six = createSocket("udp6").bind(0, "::1");
    await once(six, "listening");
    const answer = once(six, "message");
    six.send("six", relay.port, "::1");
    using client = await openUdp();
    client.send("four", relay.port);
    await until(() => client.got.length === 1, "the answer over IPv4");
    expect([String((await answer)[0]), textsOf(client.got)]).toEqual(["six", ["four"]]);
    six.close();
    using upstream6 = await openEcho(1, "::1");
    await using relay6 = await openRelayTo(upstream6.upstream);
    client.send("to six", relay6.port);
    await until(() => client.got.length === 2, "the answer of an upstream on IPv6");
    expect(textsOf(client.got)).toEqual(["four", "to six"]);
  });

  test("datagrams of every length pass unchanged: empty ones, and 65,507 octets", async () => {
    using echo = await openEcho();
    await using relay = await openRelayTo(echo.upstream);
    using client = await openUdp();
    const sent = [0, 1, 1472, 1473, 9000, 65_507].map((length) => Buffer.alloc(length, `${length}`));
    for (const [i, data] of sent.entries()) {
      client.send(data, relay.port);
      await until(() => client.got.length === i + 1, `the answer of ${data.length} octets`);
    }
    expect(client.got).toEqual(sent);
    const { bytesIn, bytesOut, packetsOut } = relay.counts.down;
    expect([bytesIn, bytesOut, packetsOut]).toEqual([77_453, 77_453, 6]);
  });

  test("a burst of a new client arrives, in order", async () => {
    using echo = await openEcho();
    await using relay = await openRelayTo(echo.upstream);
    using client = await openUdp();
    const sent = Array.from({ length: 150 }, (_, i) => `${i}`);
    for (const text of sent) client.send(text, relay.port);
    await until(() => client.got.length === sent.length, "the answers");
    expect(textsOf(client.got)).toEqual(sent);
  });

  test("an idle flow is closed, one with datagrams in one direction is not", async () => {
    using upstream = await openUdp();
    await using relay = await openRelayTo(
      { address: "127.0.0.1", port: upstream.port },
      { limits: { flowIdleMs: 200 } },
    );
    using open = await openClients(2);
    const [idle, active] = open.clients;
    const ports = () => relay.relay.flows().map(({ port }) => port);
    idle?.send("idle", relay.port);
    active?.send("active", relay.port);
    await until(() => ports().length === 2, "both flows");
    await until(() => {
      active?.send("active", relay.port);
      return ports().length === 1;
    }, "the end of the idle flow");
    expect(ports()).toEqual([active?.port ?? 0]);
    expect(relay.relay.open.overflows).toBe(0);
  });
});

describe("an upstream", () => {
  test("that refuses is counted, and the relay serves on when it is back", async () => {
    const port = await openEcho().then((echo) => {
      echo.close();
      return echo.port;
    });
    await using relay = await openRelayTo({ address: "127.0.0.1", port });
    using client = await openUdp();
    for (let i = 1; i <= 5; i++) {
      client.send("refused", relay.port);
      await until(() => relay.counts.up.packetsOut === i && relay.upstreamErrors.get("refused") >= i - 1, "a datagram");
    }
    await until(() => relay.upstreamErrors.get("refused") === 5, "an ICMP error for each datagram");
    using _echo = await openEcho(1, "127.0.0.1", port);
    client.send("served", relay.port);
    await until(() => client.got.length > 0, "an answer");
    expect(textsOf(client.got)).toEqual(["served"]);
    expect([relay.upstreamErrors.get("refused"), relay.counts.up.dropped, relay.errors]).toEqual([5, 0, []]);
  });

  test("that changes its address gets the datagrams from then on", async () => {
    using first = await openEcho(1, "127.0.0.1");
    using second = await openEcho(1, "127.0.0.2", first.port);
    const upstream = { address: "127.0.0.1" as string | undefined, port: first.port };
    await using relay = await openRelayTo(upstream);
    using client = await openUdp();
    const exchange = async (count: number) => {
      client.send(`${count}`, relay.port);
      await until(() => client.got.length === count, `answer ${count}`);
    };
    await exchange(1);
    upstream.address = "127.0.0.2";
    await exchange(2);
    expect([first.packets, second.packets, relay.relay.open.size]).toEqual([1, 1, 1]);
  });

  test("without an address loses the datagrams as no-upstream, until it has one", async () => {
    using echo = await openEcho();
    const upstream = { address: undefined as string | undefined, port: echo.port };
    await using relay = await openRelayTo(upstream);
    using client = await openUdp();
    client.send("lost", relay.port);
    await until(() => relay.counts.up.drops.get("no-upstream") === 1, "the loss");
    expect([relay.counts.up.dropBytes.get("no-upstream"), relay.relay.open.size]).toEqual([4, 0]);
    upstream.address = "127.0.0.1";
    client.send("passed", relay.port);
    await until(() => client.got.length === 1, "the answer");
    expect(isBalanced(relay)).toBe(true);
  });

  test("to which there is no route loses them as no-upstream, counted as unreachable", async () => {
    await using relay = await openRelayTo({ address: "255.255.255.255", port: 9999 }); // needs SO_BROADCAST
    using client = await openUdp();
    client.send("lost", relay.port);
    await until(() => relay.counts.up.dropped === 1 && relay.upstreamErrors.get("unreachable") > 0, "the loss");
    expect([relay.counts.up.waiting, relay.errors, isBalanced(relay)]).toEqual([0, [], true]);
  });

  test("name is resolved", async () => {
    using echo = await openEcho();
    const route = {
      name: "named",
      protocol: "udp",
      listen: { host: "127.0.0.1", port: 0 },
      upstream: { host: "localhost", port: echo.port },
    } as const;
    await using relay = await Relay.open(route, { clock: systemClock(), seed: 1 });
    using client = await openUdp();
    client.send("hello", relay.port);
    await until(() => client.got.length === 1, "the answer");
    expect([relay.upstreamAddress, relay.isBalanced]).toEqual(["127.0.0.1", true]);
  });
});

describe("faults", () => {
  test("of both directions, all at once, and their changes leave no datagram uncounted", async () => {
    using echo = await openEcho();
    const all =
      "drop=0.1/0.1,burst=gilbert(0.02,0.3)/gilbert(0.02,0.3),delay=uniform(0,20)/normal(10,5),correlation=0.5,order=keep/0," +
      "duplicate=0.2/0.2,reorder=0.2/0.2,corrupt=0.2/0.2,rate=5M/2M,queue=4kB/5ms"; // a round of 10 datagrams overflows 4 kB, however long rounds take
    await using relay = await openRelayTo(echo.upstream, { faults: all });
    using open = await openClients(10);
    for (let round = 0; round < 60; round++) {
      for (const client of open.clients) client.send(Buffer.alloc(round * 10, "x"), relay.port);
      if (round % 20 === 19) {
        relay.relay.setFaults(parseLinkFaults("udp", round === 39 ? all : "delay=5/5"));
        expect(isBalanced(relay)).toBe(true);
      }
      await until(() => relay.counts.up.packetsIn === (round + 1) * 10, "the round");
    }
    await until(() => atRest(relay), "no datagram waits");
    await until(() => relay.counts.up.packetsOut === echo.packets, "every datagram at the upstream");
    await until(() => relay.counts.down.packetsIn === echo.packets && atRest(relay), "every answer");
    expect(relay.counts.up.bytesOut).toBe(echo.bytes);
    const got = open.clients.flatMap(({ got }) => got);
    await until(
      () => open.clients.reduce((sum, { got }) => sum + got.length, 0) === relay.counts.down.packetsOut,
      "all",
    );
    expect(got.length).toBeGreaterThan(100);
    for (const { drops, effects } of [relay.counts.up, relay.counts.down]) {
      for (const reason of ["drop", "burst", "queue-full"] as const) expect(drops.get(reason)).toBeGreaterThan(0);
      for (const kind of ["delay", "duplicate", "reorder", "corrupt"] as const)
        expect(effects.get(kind)).toBeGreaterThan(0);
    }
    expect(isBalanced(relay)).toBe(true);
  });

  test("a rate with a long queue delays a flow's datagrams by the time in the queue", async () => {
    using echo = await openEcho();
    await using relay = await openRelayTo(echo.upstream, { faults: "rate=1M/0,queue=1MB/0" });
    using client = await openUdp();
    const startedAt = performance.now();
    for (let i = 0; i < 25; i++) client.send(Buffer.alloc(1000), relay.port); // 8 ms each
    await until(() => client.got.length === 25, "the answers");
    expect(performance.now() - startedAt).toBeGreaterThan(199);
    const { queued, added } = relay.counts.up;
    expect([queued.count, added.count]).toEqual([25, 25]);
    expect(queued.sum / 25).toBeGreaterThan(0.09);
    expect(added.sum).toBeGreaterThanOrEqual(queued.sum - 0.025);
  });
});

test("closing a relay counts what is on its way as dropped, and closes its sockets", async () => {
  using echo = await openEcho();
  const relay = await openRelayTo(echo.upstream, { faults: "delay=10s/0,reorder=0.5/0" });
  using open = await openClients(5);
  for (const client of open.clients) client.send("late", relay.port);
  await until(() => relay.counts.up.waiting === 5, "the datagrams");
  await relay.close();
  expect([relay.counts.up.waiting, relay.counts.up.drops.get("peer-gone"), relay.relay.open.size]).toEqual([0, 5, 0]);
  expect([echo.packets, isBalanced(relay)]).toEqual([0, true]);
  using again = await openUdp(relay.port);
  expect(again.port).toBe(relay.port);
});

test("datagrams from another peer than the upstream do not reach a client", async () => {
  using echo = await openEcho();
  await using relay = await openRelayTo(echo.upstream);
  using client = await openUdp();
  client.send("first", relay.port);
  await until(() => client.got.length === 1, "the answer");
  const [towards = 0] = echo.peers;
  const stranger = await Bun.udpSocket({ hostname: "127.0.0.1", socket: { data() {}, error() {} } });
  stranger.send("forged", towards, "127.0.0.118");
  stranger.close();
  client.send("second", relay.port);
  await until(() => client.got.length === 2, "the second answer");
  expect([textsOf(client.got), relay.counts.down.packetsIn]).toEqual([["first", "second"], 2]);
});

/** An address of this machine that is not a loopback address. */
const OWN = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

describe("loops", () => {
  test.each(["127.0.0.1", ...(OWN ? [OWN] : [])])("a relay to itself at %s is cut", async (address) => {
    const upstream = { address, port: 0 };
    await using relay = await openRelayTo(upstream, { host: "0.0.0.0" });
    upstream.port = relay.port;
    using client = await openUdp();
    for (let i = 0; i < 3; i++) client.send("round", relay.port);
    await until(() => relay.counts.up.drops.get("refused") === 3, "the refusals");
    expect([relay.counts.up.packetsIn, relay.relay.open.size, relay.upstreamErrors.get("loop")]).toEqual([6, 1, 3]);
    expect([client.got, isBalanced(relay)]).toEqual([[], true]);
  });

  test("two relays to each other are cut, after one round", async () => {
    const [toFirst, toSecond] = [
      { address: "127.0.0.1", port: 0 },
      { address: "127.0.0.1", port: 0 },
    ];
    await using first = await openRelayTo(toSecond);
    await using second = await openRelayTo(toFirst);
    toFirst.port = first.port;
    toSecond.port = second.port;
    using client = await openUdp();
    client.send("round", first.port);
    await until(() => first.counts.up.drops.get("refused") === 1, "the refusal");
    expect([first.counts.up.packetsIn, second.counts.up.packetsIn, client.got.length]).toEqual([2, 1, 0]);
  });

  test("a chain of relays is no loop", async () => {
    using echo = await openEcho();
    await using last = await openRelayTo(echo.upstream);
    await using first = await openRelayTo({ address: "127.0.0.1", port: last.port });
    using client = await openUdp();
    client.send("through", first.port);
    await until(() => client.got.length === 1, "the answer");
    expect(last.upstreamErrors.get("loop")).toBe(0);
  });
});

test("a loop through something that is no relay of this process ends when the table of flows is full", async () => {
  // Sends each datagram back to the relay from a port of its own, as a relay of another process does.
  const other = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data: async (_, datagram) => {
        const socket = await openUdp();
        sent.push(socket);
        socket.send(datagram, relay.port);
      },
      error() {},
    },
  });
  const sent: UdpPeer[] = [];
  await using relay = await openRelayTo({ address: "127.0.0.1", port: other.port }, { limits: { flows: 50 } });
  using client = await openUdp();
  client.send("round", relay.port);
  await until(() => relay.counts.up.drops.get("memory-limit") === 1, "the end of the loop");
  expect([relay.counts.up.packetsIn, relay.relay.open.overflows, isBalanced(relay)]).toEqual([51, 1, true]);
  for (const socket of sent) socket.close();
  other.close();
});

describe("datagrams that the kernel dropped are counted", () => {
  const LARGE = Buffer.alloc(60_000);
  const limits = { receiveBuffer: 200_000, flowIdleMs: 100 };
  const dropsOf = async ({ relay }: TestRelay) =>
    (await relay.receiveBufferDrops?.()) ?? { up: undefined, down: undefined };

  test("on the way up", async () => {
    using upstream = await openUdp();
    await using relay = await openRelayTo({ address: "127.0.0.1", port: upstream.port }, { limits });
    using client = await openUdp();
    expect(await dropsOf(relay)).toEqual({ up: 0, down: 0 });
    for (let i = 0; i < 40; i++) client.send(LARGE, relay.port); // in one turn: more than the buffer holds
    await until(async () => relay.counts.up.packetsIn + ((await dropsOf(relay)).up ?? 0) === 40, "every datagram");
    expect((await dropsOf(relay)).up).toBeGreaterThan(20);
    expect((await dropsOf(relay)).down).toBe(0);
  });

  test("on the way down, also when the flow is closed", async () => {
    using echo = await openEcho(40);
    await using relay = await openRelayTo(echo.upstream, { limits });
    using client = await openUdp();
    client.send(LARGE, relay.port);
    await until(async () => relay.counts.down.packetsIn + ((await dropsOf(relay)).down ?? 0) === 40, "every datagram");
    const { down } = await dropsOf(relay);
    expect(down).toBeGreaterThan(20);
    await until(() => relay.relay.open.size === 0, "the end of the flow");
    expect(await dropsOf(relay)).toEqual({ up: 0, down });
    expect(relay.relay.knownReceiveBufferDrops?.()).toEqual({ up: 0, down });
  });
});
