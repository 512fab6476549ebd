/** What each toxic does to real TCP connections. */
import { expect, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import { NO_FAULTS_BY_DIRECTION } from "../../src/faults/link-faults.ts";
import { until } from "../support/until.ts";
import { openClient, startEcho, startToxiproxy } from "./support.ts";

/** Most that a busy machine adds to a time, ms. */
const LATE_MS = 2500;

/** Sends a text and returns the time until as much has come back, ms. */
async function roundTrip(client: Awaited<ReturnType<typeof openClient>>, text = "ping"): Promise<number> {
  const startedAt = performance.now();
  const expected = client.read.length + text.length;
  client.write(text);
  await until(() => client.read.length >= expected, `${expected} octets`);
  return performance.now() - startedAt;
}

async function elapsed(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

test("latency delays each direction by its own time, also on open connections, and ends with its removal", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port);
  using client = await openClient(port);
  expect(await roundTrip(client)).toBeLessThan(LATE_MS);
  await server.ask("POST", "/proxies/proxy/toxics", { type: "latency", attributes: { latency: 500 } });
  expect(await roundTrip(client)).toBeWithin(499, 500 + LATE_MS);
  const up = { type: "latency", stream: "upstream", attributes: { latency: 250 } };
  await server.ask("POST", "/proxies/proxy/toxics", up);
  expect(await roundTrip(client)).toBeWithin(749, 750 + LATE_MS);
  await server.ask("DELETE", "/proxies/proxy/toxics/latency_downstream");
  expect(await roundTrip(client)).toBeWithin(249, 499);
  await server.ask("DELETE", "/proxies/proxy/toxics/latency_upstream");
  expect(await roundTrip(client)).toBeLessThan(249);
});

test("jitter spreads the delays evenly around the latency", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "latency", attributes: { latency: 20, jitter: 15 } });
  using client = await openClient(port);
  const times: number[] = [];
  for (let i = 0; i < 40; i++) times.push(await roundTrip(client));
  expect(Math.min(...times)).toBeWithin(5, 14);
  expect(times.toSorted((a, b) => a - b)[20]).toBeWithin(13, 60);
  expect(Math.max(...times)).toBeGreaterThan(26);
});

test("two latencies of a stream add up", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const latency = (name: string, ms: number) => ({ name, type: "latency", attributes: { latency: ms } });
  const port = await server.proxy(echo.port, latency("a", 200), latency("b", 300));
  using client = await openClient(port);
  expect(await roundTrip(client)).toBeWithin(499, 500 + LATE_MS);
});

test("octets that a latency holds pass at once when it is removed, in their order", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "latency", attributes: { latency: 30_000 } });
  using client = await openClient(port);
  client.write("first ");
  await until(() => server.relay().counts.down.waitingBytes === 6, "the first octets wait");
  client.write("second");
  await until(() => server.relay().counts.down.waitingBytes === 12, "all octets wait");
  await server.ask("DELETE", "/proxies/proxy/toxics/latency_downstream");
  await until(() => client.read.length === 12, "all octets");
  expect(client.read.toString()).toBe("first second");
  expect(server.relay().isBalanced).toBe(true);
});

test("bandwidth limits each connection by itself, in thousands of octets a second", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "bandwidth", attributes: { rate: 100 } });
  using first = await openClient(port);
  using second = await openClient(port);
  const transfer = async (client: typeof first) => {
    client.write(Buffer.alloc(50_000));
    await until(() => client.read.length === 50_000, "50,000 octets");
  };
  const ms = await elapsed(() => Promise.all([transfer(first), transfer(second)]));
  expect(ms).toBeWithin(495, 990); // 1000 ms if they shared the rate
});

test("a bandwidth of 0 passes nothing until it is changed", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "bandwidth", attributes: { rate: 0 } });
  using client = await openClient(port);
  client.write("held");
  await until(() => server.relay().counts.down.waitingBytes === 4, "the octets wait");
  expect(client.read.length).toBe(0);
  await server.ask("POST", "/proxies/proxy/toxics/bandwidth_downstream", { attributes: { rate: 1000 } });
  await until(() => client.read.toString() === "held", "the octets");
});

test("slow_close delays the end of the stream, not its octets", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "slow_close", attributes: { delay: 500 } });
  using client = await openClient(port);
  expect(await roundTrip(client)).toBeLessThan(LATE_MS);
  client.finish();
  expect(await elapsed(() => until(() => client.end, "the end"))).toBeWithin(499, 500 + LATE_MS);
  expect(client.end).toBe("fin");
});

test("slow_close that is removed ends the stream at once", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "slow_close", attributes: { delay: 30_000 } });
  using client = await openClient(port);
  await roundTrip(client);
  client.finish();
  await server.ask("DELETE", "/proxies/proxy/toxics/slow_close_downstream");
  await until(() => client.end, "the end");
});

