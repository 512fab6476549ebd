/** `/relays` over HTTP: made, read, replaced, closed and impaired while the lab runs. */
import { describe, expect, test } from "bun:test";
import type { AllRelays, RelayFlows, RelayState } from "../../src/api/shapes.ts";
import type { Lab } from "../../src/lab.ts";
import { MAX_RELAYS } from "../../src/relay/relays.ts";
import { freePort } from "../support/free-port.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { rejected } from "../support/scrape.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";
import { EXTERNAL, put, request, TOKEN } from "./support.ts";

/** A UDP echo. */
async function openEcho() {
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (own, data, port, address) => void own.send(data, port, address), error() {} },
  });
  return { port: socket.port, [Symbol.dispose]: () => socket.close() };
}

/** Sends a request to a path below `/relays`. */
const ask = (lab: Lab, path: string, init?: RequestInit) => request(urlOf(lab, `/relays${path}`), init);

async function stateOf(lab: Lab, name: string): Promise<RelayState> {
  return (await ask(lab, `/${name}`)).json();
}

describe("PUT /relays/{name}", () => {
  test("makes a relay from JSON, which carries packets and counts them", async () => {
    using echo = await openEcho();
    await using lab = await startTestLab();
    const body = JSON.stringify({ protocol: "udp", listen: 0, upstream: `127.0.0.1:${echo.port}` });
    const made = await ask(lab, "/api", put(body));
    expect(made.status).toBe(201);
    const state: RelayState = made.json();
    const { port } = lab.relays.get("api") ?? expect.unreachable();
    expect(state).toMatchObject({
      name: "api",
      protocol: "udp",
      listen: `127.0.0.1:${port}`,
      upstream: `127.0.0.1:${echo.port}`,
      address: "127.0.0.1",
      faults: { text: "none", changes: 0 },
      open: 0,
      limit: 10_000,
      overflows: 0,
      upstreamErrors: {},
    });
    using client = await openUdp();
    client.send("12345", port);
    await until(() => client.got.length === 1, "the echo");
    const { up, down, open } = await stateOf(lab, "api");
    expect(open).toBe(1);
    for (const way of [up, down]) {
      expect(way).toMatchObject({
        totals: { packetsIn: 1, bytesIn: 5, packetsOut: 1, bytesOut: 5, dropped: 0, waiting: 0, waitingBytes: 0 },
        drops: {},
        dropBytes: {},
        effects: {},
        added: { count: 1 },
      });
      expect(way.added.sum).toBeWithin(0, 1);
    }
  });

  test("makes a relay from text, on the address that is given", async () => {
    await using lab = await startTestLab();
    const made = await ask(lab, "/web_1", put("tcp:127.0.0.2:0>[::1]:8080"));
    expect([made.status, made.json().upstream]).toEqual([201, "[::1]:8080"]);
    const { route, port } = lab.relays.get("web_1") ?? expect.unreachable();
    expect(route).toEqual({
      name: "web_1",
      protocol: "tcp",
      listen: { host: "127.0.0.2", port: 0 },
      upstream: { host: "::1", port: 8080 },
    });
    expect(made.json().listen).toBe(`127.0.0.2:${port}`);
  });

  test("replaces another route with the faults that there were, and keeps the same route open", async () => {
    await using lab = await startTestLab();
    await ask(lab, "/a", put("udp:0>127.0.0.1:9000"));
    await ask(lab, "/a/impairments", put("drop=0.5"));
    const before = lab.relays.get("a");
    const same = await ask(
      lab,
      "/a",
      put(JSON.stringify({ protocol: "udp", listen: "0", upstream: "127.0.0.1:9000" })),
    );
    expect([same.status, lab.relays.get("a")]).toEqual([200, before]);
    const other = await ask(lab, "/a", put("udp:0>127.0.0.1:9001"));
    expect([other.status, other.json().upstream, other.json().faults.text]).toEqual([
      200,
      "127.0.0.1:9001",
      "drop=0.5/0",
    ]);
    expect(lab.relays.get("a")).not.toBe(before);
    const transport = await ask(lab, "/a", put("tcp:0>127.0.0.1:9001"));
    expect([transport.json().protocol, transport.json().faults.text]).toEqual(["tcp", "none"]);
    expect(lab.relays.list()).toHaveLength(1);
  });

  test("answers 409 for a port in use, and the relay before stays", async () => {
    using echo = await openEcho();
    await using lab = await startTestLab();
    await ask(lab, "/a", put(`udp:0>127.0.0.1:${echo.port}`));
    await ask(lab, "/a/impairments", put("corrupt=0/0.25"));
    const { port } = lab.relays.get("a") ?? expect.unreachable();
    const refused = await ask(lab, "/a", put(`udp:${lab.ports.udp}>127.0.0.1:9000`));
    expect([refused.status, refused.json()]).toEqual([
      409,
      { error: `relay a: udp port ${lab.ports.udp} on 127.0.0.1 is in use`, field: "listen" },
    ]);
    const state = await stateOf(lab, "a");
    expect([state.listen, state.upstream, state.faults.text]).toEqual([
      `127.0.0.1:${port}`,
      `127.0.0.1:${echo.port}`,
      "corrupt=0/0.25",
    ]);
    await ask(lab, "/a/impairments", { method: "DELETE" });
    using client = await openUdp();
    client.send("again", port);
    await until(() => client.got.length === 1, "the echo");
  });

  test("answers 409 for one relay too many", async () => {
    await using lab = await startTestLab();
    for (let i = 0; i < MAX_RELAYS; i++) await ask(lab, `/r${i}`, put("tcp:0>127.0.0.1:9000"));
    const refused = await ask(lab, "/more", put("tcp:0>127.0.0.1:9000"));
    expect([refused.status, refused.json().error]).toEqual([409, `relay more: there are ${MAX_RELAYS} relays already`]);
    expect((await ask(lab, "/r0", put("tcp:0>127.0.0.1:9001"))).status).toBe(200);
    expect((await ask(lab, "")).json().relays).toHaveLength(MAX_RELAYS);
  });

  test.each([
    ["", "the body is empty; allowed: a relay as JSON or as text: tcp|udp:[ADDRESS:]PORT>HOST:PORT", {}],
    ["{", "the body is not JSON", {}],
    ["sctp:1>b:2", '"sctp": not a protocol of relays; allowed: tcp or udp', { position: 0, allowed: "tcp or udp" }],
    [
      "tcp: 70000>b:2",
      '"70000": not a port to listen on; allowed: PORT, ADDRESS:PORT or [IPv6]:PORT',
      { position: 5, allowed: "PORT, ADDRESS:PORT or [IPv6]:PORT" },
    ],
    [
      "tcp:1>b",
      '"b": not an upstream; allowed: HOST:PORT or [IPv6]:PORT',
      { position: 6, allowed: "HOST:PORT or [IPv6]:PORT" },
    ],
    [
      "tcp:1",
      '"tcp:1": not a relay; allowed: tcp|udp:[ADDRESS:]PORT>HOST:PORT',
      { position: 0, allowed: "tcp|udp:[ADDRESS:]PORT>HOST:PORT" },
    ],
    [
      '{"protocol":"icmp","listen":1,"upstream":"b:2"}',
      'protocol: not allowed; allowed: "tcp" or "udp"',
      { field: "protocol", allowed: '"tcp" or "udp"' },
    ],
    [
      '{"protocol":"tcp","listen":65536,"upstream":"b:2"}',
      "listen: not allowed; allowed: a string or an integer from 0 to 65535",
      { field: "listen", allowed: "a string or an integer from 0 to 65535" },
    ],
    [
      '{"protocol":"tcp","listen":"x:y","upstream":"b:2"}',
      '"x:y": not a port to listen on; allowed: PORT, ADDRESS:PORT or [IPv6]:PORT',
      { field: "listen", allowed: "PORT, ADDRESS:PORT or [IPv6]:PORT" },
    ],
    [
      '{"protocol":"tcp","listen":1,"upstream":"b:0"}',
      '"b:0": not an upstream; allowed: HOST:PORT or [IPv6]:PORT',
      { field: "upstream", allowed: "HOST:PORT or [IPv6]:PORT" },
    ],
    [
      '{"protocol":"tcp","listen":1,"upstream":"b:2","faults":{}}',
      "faults: no such field; allowed: protocol, listen, upstream",
      { field: "faults", allowed: "protocol, listen, upstream" },
    ],
    [
      "[]",
      "the body: not allowed; allowed: { protocol, listen, upstream }",
      { field: "", allowed: "{ protocol, listen, upstream }" },
    ],
    [
      '{"protocol":"tcp","listen":9000,"upstream":"127.0.0.1:9000"}',
      "relay a: 127.0.0.1:9000 is the relay itself",
      { field: "upstream" },
    ],
    [
      '{"protocol":"udp","listen":"192.0.2.1:9","upstream":"127.0.0.1:2"}',
      "relay a: udp port 9 on 192.0.2.1 is not available: 192.0.2.1 is not an address of this machine",
      { field: "listen" },
    ],
  ])("refuses %p with one line", async (body, error, place) => {
    await using lab = await startTestLab();
    const refused = await ask(lab, "/a", put(body));
    expect([refused.status, refused.json()]).toEqual([400, { error, ...place }]);
    expect(lab.relays.list()).toEqual([]);
  });

  test("refuses names that are not a label, and bodies and names of any length, each with one line", async () => {
    await using lab = await startTestLab();
    for (const name of ["9a", "-", "a".repeat(64), "%F0%9F%98%80", "a%20b", "a%00"]) {
      const { status, text } = await ask(lab, `/${name}`, put("udp:0>127.0.0.1:9"));
      expect([name, status, text.length < 250, JSON.parse(text).field]).toEqual([name, 400, true, "name"]);
    }
    for (const body of ["udp:0>".padEnd(60_000, "a"), "a".repeat(100_000), `udp:0>${"a.".repeat(5000)}:1`]) {
      const { status, text } = await ask(lab, "/a", put(body));
      expect([status, text.length < 400, text.includes("\\n")]).toEqual([400, true, false]);
    }
    expect(lab.relays.list()).toEqual([]);
  });

  test("makes no relay twice when requests come at the same time", async () => {
    await using lab = await startTestLab();
    const port = freePort();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => ask(lab, "/a", put(`udp:${port}>127.0.0.1:${9000 + i}`))),
    );
    expect(answers.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
    expect(lab.relays.list().map(({ port }) => port)).toEqual([port]);
  });
});

