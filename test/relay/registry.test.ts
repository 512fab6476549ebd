/** The relays of a lab by name: what a failed change leaves, and what a stop does. */
import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { systemClock } from "../../src/base/clock.ts";
import { Relays } from "../../src/relay/relays.ts";
import { RelayError, type RelayRoute } from "../../src/relay/route/route.ts";
import { followUpstream } from "../../src/relay/upstream.ts";
import { freePort } from "../support/free-port.ts";
import { FREE_PORTS, startTestLab } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { openTcp } from "../support/tcp.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";

function route(name: string, listenPort: number, upstreamPort = 9000): RelayRoute {
  return {
    name,
    protocol: "udp",
    listen: { host: "127.0.0.1", port: listenPort },
    upstream: { host: "127.0.0.1", port: upstreamPort },
  };
}

const newRelays = () => new Relays({ clock: systemClock(), seed: 1 });

describe("Relays", () => {
  test("a route that forwards to itself leaves the relay before and its flows", async () => {
    await using relays = newRelays();
    const port = freePort();
    const before = await relays.put(route("a", port));
    await expect(relays.put(route("a", port, port))).rejects.toThrow(`relay a: 127.0.0.1:${port} is the relay itself`);
    expect(relays.get("a")).toBe(before);
  });

  test("a relay that cannot be replaced listens at its port again, in its place, with its faults", async () => {
    await using relays = newRelays();
    using taken = await openUdp(0);
    const before = await relays.put(route("a", 0));
    before.setFaults({ up: { drop: 0.5 }, down: {} });
    await relays.put(route("b", 0));
    const error = await relays.put(route("a", taken.port)).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RelayError);
    expect(error).toMatchObject({
      message: `relay a: udp port ${taken.port} on 127.0.0.1 is in use`,
      problem: { field: "listen", isConflict: true },
    });
    const after = relays.get("a");
    expect([after?.port, after?.faults]).toEqual([before.port, { up: { drop: 0.5 }, down: {} }]);
    expect(relays.list().map(({ route }) => route.name)).toEqual(["a", "b"]);
  });

  test("opens none after they were closed, also if it was asked before", async () => {
    const relays = newRelays();
    const port = freePort();
    const closed = relays[Symbol.asyncDispose]();
    await expect(relays.put(route("late", port))).rejects.toThrow("relay late: no relay can be opened any more");
    await closed;
    using _ = await openUdp(port);
    expect(relays.list()).toEqual([]);
  });

  test("a lab with a relay that cannot be opened does not start, and leaves no port open", async () => {
    using taken = await openUdp(0);
    const [first, tcpPort] = [freePort(), freePort()];
    const relays = [route("first", first), route("second", taken.port)];
    await expect(startTestLab({ ...FREE_PORTS, tcpPort, relays })).rejects.toThrow(
      `relay second: udp port ${taken.port} on 127.0.0.1 is in use`,
    );
    using _ = await openUdp(first);
    Bun.listen({ hostname: "127.0.0.1", port: tcpPort, socket: { data() {} } }).stop();
  });

  test("have one limit of the octets that wait, which the lab's metrics show", async () => {
    await using lab = await startTestLab({ limits: { relayBytes: 150 }, relays: [route("a", 0), route("b", 0)] });
    for (const [relay, held] of lab.relays.list().map((relay, index) => [relay, [80, 140][index]] as const)) {
      relay.setFaults({ up: { delay: { kind: "fixed", ms: 60_000 } }, down: {} });
      using client = await openUdp();
      for (let i = 0; i < 4; i++) client.send("x".repeat(20), relay.port);
      const heldBytes = async () =>
        (await scrape(lab.ports.http)).get("wirelab_bounded_size", { structure: "relay-bytes" });
      await until(async () => (await heldBytes()) === held, "the datagrams"); // when the flow is open
    }
    const up = lab.relays.list().map(({ counts }) => [counts.up.waitingBytes, counts.up.drops.get("memory-limit")]);
    expect(up).toEqual([
      [80, 0],
      [60, 1], // of the 70 octets that are left, an eighth is for others
    ]);
  });
});

test("octets that a TCP client does not read are in the limit of all relays, above which its connection is reset", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {}); // the reset
    socket.write(Buffer.alloc(32 * 2 ** 20));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo; // of a port, not of a path
  await using lab = await startTestLab({
    limits: { relayBytes: 1000 }, // the kernel can leave a few thousand octets of a chunk
    relays: [{ ...route("t", 0, port), protocol: "tcp" }],
  });
  const relay = lab.relays.get("t") ?? expect.unreachable();
  using client = await openTcp(relay.port);
  client.pause();
  const { down } = relay.counts;
  await until(() => down.drops.get("memory-limit") > 0, "the reset", 10_000);
  expect([relay.open.size, down.waitingBytes, relay.isBalanced]).toEqual([0, 0, true]);
  const series = await scrape(lab);
  expect(series.get("wirelab_bounded_size", { structure: "relay-bytes" })).toBe(0);
  expect(series.get("wirelab_bounded_limit", { structure: "relay-bytes" })).toBe(1000);
  expect(series.get("wirelab_bounded_overflows_total", { structure: "relay-bytes" })).toBe(1);
  server.close();
});

test("a name server that does not answer delays a relay by one interval, not by its time-out", async () => {
  const answer = Promise.withResolvers<readonly string[]>();
  using upstream = await followUpstream("slow.example", 53, 5, () => answer.promise);
  expect(upstream.address).toBeUndefined();
  answer.resolve(["192.0.2.1"]);
  await until(() => upstream.address === "192.0.2.1", "the address");
});
