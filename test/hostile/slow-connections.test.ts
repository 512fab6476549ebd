/** Connections that are idle, that send an octet a second, and viewers that never read. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { DEFAULT_LIMITS } from "../../src/limits.ts";
import { STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { startLabProcess } from "../servers/support/lab-process.ts";
import { testFrame } from "../support/clients.ts";
import { openHttp } from "../support/http.ts";
import { rejected, scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { openCrowd } from "./support/crowd.ts";
import { limitMemory } from "./support/memory-limit.ts";
import { countOf, DEADLINE_MS, named } from "./support/scale.ts";
import { expectRecovery, expectService, startingPoint } from "./support/service.ts";

setDefaultTimeout(DEADLINE_MS);

const LIMIT_MS = 30_000;
const IDLE = countOf(200, 5000);
const TRICKLING = countOf(200, 1000);
/** Above the limit of connections. */
const SLOW_HEADS = countOf(340, 4200);
const VIEWERS = 300;
/** Part of the viewers that one network may have, as in src/live/stream.ts. */
const PLACES = DEFAULT_LIMITS.viewers / 4;

test.concurrent.each([
  [named(IDLE), "http", "", DEFAULT_LIMITS.httpConnections],
  [named(IDLE), "http", "G", DEFAULT_LIMITS.httpConnections],
  [named(IDLE), "tcp", "", DEFAULT_LIMITS.tcpConnections],
  [named(IDLE), "tcp", "S", DEFAULT_LIMITS.tcpConnections],
] as const)("%s idle connections (%s, first octet %j)", async (_, protocol, octets, limit) => {
  using group = limitMemory(512 * 2 ** 20);
  await using lab = await startLabProcess({}, group?.wrap);
  const before = await startingPoint(lab);
  {
    await using crowd = await openCrowd(lab.ports[protocol], IDLE);
    crowd.write(octets);
    const surplus = Math.max(0, IDLE - limit);
    // The runtime accepts an HTTP connection when its first octet arrives.
    const expected = protocol === "http" && octets === "" ? 0 : surplus;
    await until(() => crowd.closed >= expected, "the end of the surplus", LIMIT_MS);
    if (expected > 0) expect(await rejected(lab, protocol, "connection-limit")).toBeGreaterThanOrEqual(expected);
    if (surplus === 0) await expectService(lab);
    expect((await fetch(`http://127.0.0.1:${lab.ports.http}/healthz`)).status).toBe(200);
  }
  await expectRecovery(lab, before);
});

const HEAD = "POST / HTTP/1.1\r\nHost: localhost\r\n";
const CONTROL = "PUT /impairments/http HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const FRAME = testFrame(1);

test.concurrent.each([
  [named(TRICKLING), "http", "a header", "GET / HTTP/1.1\r\nX-Slow: ", "x", ["too-slow"]],
  [
    named(TRICKLING),
    "http",
    "a body of a control request",
    `${CONTROL}Content-Length: 1000\r\n\r\n`,
    " ",
    ["too-slow"],
  ],
  [named(TRICKLING), "http", "a body", `${HEAD}Content-Length: 1000\r\n\r\n`, "1", ["too-slow", "memory-limit"]],
  [
    named(TRICKLING),
    "http",
    "a chunked body",
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n3e8\r\n`,
    "1",
    ["too-slow", "memory-limit"],
  ],
  [
    named(TRICKLING),
    "tcp",
    "a frame",
    Buffer.concat([Buffer.from(STAMP_PREFACE), FRAME.subarray(0, 20)]),
    "\0",
    ["idle"],
  ],
] as const)(
  "%s connections with an octet a second (%s, in %s)",
  async (_count, protocol, _place, start, octet, ends) => {
    using group = limitMemory(512 * 2 ** 20);
    await using lab = await startLabProcess(
      { limits: { httpBodyMs: 1500, httpRequestMs: 2500, tcpIdleSeconds: 1.5 } },
      group?.wrap,
    );
    const before = await startingPoint(lab);
    {
      await using crowd = await openCrowd(lab.ports[protocol], TRICKLING);
      crowd.write(start);
      let seconds = 0;
      const trickling = setInterval(() => {
        seconds++;
        crowd.write(octet);
      }, 1000);
      const isOver = async () => {
        const counts = await Promise.all(ends.map((reason) => rejected(lab, protocol, reason)));
        const ended = counts.reduce((sum, count) => sum + count, 0);
        return ended === TRICKLING && seconds > 0;
      };
      await until(isOver, "the time limit", LIMIT_MS).finally(() => clearInterval(trickling));
      await expectService(lab);
    }
    await expectRecovery(lab, before);
  },
);

test.concurrent.each([named(SLOW_HEADS)])(
  "while %s connections send a header at an octet a second, others are answered",
  async () => {
    using group = limitMemory(512 * 2 ** 20);
    const limits = { httpConnections: countOf(300, DEFAULT_LIMITS.httpConnections), httpRequestMs: 3000 };
    await using lab = await startLabProcess({ limits }, group?.wrap);
    const before = await startingPoint(lab);
    {
      await using crowd = await openCrowd(lab.ports.http, SLOW_HEADS);
      crowd.write("GET / HTTP/1.1\r\nX-Slow: ");
      using keptAlive = await openHttp(lab.ports.http);
      const ask = () => keptAlive.ask("GET /status/204 HTTP/1.1\r\nHost: localhost\r\n\r\n");
      const trickling = setInterval(() => crowd.write("x"), 1000);
      const areClosed = async () => {
        expect((await ask()).status).toBe(204);
        const health = fetch(`http://127.0.0.1:${lab.ports.http}/healthz`, { headers: { connection: "close" } });
        expect((await health).status).toBe(200);
        return crowd.closed === SLOW_HEADS;
      };
      await until(areClosed, "the end of the slow ones", LIMIT_MS).finally(() => clearInterval(trickling));
      const reasons = ["too-slow", "connection-limit"] as const;
      const counts = await Promise.all(reasons.map((reason) => rejected(lab, "http", reason)));
      expect(counts[0]).toBeGreaterThan(SLOW_HEADS / 2);
      // While all places are taken, a request of the others can be refused too, and is sent again.
      expect(counts.reduce((sum, count) => sum + count, 0)).toBeWithin(SLOW_HEADS, SLOW_HEADS + 5);
    }
    await expectRecovery(lab, before);
  },
);

test.concurrent("300 viewers that never read: the places of one network are limited, another network gets one", async () => {
  using group = limitMemory(512 * 2 ** 20);
  await using lab = await startLabProcess({ host: "::" }, group?.wrap);
  const before = await startingPoint(lab);
  const size = async () => (await scrape(lab)).get("wirelab_bounded_size", { structure: "viewers" });
  {
    await using crowd = await openCrowd(lab.ports.http, VIEWERS);
    for (const socket of crowd.sockets) socket.pause();
    crowd.write("GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const isRefused = async () =>
      (await scrape(lab)).get("wirelab_bounded_overflows_total", { structure: "viewers" }) === VIEWERS - PLACES;
    await until(isRefused, "the refusal of the others", LIMIT_MS);
    expect(await size()).toBe(PLACES);
    const other = await fetch(`http://[::1]:${lab.ports.http}/live`);
    expect(other.status).toBe(200);
    await other.body?.cancel();
    await expectService(lab);
  }
  await until(async () => (await size()) === 0, "the end of all viewers", LIMIT_MS);
  await expectRecovery(lab, before);
});