test("timeout passes nothing and closes the connection after its time", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "timeout", attributes: { timeout: 500 } });
  using client = await openClient(port);
  client.write("lost");
  expect(await elapsed(() => until(() => client.end, "the end"))).toBeWithin(480, 500 + LATE_MS);
  expect(client.read.length).toBe(0);
  expect(client.end).toBe("fin");
  expect(server.relay().counts.down.dropBytes.get("stall")).toBe(4);
  expect(server.relay().isBalanced).toBe(true);
});

test("a timeout of 0 discards octets until it is removed, and the connection is closed then", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "timeout", attributes: { timeout: 0 } });
  using client = await openClient(port);
  client.write("lost");
  await until(() => server.relay().counts.down.dropBytes.get("stall") === 4, "the octets are discarded");
  expect(client.end).toBeUndefined();
  await server.ask("DELETE", "/proxies/proxy/toxics/timeout_downstream");
  await until(() => client.end, "the end");
  expect(client.read.length).toBe(0);
  using next = await openClient(port);
  expect(await roundTrip(next)).toBeLessThan(LATE_MS);
});

test("reset_peer resets the connection some time after the first octets", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "reset_peer", attributes: { timeout: 300 } });
  using client = await openClient(port);
  await until(() => echo.accepted === 1, "the upstream's connection");
  expect(client.end).toBeUndefined(); // nothing was sent yet
  client.write("request");
  expect(await elapsed(() => until(() => client.end, "the end"))).toBeWithin(299, 300 + LATE_MS);
  expect(client.end).toBe("reset");
  expect(echo.received).toBe(7); // the upstream has got the request
  expect(client.read.length).toBe(0);
});

test("reset_peer without a time resets at the first octets of its stream", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "reset_peer", stream: "upstream" });
  using client = await openClient(port);
  await until(() => echo.accepted === 1, "the upstream's connection");
  client.write("request");
  await until(() => client.end, "the end");
  expect(client.end).toBe("reset");
  expect(echo.received).toBe(0);
});

test("slicer divides the stream into small parts with a time between them", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const attributes = { average_size: 10, size_variation: 3, delay: 10_000 };
  const port = await server.proxy(echo.port, { type: "slicer", attributes });
  using client = await openClient(port);
  const text = "0123456789".repeat(10);
  expect(await roundTrip(client, text)).toBeWithin(75, 140 + LATE_MS); // 8 to 14 gaps of 10 ms
  expect(client.read.toString()).toBe(text);
  expect(client.parts.length).toBeWithin(7, 16);
  for (const length of client.parts.slice(0, -1)) expect(length).toBeWithin(7, 27); // two can be read together
});

test("limit_data ends the connection behind its octets", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "limit_data", attributes: { bytes: 10 } });
  using client = await openClient(port);
  client.write("012345");
  await until(() => client.read.length === 6, "the first octets");
  client.write("6789abcdef");
  await until(() => client.end, "the end");
  expect(client.read.toString()).toBe("0123456789");
  expect(server.relay().counts.down.dropBytes.get("limit")).toBe(6);
  using exact = await openClient(port);
  exact.write("0123456789");
  await until(() => exact.end, "the end at the last octet");
  expect(exact.read.toString()).toBe("0123456789");
});

test("limit_data counts from the time at which it was added, and a change keeps the count", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port);
  using client = await openClient(port);
  await roundTrip(client, "before");
  await server.ask("POST", "/proxies/proxy/toxics", { type: "limit_data", attributes: { bytes: 6 } });
  await roundTrip(client, "four");
  await server.ask("POST", "/proxies/proxy/toxics/limit_data_downstream", { attributes: { bytes: 8 } });
  client.write("567890");
  await until(() => client.end, "the end");
  expect(client.read.toString()).toBe("beforefour5678");
});

test("limit_data behind a latency delays its octets and its end", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const latency = { type: "latency", attributes: { latency: 300 } };
  const port = await server.proxy(echo.port, latency, { type: "limit_data", attributes: { bytes: 3 } });
  using client = await openClient(port);
  client.write("012345");
  expect(await elapsed(() => until(() => client.end, "the end"))).toBeWithin(299, 300 + LATE_MS);
  expect(client.read.toString()).toBe("012");
});

test("toxicity is the share of connections, decided once for each, by the seed", async () => {
  const choices = async (seed: number) => {
    using echo = startEcho();
    await using server = startToxiproxy({ seed });
    const port = await server.proxy(echo.port, { type: "timeout", toxicity: 0.5, attributes: { timeout: 0 } });
    const acts: boolean[] = [];
    for (let i = 0; i < 40; i++) {
      using client = await openClient(port);
      const before = server.relay().counts.down.dropBytes.get("stall");
      client.write("x");
      await until(
        () => client.read.length > 0 || server.relay().counts.down.dropBytes.get("stall") > before,
        "the octet comes back or is discarded",
      );
      acts.push(client.read.length === 0);
    }
    return acts;
  };
  const first = await choices(1);
  expect(first.filter(Boolean).length).toBeWithin(10, 31);
  expect(await choices(1)).toEqual(first);
  expect(await choices(2)).not.toEqual(first);
}, 20_000);