describe("GET and DELETE", () => {
  test("/relays has all relays in the order in which they were made", async () => {
    await using lab = await startTestLab();
    expect((await ask(lab, "")).json()).toEqual({ relays: [], limit: MAX_RELAYS });
    await ask(lab, "/b", put("tcp:0>127.0.0.1:9000"));
    await ask(lab, "/a", put("udp:0>127.0.0.1:9000"));
    const { relays }: AllRelays = (await ask(lab, "")).json();
    expect(relays.map(({ name, protocol }) => [name, protocol])).toEqual([
      ["b", "tcp"],
      ["a", "udp"],
    ]);
    expect(relays[0]).toEqual(await stateOf(lab, "b"));
  });

  test("a relay that is deleted frees its port, and does not exist", async () => {
    await using lab = await startTestLab();
    await ask(lab, "/a", put("udp:0>127.0.0.1:9000"));
    const { port } = lab.relays.get("a") ?? expect.unreachable();
    const deleted = await ask(lab, "/a", { method: "DELETE" });
    expect([deleted.status, deleted.json()]).toEqual([200, { deleted: "a" }]);
    using _ = await openUdp(port);
    for (const [path, init] of [
      ["/a", {}],
      ["/a", { method: "DELETE" }],
      ["/a/impairments", {}],
      ["/a/impairments", put("none")],
      ["/a/impairments", { method: "DELETE" }],
      ["/a/flows", {}],
    ] as const) {
      const missing = await ask(lab, path, init);
      expect([missing.status, missing.json()]).toEqual([404, { error: 'there is no relay "a"' }]);
    }
    expect(await rejected(lab, "http", "not-found")).toBe(6);
  });

  test("other methods are answered with 405 and the methods that there are", async () => {
    await using lab = await startTestLab();
    const allowed = async (path: string) => {
      const { status, headers } = await ask(lab, path, { method: "POST" });
      return [status, headers.get("allow")];
    };
    expect(await allowed("")).toEqual([405, "GET, HEAD"]);
    expect(await allowed("/a")).toEqual([405, "DELETE, GET, HEAD, PUT"]);
    expect(await allowed("/a/impairments")).toEqual([405, "DELETE, GET, HEAD, PUT"]);
    expect(await allowed("/a/flows")).toEqual([405, "GET, HEAD"]);
  });
});

