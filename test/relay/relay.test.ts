/** Relays of both transports: what they forward, which upstreams they may have, and their counts. */
import { describe, expect, test } from "bun:test";
import { NO_FAULTS_BY_DIRECTION } from "../../src/faults/link-faults.ts";
import { parseLinkFaults } from "../../src/faults/link-text.ts";
import { EXTERNAL } from "../api/support.ts";
import { startTestLab } from "../support/lab.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";
import { relayTo, talk } from "./support/relay.ts";
import { openEcho } from "./support/udp.ts";

const textsOf = (datagrams: readonly Buffer[]) => datagrams.map((datagram) => datagram.toString());

describe("TCP", () => {
  test("TCP and HTTP are forwarded to the lab and back", async () => {
    await using lab = await startTestLab();
    await using tcp = await relayTo("tcp", lab.ports.tcp);
    await using http = await relayTo("tcp", lab.ports.http);
    expect(await talk(tcp.port, "Hello TCP 7")).toBe("ACK-TCP");
    const answer = await fetch(`http://127.0.0.1:${http.port}/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"n":7}',
    });
    expect(await answer.json()).toEqual({ status: "received" });
    expect(tcp.counts.up.bytesIn).toBe("Hello TCP 7".length);
    expect(tcp.counts.down.bytesOut).toBe("ACK-TCP".length);
    expect([tcp.isBalanced, http.isBalanced]).toEqual([true, true]);
  });

  test("a megabyte in each direction arrives unchanged", async () => {
    const bytes = new Uint8Array(1 << 20).map((_, i) => i * 31);
    await using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => new Response(request.body) });
    await using relay = await relayTo("tcp", server.port ?? 0);
    const answer = await fetch(`http://127.0.0.1:${relay.port}/`, { method: "POST", body: bytes });
    expect(Bun.hash(await answer.arrayBuffer())).toBe(Bun.hash(bytes));
    expect(relay.counts.up.bytesOut).toBeGreaterThan(bytes.length);
    expect(relay.isBalanced).toBe(true);
  });

  test("connections are closed while there is no upstream, and while its port is closed", async () => {
    await using noAddress = await relayTo("tcp", 1, { to: "service.example", lookUp: async () => [] });
    expect(await talk(noAddress.port, "x")).toBeOneOf(["", "reset"]);
    expect(noAddress.upstreamErrors.get("no-address")).toBe(1);
    const gone = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    gone.stop(true);
    await using relay = await relayTo("tcp", gone.port);
    expect(await talk(relay.port, "x")).toBeOneOf(["", "reset"]);
    expect(relay.upstreamErrors.get("refused")).toBe(1);
  });
});

describe("UDP", () => {
  test("datagrams sent before the flow's socket is open are forwarded, and each client gets its own replies", async () => {
    await using lab = await startTestLab();
    await using relay = await relayTo("udp", lab.ports.udp);
    using first = await openUdp();
    using second = await openUdp();
    for (let i = 0; i < 3; i++) first.send("Hello UDP 7", relay.port);
    second.send("Hi", relay.port);
    await until(() => first.got.length === 3 && second.got.length === 1, "the replies");
    expect(textsOf(first.got)).toEqual(["ACK-UDP", "ACK-UDP", "ACK-UDP"]);
    expect(textsOf(second.got)).toEqual(["AC"]);
    expect(relay.open.size).toBe(2);
  });

  test("the relay continues when its upstream stops, and forwards to the next one", async () => {
    let found: readonly string[] = ["127.0.0.1"];
    const stopped = await startTestLab();
    await using relay = await relayTo("udp", stopped.ports.udp, {
      to: "service.example",
      lookUpMs: 1,
      lookUp: async () => found,
    });
    using client = await openUdp();
    const send = () => client.send("Hello UDP 7", relay.port);
    send();
    await until(() => client.got.length === 1, "a reply");
    await stopped.stop();
    send(); // refused: no socket is bound to the port
    send(); // would throw the ICMP error of the datagram before
    found = [];
    await until(() => relay.upstreamAddress === undefined, "no address");
    send();
    await until(() => relay.counts.up.drops.get("no-upstream") > 0, "a datagram without an upstream");
    await using _next = await startTestLab({ udpPort: stopped.ports.udp });
    found = ["127.0.0.1"];
    await until(() => {
      send();
      return client.got.length > 1;
    }, "a reply of the next lab");
    expect(new Set(textsOf(client.got))).toEqual(new Set(["ACK-UDP"]));
  });

  test("a client keeps its flow until the upstream's address changes", async () => {
    let found: readonly string[] = ["127.0.0.1"];
    using service = await openUdp();
    await using relay = await relayTo("udp", service.port, {
      to: "service.example",
      lookUpMs: 1,
      lookUp: async () => found,
    });
    using client = await openUdp();
    client.send("a", relay.port);
    client.send("b", relay.port);
    await until(() => service.got.length === 2, "two datagrams");
    const [flow] = relay.flows();
    expect(relay.flows()).toMatchObject([{ port: client.port, up: { packets: 2, bytes: 2 } }]);
    found = ["127.0.0.2"];
    await until(() => relay.upstreamAddress === "127.0.0.2", "the next address");
    client.send("c", relay.port);
    await until(() => relay.flows()[0]?.up.packets === 1, "a flow to the next address");
    expect(relay.flows()[0]?.openedAt).toBeGreaterThan(flow?.openedAt ?? 0);
    expect(relay.open.size).toBe(1);
  });

  test("a further flow replaces one with few datagrams, and not one that sends", async () => {
    using service = await openEcho();
    await using relay = await relayTo("udp", service.port, { limits: { flows: 4 } });
    using own = await openUdp();
    for (let i = 0; i < 8; i++) own.send("own", relay.port);
    await until(() => own.got.length === 8, "the answers of the established flow");
    const others = await Promise.all(Array.from({ length: 12 }, () => openUdp()));
    for (const other of others) {
      other.send("x", relay.port);
      await until(() => other.got.length === 1, "an answer");
    }
    expect([relay.open.size, relay.open.overflows]).toEqual([4, 9]);
    expect(relay.flows().map(({ port }) => port)).toContain(own.port);
    for (const other of others) other.close();
  });
});

test.each(["tcp", "udp"] as const)(
  "a %s port in use is an error of one line with the system's code",
  async (protocol) => {
    await using first = await relayTo(protocol, 1);
    const line = `relay test: ${protocol} port ${first.port} on 127.0.0.1 is in use`;
    const error = await relayTo(protocol, 1, { port: first.port }).catch((error: unknown) => error);
    expect(error).toMatchObject({
      name: "RelayError",
      message: line,
      problem: { code: "EADDRINUSE", isConflict: true },
    });
  },
);

test.each(["drop=0.5", "delay=5/5", "rate=1M/1M,queue=2kB"])(
  "a change of the faults starts the random numbers again: the same datagrams are lost with %s",
  async (faults) => {
    using service = await openUdp();
    await using relay = await relayTo("udp", service.port, { seed: 7 });
    using client = await openUdp();
    const rounds: string[][] = [];
    for (let round = 0; round < 2; round++) {
      relay.setFaults(parseLinkFaults("udp", faults));
      const before = service.got.length;
      const entered = relay.counts.up.packetsIn;
      for (let i = 0; i < 50; i++) client.send(`${i}`, relay.port);
      await until(() => relay.counts.up.packetsIn === entered + 50 && relay.counts.up.waiting === 0, "50 datagrams");
      await until(() => service.got.length === relay.counts.up.packetsOut, "those that were passed on");
      rounds.push(textsOf(service.got.slice(before)));
    }
    if (faults.startsWith("drop")) expect(rounds[0]?.length).toBeWithin(10, 40);
    if (!faults.startsWith("rate")) expect(rounds[1]).toEqual(rounds[0]);
    relay.setFaults(NO_FAULTS_BY_DIRECTION);
    expect(relay.faultChanges).toBe(3);
    expect(relay.isBalanced).toBe(true);
  },
);

describe("which upstreams a relay may have", () => {
  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "127.0.0.1"],
    ["::", "::1"],
    ["127.0.0.1", "localhost"],
    ["0.0.0.0", "0.0.0.0"],
  ])("a relay on %s refuses its own port at %s", async (host, to) => {
    const open = relayTo("tcp", 7999, { host, to, port: 7999 });
    await expect(open).rejects.toThrow(/^relay test: .+:7999 is the relay itself$/);
  });

  test.each(["::1", "0:0:0:0:0:0:0:1", "::"])(
    "one on 0.0.0.0 refuses %s, where it has no address of its own",
    async (to) => {
      await expect(relayTo("tcp", 80, { host: "0.0.0.0", to })).rejects.toThrow(
        "relay test: clients on other hosts would have the rights of this one at [::1]",
      );
    },
  );

  test("one on 0.0.0.0 does not use ::1 of a name", async () => {
    const lookUp = async () => ["::1"];
    await using open = await relayTo("udp", 80, { host: "0.0.0.0", to: "service.example", lookUp });
    await using own = await relayTo("udp", 80, { to: "service.example", lookUp });
    expect([open.upstreamAddress, own.upstreamAddress]).toEqual([undefined, "::1"]);
  });

  test.each(["tcp", "udp"] as const)("a %s relay on loopback forwards to ::1", async (protocol) => {
    await using lab = await startTestLab({ host: "::1" });
    await using relay = await relayTo(protocol, lab.ports[protocol], { to: "::1" });
    if (protocol === "tcp") expect(await talk(relay.port, "Hello TCP 7")).toBe("ACK-TCP");
    else {
      using client = await openUdp();
      client.send("Hello UDP 7", relay.port);
      await until(() => client.got.length === 1, "a reply");
    }
  });

  const external = test.skipIf(!EXTERNAL);

  external.each(["tcp", "udp"] as const)("a %s relay to ::1 refuses clients of another relay", async (protocol) => {
    await using lab = await startTestLab({ host: "::1" });
    await using inner = await relayTo(protocol, lab.ports[protocol], { to: "::1" });
    await using outer = await relayTo(protocol, inner.port, { host: "0.0.0.0" });
    if (protocol === "tcp") {
      expect(await talk(outer.port, "Hello TCP 7", EXTERNAL)).toBeOneOf(["", "reset"]);
      expect(inner.upstreamErrors.get("no-address")).toBe(1);
    } else {
      const client = await Bun.udpSocket({ socket: { data() {} } });
      client.send("Hello UDP 7", outer.port, EXTERNAL ?? "");
      client.close();
      await until(() => inner.counts.up.drops.get("no-upstream") === 1, "the datagram was refused");
    }
  });
});

test("a relay that is closed loses what is delayed, and counts it", async () => {
  using service = await openUdp();
  const relay = await relayTo("udp", service.port, { faults: "delay=60000/0,reorder=0.5/0" });
  using client = await openUdp();
  for (let i = 0; i < 10; i++) client.send("hello", relay.port);
  await until(() => relay.counts.up.waiting === 10, "the datagrams");
  await relay[Symbol.asyncDispose]();
  const { waiting, waitingBytes, dropped, droppedBytes, drops } = relay.counts.up;
  expect([waiting, waitingBytes, dropped, droppedBytes, drops.get("peer-gone")]).toEqual([0, 0, 10, 50, 10]);
  expect(relay.isBalanced).toBe(true);
});