test("a connection on which a toxic does not act passes unchanged when it is removed", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "timeout", toxicity: 0, attributes: { timeout: 50 } });
  using client = await openClient(port);
  await roundTrip(client);
  await server.ask("DELETE", "/proxies/proxy/toxics/timeout_downstream");
  await roundTrip(client);
  expect(client.end).toBeUndefined();
});

const ANY: readonly object[] = [
  { type: "latency", attributes: { latency: 5, jitter: 5 } },
  { type: "latency", stream: "upstream", toxicity: 0.5, attributes: { latency: 2000 } },
  { type: "bandwidth", attributes: { rate: 50 } },
  { type: "bandwidth", stream: "upstream", attributes: { rate: 0 } },
  { type: "slicer", attributes: { average_size: 100, size_variation: 50, delay: 500 } },
  { type: "slow_close", attributes: { delay: 1000 } },
  { type: "timeout", toxicity: 0.3, attributes: { timeout: 20 } },
  { type: "reset_peer", toxicity: 0.3, attributes: { timeout: 10 } },
  { type: "limit_data", toxicity: 0.5, attributes: { bytes: 3000 } },
];

test("whatever toxics come and go, what came in equals what went out, was discarded and waits", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port);
  const relay = server.relay();
  const draw = random(3, "toxics");
  const clients: Awaited<ReturnType<typeof openClient>>[] = [];
  const names = new Set<string>();
  for (let i = 0; i < 120; i++) {
    if (i % 6 === 0) clients.push(await openClient(port));
    for (const client of clients) if (client.end === undefined) client.write(Buffer.alloc(Math.floor(draw() * 2000)));
    const toxic = ANY[Math.floor(draw() * ANY.length)] ?? {};
    const { body } = await server.ask("POST", "/proxies/proxy/toxics", toxic);
    if (typeof body === "object" && body !== null && "name" in body) names.add(String(body.name));
    const [first] = names;
    if (first !== undefined && draw() < 0.7) {
      names.delete(first);
      await server.ask("DELETE", `/proxies/proxy/toxics/${first}`);
    }
    expect(relay.isBalanced).toBe(true);
  }
  await server.ask("POST", "/reset");
  const waits = () => relay.counts.up.waitingBytes + relay.counts.down.waitingBytes;
  await until(() => waits() === 0, "nothing waits without toxics");
  expect(relay.isBalanced).toBe(true);
  expect(relay.counts.down.bytesOut).toBeGreaterThan(0);
  for (const reason of ["stall", "reset", "limit"] as const)
    expect(relay.counts.down.dropBytes.get(reason)).toBeGreaterThan(0);
  for (const client of clients) client[Symbol.dispose]();
}, 20_000);

test.each(["timeout", "reset_peer"])(
  "impairments in place of a toxic %s end the connections whose octets it discarded: nothing is missing in a stream",
  async (type) => {
    using echo = startEcho();
    await using server = startToxiproxy();
    const attributes = { timeout: type === "timeout" ? 0 : 60_000 };
    const port = await server.proxy(echo.port, { type, stream: "upstream", attributes });
    using client = await openClient(port);
    client.write("one");
    await until(() => server.relay().counts.up.droppedBytes === 3, "the discarded octets");
    server.relay().setFaults(NO_FAULTS_BY_DIRECTION);
    await until(() => client.end, "the end of the connection");
    using next = await openClient(port);
    await roundTrip(next, "two");
    expect([client.read.toString(), next.read.toString(), echo.received]).toEqual(["", "two", 3]);
    expect(server.relay().isBalanced).toBe(true);
  },
);

test("the last change wins: impairments in place of toxics, and a change of a toxic in place of them", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "latency", attributes: { latency: 30_000 } });
  using client = await openClient(port);
  client.write("one");
  await until(() => server.relay().counts.down.waitingBytes === 3, "octets wait");
  const relay = server.relay();
  relay.setFaults(NO_FAULTS_BY_DIRECTION);
  using other = await openClient(port);
  expect(await roundTrip(other)).toBeLessThan(LATE_MS);
  expect((await server.ask("GET", "/proxies/proxy/toxics")).body).toMatchObject([{ name: "latency_downstream" }]);
  await server.ask("POST", "/proxies/proxy/toxics", {
    type: "latency",
    stream: "upstream",
    attributes: { latency: 1 },
  });
  expect(relay.faults).toMatchObject({ up: { delay: { ms: 1 } }, down: { delay: { ms: 30_000 } } });
});