describe("/relays/{name}/impairments", () => {
  test("are set as text and as JSON, where numbers mean the same as in text", async () => {
    await using lab = await startTestLab();
    await ask(lab, "/u", put("udp:0>127.0.0.1:9000"));
    await ask(lab, "/t", put("tcp:0>127.0.0.1:9000"));
    expect((await ask(lab, "/u/impairments")).json()).toEqual({ text: "none", faults: { up: {}, down: {} } });
    const set = async (name: string, body: string) => (await ask(lab, `/${name}/impairments`, put(body))).json();
    const expected = {
      text: "drop=0.05/0.1,delay=0/20,queue=64000/0",
      faults: { up: { drop: 0.05, queue: { bytes: 64_000 } }, down: { drop: 0.1, delay: { kind: "fixed", ms: 20 } } },
    };
    expect(await set("u", '{"up":{"drop":0.05,"queue":64000},"down":{"drop":0.1,"delay":20}}')).toEqual(expected);
    expect(await set("u", "drop=5%/10%,delay=20,queue=64kB/0")).toEqual(expected);
    expect((await ask(lab, "/u/impairments")).json()).toEqual(expected);
    expect(await set("t", '{"up":{"stall":0.5,"slice":100,"reset":{"probability":1,"afterMs":50}}}')).toEqual({
      text: "stall=0.5/0,reset=1@50/0,slice=slice(100,0,0)/0",
      faults: {
        up: {
          stall: { probability: 0.5 },
          slice: { bytes: 100, variation: 0, gapMs: 0 },
          reset: { probability: 1, afterMs: 50 },
        },
        down: {},
      },
    });
    expect((await ask(lab, "/u/impairments", { method: "DELETE" })).json()).toEqual({
      text: "none",
      faults: { up: {}, down: {} },
    });
    expect((await stateOf(lab, "u")).faults.changes).toBe(3);
  });

  test("act in their direction, and leave the flow open", async () => {
    using echo = await openEcho();
    await using lab = await startTestLab();
    await ask(lab, "/a", put(`udp:0>127.0.0.1:${echo.port}`));
    const { port } = lab.relays.get("a") ?? expect.unreachable();
    using client = await openUdp();
    client.send("first", port);
    await until(() => client.got.length === 1, "the first echo");
    await ask(lab, "/a/impairments", put('{"down":{"drop":1}}'));
    client.send("lost", port);
    const { down, up, open } = await until(async () => {
      const state = await stateOf(lab, "a");
      return state.down.totals.dropped === 1 && state;
    }, "the loss");
    expect([open, up.drops, down.drops, down.dropBytes]).toEqual([1, {}, { drop: 1 }, { drop: 4 }]);
    await ask(lab, "/a/impairments", { method: "DELETE" });
    client.send("third", port);
    await until(() => client.got.length === 2, "the third echo");
    expect(client.got.map(String)).toEqual(["first", "third"]);
    const { flows }: RelayFlows = (await ask(lab, "/a/flows")).json();
    expect(flows.map(({ up, down }) => [up, down])).toEqual([
      [
        { packets: 3, bytes: 14, drops: 0 },
        { packets: 3, bytes: 14, drops: 1 },
      ],
    ]);
  });

  test.each([
    ["u", "", "the body is empty; allowed: faults as text or JSON, or none", {}],
    ["u", "drop=2", /^"2" is not a valid value for drop at character 6; allowed: /, { position: 5 }],
    ["t", "drop=0.1", /^a tcp relay has no fault "drop" at character 1; allowed: delay, /, { position: 0 }],
    ["t", '{"up":{"drop":0.1}}', /^up\.drop: no such field; allowed: delay, correlation, rate, /, { field: "up.drop" }],
    ["u", '{"drop":0.1}', "drop: no such field; allowed: up, down", { field: "drop", allowed: "up, down" }],
    ["u", '{"up":5}', /^up: not allowed; allowed: \{ drop, /, { field: "up" }],
    ["u", '{"up":{"delay":60001}}', /^up\.delay/, { field: "up.delay.ms" }],
    ["u", '{"down":{"rate":1}}', /^down\.rate: not allowed; allowed: a number from 100 to /, { field: "down.rate" }],
    ["u", '{"up":{"order":"mix"}}', 'up.order: not allowed; allowed: "keep"', { field: "up.order" }],
    [
      "u",
      '{"up":{"delay":{"kind":"uniform","minMs":5,"maxMs":4}}}',
      "up.delay.maxMs is not valid; allowed: a number from 5 to 60000",
      { field: "up.delay.maxMs" },
    ],
    [
      "t",
      '{"down":{"slice":{"bytes":10,"variation":10,"gapMs":0}}}',
      "down.slice.variation is not valid; allowed: an integer from 0 to 9",
      { field: "down.slice.variation" },
    ],
    ["u", '{"up":{"queue":{"bytes":1,"ms":2}}}', /^up\.queue/, { field: "up.queue" }],
    ["u", '{"__proto__":{"drop":1}}', /^__proto__: no such field/, { field: "__proto__" }],
    ["u", "null", /^"null" is not|has no fault "null"/, { position: 0 }],
    ["u", '"none"', /^the body: not allowed/, { field: "" }],
  ] as const)("of %s: %p is refused with one line and changes nothing", async (name, body, error, place) => {
    await using lab = await startTestLab();
    await ask(lab, "/u", put("udp:0>127.0.0.1:9000"));
    await ask(lab, "/t", put("tcp:0>127.0.0.1:9000"));
    await ask(lab, `/${name}/impairments`, put("delay=7"));
    const refused = await ask(lab, `/${name}/impairments`, put(body));
    expect([refused.status, refused.json()]).toMatchObject([400, place]);
    if (typeof error === "string") expect(refused.json().error).toBe(error);
    else expect(refused.json().error).toMatch(error);
    expect((await ask(lab, `/${name}/impairments`)).json().text).toBe("delay=0/7");
  });
});

describe("GET /relays/{name}/flows", () => {
  test("has at most 100 flows, those with the most octets first", async () => {
    await using lab = await startTestLab();
    await ask(lab, "/a", put("udp:0>127.0.0.1:9"));
    const { port } = lab.relays.get("a") ?? expect.unreachable();
    const clients = await Promise.all(Array.from({ length: 103 }, () => openUdp()));
    for (const [i, client] of clients.entries()) client.send("x".repeat(i + 1), port);
    await until(async () => (await stateOf(lab, "a")).open === 103, "the flows");
    const { flows, leftOut }: RelayFlows = (await ask(lab, "/a/flows")).json();
    expect([flows.length, leftOut]).toEqual([100, 3]);
    expect(flows.map(({ up }) => up.bytes)).toEqual(Array.from({ length: 100 }, (_, i) => 103 - i));
    for (const { peer, seconds } of flows) {
      expect(peer).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(seconds).toBeWithin(0, 10);
    }
    for (const client of clients) client.close();
  });
});

describe("rights", () => {
  const CHANGES = [
    ["/a", put("udp:0>127.0.0.1:9000")],
    ["/a", { method: "DELETE" }],
    ["/r/impairments", put("drop=1")],
    ["/r/impairments", { method: "DELETE" }],
    ["/r", { method: "DELETE" }],
  ] as const;

  test.each(CHANGES)("%s from a page of another site is refused, and nothing changes", async (path, init) => {
    await using lab = await startTestLab();
    await ask(lab, "/r", put("udp:0>127.0.0.1:9000"));
    const before = await stateOf(lab, "r");
    const foreign = await ask(lab, path, { ...init, headers: { origin: "http://example.com" } });
    expect([foreign.status, foreign.json().error]).toEqual([
      403,
      `Origin "http://example.com" is not allowed; use the lab's own page`,
    ]);
    const rebound = await ask(lab, path, { ...init, headers: { host: "example.com" } });
    expect(rebound.status).toBe(403);
    expect({ ...(await stateOf(lab, "r")), faults: before.faults }).toEqual(before);
    expect(lab.relays.list()).toHaveLength(1);
  });

  test.skipIf(!EXTERNAL)(
    "another machine needs the token, and sees neither upstreams nor peers without it",
    async () => {
      await using lab = await startTestLab({
        host: "0.0.0.0",
        token: TOKEN,
        relays: [
          {
            name: "r",
            protocol: "udp",
            listen: { host: "127.0.0.1", port: 0 },
            upstream: { host: "127.0.0.1", port: 9000 },
          },
        ],
      });
      const { port } = lab.relays.get("r") ?? expect.unreachable();
      using client = await openUdp();
      client.send("x", port);
      await until(async () => (await stateOf(lab, "r")).open === 1, "the flow");
      const outside = `http://${EXTERNAL}:${lab.ports.http}/relays`;
      for (const [path, init] of CHANGES) expect((await request(outside + path, init)).status).toBe(401);
      expect(lab.relays.list()).toHaveLength(1);
      const { relays }: AllRelays = (await request(outside)).json();
      const seen: RelayState = (await request(`${outside}/r`)).json();
      for (const each of [...relays, seen]) expect([each.name, each.upstream, each.address]).toEqual(["r", "", ""]);
      expect((await request(`${outside}/r/flows`)).json().flows).toMatchObject([{ peer: "", up: { bytes: 1 } }]);
      const headers = { authorization: `Bearer ${TOKEN}` };
      expect((await request(`${outside}/r`, { headers })).json().upstream).toBe("127.0.0.1:9000");
      expect((await request(`${outside}/r/impairments`, put("drop=1", headers))).status).toBe(200);
    },
  );
});
