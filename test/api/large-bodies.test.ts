/** Large responses: their octets, their parts, and the limit of all that are being sent. */
import { afterAll, expect, test } from "bun:test";
import { LargeBodies } from "../../src/api/large-bodies.ts";
import { Budget } from "../../src/base/bounded.ts";
import { watchTurns } from "../support/turns.ts";
import { until } from "../support/until.ts";

const LARGE = Uint8Array.from({ length: 4 * 1024 * 1024 }, (_, i) => i % 251);
const budget = new Budget(10 * 1024 * 1024);
const bodies = new LargeBodies(budget);
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: ({ url }) => bodies.respond(url.endsWith("small") ? LARGE.slice(0, 1000) : LARGE, { "content-type": "x/y" }),
  error: ({ name, message }) => new Response(`${name}: ${message}`, { status: 503 }),
});
afterAll(() => server.stop(true));

/** A connection that requests the large response and reads nothing. */
async function openUnread() {
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: server.port ?? 0,
    socket: { data() {}, error() {} },
  });
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  return { [Symbol.dispose]: () => socket.terminate() };
}

test("a small and a large body arrive as they are, with their headers", async () => {
  const small = await fetch(`${server.url}small`);
  expect([small.headers.get("content-length"), small.headers.get("content-type")]).toEqual(["1000", "x/y"]);
  const large = await fetch(server.url);
  expect(large.headers.get("content-type")).toBe("x/y");
  expect(Buffer.from(await large.bytes()).equals(LARGE)).toBe(true);
  expect([budget.size, budget.overflows]).toEqual([0, 0]);
});

test("a large body takes many turns of the event loop", async () => {
  const { count } = await watchTurns(
    0,
    fetch(server.url).then((response) => response.bytes()),
  );
  expect(count).toBeGreaterThan(64);
});

test("unread bodies are limited in sum, and released when their connections close", async () => {
  {
    using _first = await openUnread();
    using _second = await openUnread();
    await until(() => budget.size === 2 * LARGE.length, "two responses are being sent");
    const refused = await fetch(server.url);
    expect([refused.status, await refused.text()]).toEqual([
      503,
      "MemoryLimitError: responses that are being sent hold 10485760 bytes; try again later",
    ]);
    expect((await fetch(`${server.url}small`)).status).toBe(200);
    expect(budget.overflows).toBe(1);
  }
  await until(() => budget.size === 0, "the octets are released");
  expect((await (await fetch(server.url)).bytes()).length).toBe(LARGE.length);
});

test("a request with HEAD, and a client that closes before the response, leave nothing", async () => {
  for (let i = 0; i < 20; i++) {
    await fetch(server.url, { method: "HEAD" });
    await fetch(server.url, { signal: AbortSignal.timeout(i % 4) }).catch(() => {});
  }
  await until(() => budget.size === 0, "the octets are released");
});
