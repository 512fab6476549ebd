/** Requests with values that no client sends. */
import { expect, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import { openTcp } from "../support/tcp.ts";
import { until } from "../support/until.ts";
import { startToxiproxy } from "./support.ts";

const VALUES: readonly unknown[] = [
  null,
  true,
  "",
  "x",
  "127.0.0.1:0",
  ":",
  "[",
  "[::1]:0",
  "upstream",
  "latency",
  "slicer",
  "constructor",
  0,
  -1,
  0.5,
  1e308,
  9_007_199_254_740_991,
  [],
  [null],
  {},
  { __proto__: null, latency: 9_007_199_254_740_991, jitter: -1 },
  "\u0000\ud800\u2028",
  "n".repeat(300),
];
const FIELDS = ["name", "listen", "upstream", "enabled", "type", "stream", "toxicity", "attributes", "__proto__"];
const PATHS = [
  "/proxies",
  "/proxies/p",
  "/proxies/p/toxics",
  "/proxies/p/toxics/t",
  "/populate",
  "/%ff",
  "/proxies/%00",
  "/reset",
];

test("any JSON gets a response of the API, and no internal error", async () => {
  await using server = startToxiproxy();
  await server.ask("POST", "/proxies", { name: "p", listen: "127.0.0.1:0", upstream: "127.0.0.1:1" });
  await server.ask("POST", "/proxies/p/toxics", { name: "t", type: "latency" });
  const draw = random(7, "hostile");
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(draw() * values.length)] as Value; // never empty
  const object = () =>
    `{${FIELDS.filter(() => draw() < 0.5).map((name) => `"${name}":${JSON.stringify(pick(VALUES))}`)}}`;
  const statuses = new Map<number, number>();
  for (let i = 0; i < 600; i++) {
    const body = pick([object, () => `[${object()},${object()}]`, () => JSON.stringify(pick(VALUES))])();
    const { status, text } = await server.ask(pick(["POST", "PATCH", "DELETE"]), pick(PATHS), body);
    expect(text).not.toContain("internal error");
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (i % 50 === 0)
      await server.ask("POST", "/proxies", { name: "p", listen: "127.0.0.1:0", upstream: "127.0.0.1:1" });
  }
  for (const status of [200, 204, 400, 404, 405]) expect(statuses.get(status)).toBeGreaterThan(0);
});

test("bodies that are nested deeply or too long are refused, and the next request is answered", async () => {
  await using server = startToxiproxy();
  const nested = await server.ask("POST", "/proxies", "[".repeat(500_000));
  expect(nested).toMatchObject({ status: 400 });
  const long = await server.ask("POST", "/proxies", JSON.stringify({ name: "x".repeat(1024 * 1024) }));
  expect(long.status).toBe(413);
  expect((await server.ask("GET", "/proxies")).text).toBe("{}");
});

test("a client that disappears before the end of its body is no error of the server", async () => {
  await using server = startToxiproxy(); // whose disposal throws its errors
  for (const end of ["finish", "reset"] as const) {
    using client = await openTcp(server.port);
    client.write("POST /proxies HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{");
    expect((await server.ask("GET", "/proxies")).text).toBe("{}");
    client[end]();
    await until(() => client.ended || end === "reset", "the connection is closed");
  }
  expect((await server.ask("GET", "/proxies")).text).toBe("{}");
});
