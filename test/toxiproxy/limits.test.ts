/** What requests may hold: the limits of the lab's other ports. */
import { expect, test } from "bun:test";
import { startTestLab } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { openTcp } from "../support/tcp.ts";
import { until } from "../support/until.ts";
import { startToxiproxy } from "./support.ts";

const post = (length: number) => `POST /proxies HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`;

test("connections above the limit are closed, and requests are answered", async () => {
  await using lab = await startTestLab({ toxiproxyPort: 0, limits: { httpConnections: 20 } });
  const port = lab.ports.toxiproxy ?? 0;
  await using crowd = new AsyncDisposableStack();
  const peers = await Promise.all(Array.from({ length: 40 }, async () => crowd.use(await openTcp(port))));
  for (const peer of peers) peer.write("G");
  await until(() => peers.filter(({ ended }) => ended).length >= 20, "the end of the surplus");
  const { status } = await fetch(`http://127.0.0.1:${port}/version`);
  expect(status).toBe(200);
  const series = await scrape(lab);
  const structure = "toxiproxy-connections";
  expect(series.get("wirelab_bounded_limit", { structure })).toBe(20);
  expect(series.get("wirelab_bounded_overflows_total", { structure })).toBeGreaterThanOrEqual(20);
});

test("a lab without the port has no series of its connections", async () => {
  await using lab = await startTestLab();
  const series = await scrape(lab);
  expect(() => series.get("wirelab_bounded_limit", { structure: "toxiproxy-connections" })).toThrow();
});

test("a body that does not arrive in time gets 408", async () => {
  await using server = startToxiproxy({ limits: { httpBodyMs: 100 } });
  using peer = await openTcp(server.port);
  peer.write(`${post(100)}{`);
  await until(() => peer.read.includes("\n\n") || peer.read.includes("408}"), "the response");
  expect(`${peer.read}`).toStartWith("HTTP/1.1 408");
  expect(`${peer.read}`).toContain('{"error":"the body did not arrive in time","status":408}');
});

test("a long body that does not fit beside others gets 503, and a short one is read", async () => {
  await using server = startToxiproxy({ limits: { httpBodiesBytes: 256 * 1024 } });
  using first = await openTcp(server.port);
  first.write(`${post(200_000)}[`);
  const long = () => server.ask("POST", "/populate", `[${" ".repeat(20_000)}]`);
  const { status, body } = await until(async () => {
    const answer = await long();
    return answer.status === 503 && answer;
  }, "the refusal");
  expect([status, body]).toEqual([503, { error: "other requests have too much memory; try again later", status: 503 }]);
  expect((await server.ask("POST", "/populate", "[]")).status).toBe(201);
  first.reset();
  await until(async () => (await long()).status === 201, "the memory of the client that is gone");
});

test("the bodies of requests that wait for another one count as well", async () => {
  // The first request waits for the address of its upstream.
  await using server = startToxiproxy({
    limits: { httpBodiesBytes: 60_000 },
    lookUpMs: 300,
    lookUp: () => new Promise(() => {}),
  });
  const first = server.ask("POST", "/proxies", { name: "p", listen: "127.0.0.1:0", upstream: "x.test:1" });
  const body = `[${" ".repeat(15_000)}]`;
  const answers = await Promise.all(Array.from({ length: 8 }, () => server.ask("POST", "/populate", body)));
  const statuses = answers.map(({ status }) => status).toSorted();
  expect((await first).status).toBe(201);
  expect([statuses[0], statuses.at(-1)]).toEqual([201, 503]);
  expect(statuses.filter((status) => status === 201).length).toBeLessThanOrEqual(4);
  expect((await server.ask("POST", "/populate", body)).status).toBe(201);
});
