/** Proxies as relays, and who may change them. */
import { expect, test } from "bun:test";
import { EXTERNAL } from "../api/support.ts";
import { relayTo } from "../relay/support/relay.ts";
import { until } from "../support/until.ts";
import { openClient, startEcho, startToxiproxy } from "./support.ts";

test("the version is JSON, in which a part behind + names this program", async () => {
  await using server = startToxiproxy();
  const { status, text, type } = await server.ask("GET", "/version");
  expect({ status, text, type }).toEqual({
    status: 200,
    text: '{"version": "2.12.0+wirelab"}\n',
    type: "application/json;charset=utf-8",
  });
});

test("a proxy is a relay with counters, from its creation until it is removed", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "latency", attributes: { latency: 20 } });
  const relay = server.relay();
  expect(relay.port).toBe(port);
  expect(relay.faults).toEqual({ up: {}, down: { delay: { kind: "fixed", ms: 20 } } });
  using client = await openClient(port);
  client.write("12345");
  await until(() => client.read.length === 5, "the echo");
  expect([relay.counts.up.bytesOut, relay.counts.down.bytesOut]).toEqual([5, 5]);
  await server.ask("DELETE", "/proxies/proxy");
  expect(server.relays.list()).toEqual([]);
});

test("a disabled proxy has a closed port and closed connections; it opens again on the same port with its toxics", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "limit_data", attributes: { bytes: 3 } });
  using client = await openClient(port);
  await until(() => echo.accepted === 1, "the connection");
  const disabled = await server.ask("POST", "/proxies/proxy", { enabled: false });
  expect(disabled.body).toMatchObject({ enabled: false, listen: `127.0.0.1:${port}` });
  await until(() => client.end, "the connection is closed");
  await expect(openClient(port)).rejects.toThrow("connect");
  const enabled = await server.ask("POST", "/proxies/proxy", { enabled: true });
  expect(enabled.body).toMatchObject({ enabled: true, listen: `127.0.0.1:${port}` });
  using next = await openClient(port);
  next.write("12345");
  await until(() => next.end, "the limit");
  expect(next.read.toString()).toBe("123");
});

test("reset enables all proxies and removes all toxics", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(echo.port, { type: "timeout" });
  await server.ask("POST", "/proxies/proxy", { enabled: false });
  expect((await server.ask("POST", "/reset")).status).toBe(204);
  expect((await server.ask("GET", "/proxies/proxy")).body).toMatchObject({ enabled: true, toxics: [] });
  using client = await openClient(port);
  client.write("12345");
  await until(() => client.read.length === 5, "the echo");
});

test("a proxy that lists another upstream forwards there, and its connections before are closed", async () => {
  using first = startEcho();
  using second = startEcho();
  await using server = startToxiproxy();
  const port = await server.proxy(first.port);
  using client = await openClient(port);
  await until(() => first.accepted === 1, "the first upstream");
  await server.ask("PATCH", "/proxies/proxy", { upstream: `127.0.0.1:${second.port}` });
  await until(() => client.end, "the connection is closed");
  using next = await openClient(port);
  next.write("x");
  await until(() => second.received === 1, "the second upstream");
});

test("a relay of the lab is no proxy, and its name is taken", async () => {
  await using server = startToxiproxy();
  const [listen, upstream] = [
    { host: "127.0.0.1", port: 0 },
    { host: "127.0.0.1", port: 1 },
  ];
  await server.relays.put({ name: "own", protocol: "tcp", listen, upstream });
  expect((await server.ask("GET", "/proxies")).text).toBe("{}");
  const { status, body } = await server.ask("POST", "/proxies", { name: "own", upstream: "127.0.0.1:1" });
  expect([status, body]).toEqual([409, { error: "proxy already exists", status: 409 }]);
});

test("a proxy whose relay was closed elsewhere is disabled, and can be enabled", async () => {
  await using server = startToxiproxy();
  const port = await server.proxy(1);
  await server.relays.delete("proxy");
  expect((await server.ask("GET", "/proxies/proxy")).body).toMatchObject({ enabled: false });
  expect((await server.ask("POST", "/reset")).status).toBe(204);
  expect(server.relay().port).toBe(port);
});

test("a listen address without a host is the lab's own", async () => {
  await using server = startToxiproxy();
  const { body } = await server.ask("POST", "/proxies", { name: "proxy", listen: ":0", upstream: "127.0.0.1:1" });
  expect(body).toMatchObject({ listen: `127.0.0.1:${server.relay().port}` });
});

test("what is made at the same time has one order: one of two proxies of a name exists", async () => {
  await using server = startToxiproxy();
  const create = () =>
    server.ask("POST", "/proxies", { name: "proxy", listen: "127.0.0.1:0", upstream: "127.0.0.1:1" });
  const answers = await Promise.all([create(), create(), create()]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
  expect(server.relays.list().length).toBe(1);
});

test("names, proxies and toxics are bounded", async () => {
  await using server = startToxiproxy();
  const create = (name: string) => server.ask("POST", "/proxies", { name, upstream: "127.0.0.1:1", enabled: false });
  expect((await create("n".repeat(255))).status).toBe(201);
  expect(await create("n".repeat(256))).toMatchObject({ status: 400 });
  for (let i = 1; i < 64; i++) await create(`p${i}`);
  expect((await create("further")).body).toEqual({ error: "there are 64 proxies already", status: 500 });
  const toxic = (name: string) => server.ask("POST", "/proxies/p1/toxics", { name, type: "latency" });
  for (let i = 0; i < 64; i++) expect((await toxic(`t${i}`)).status).toBe(200);
  expect((await toxic("further")).body).toEqual({ error: "a proxy has at most 64 toxics", status: 500 });
});

const BROWSER = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64)" };

test("browsers are refused, also to read", async () => {
  await using server = startToxiproxy();
  for (const method of ["GET", "POST"]) {
    const { status, text } = await server.ask(method, "/proxies", method === "POST" ? "{}" : undefined, BROWSER);
    expect([status, text]).toEqual([403, "User agent not allowed\n"]);
  }
});

test("changes with a foreign Origin or Host are refused, and change nothing", async () => {
  await using server = startToxiproxy();
  const create = (headers: Readonly<Record<string, string>>) =>
    server.ask("POST", "/proxies", { name: "p", upstream: "127.0.0.1:1" }, headers);
  expect(await create({ origin: "http://evil.example" })).toMatchObject({
    status: 403,
    body: { error: 'Origin "http://evil.example" is not allowed; use the lab\'s own page', status: 403 },
  });
  expect(await create({ host: "evil.example" })).toMatchObject({
    status: 403,
    body: { error: 'Host "evil.example" is not allowed; use an address or localhost', status: 403 },
  });
  expect(server.relays.list()).toEqual([]);
});

test.skipIf(!EXTERNAL)("a client behind a relay is not on this machine: it needs the token", async () => {
  await using server = startToxiproxy({ token: "secret-token" });
  await using relay = await relayTo("tcp", server.port, { host: "0.0.0.0" });
  const url = `http://${EXTERNAL}:${relay.port}`;
  const reset = (headers: Readonly<Record<string, string>>) => fetch(`${url}/reset`, { method: "POST", headers });
  const refused = await reset({});
  expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  expect((await reset({ authorization: "Bearer secret-token" })).status).toBe(204);
  expect((await fetch(`${url}/proxies`)).status).toBe(401); // upstreams are not shown
  expect((await fetch(`${url}/version`)).status).toBe(200);
});
