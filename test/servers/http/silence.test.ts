/** The faults `close` and `stall` on real connections: what clients see, and what the lab keeps. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { systemClock } from "../../../src/base/clock.ts";
import { parseImpairments } from "../../../src/faults/text.ts";
import type { Lab, LabOptions } from "../../../src/lab.ts";
import { RequestExchange } from "../../../src/servers/http/exchange.ts";
import { TimedHeaders } from "../../../src/servers/http/timing.ts";
import { setFaults } from "../../support/clients.ts";
import { type HttpConnection, openHttp } from "../../support/http.ts";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { rejected, type Series, scrape } from "../../support/scrape.ts";
import { until } from "../../support/until.ts";

setDefaultTimeout(20_000);

const GET = "GET /status/200 HTTP/1.1\r\nHost: lab\r\n\r\n";
const OK = /HTTP\/1\.1 200 /g;

function labWith(text: string, options: LabOptions = {}): Promise<Lab> {
  return startTestLab({ impair: parseImpairments(`http:${text}`), ...options });
}

/** Sends requests with curl over one connection at a time; returns its exit status and the statuses of the responses. */
async function curl(...args: readonly string[]) {
  const command = ["curl", "-q", "-s", "-o", "/dev/null", "-w", "%{http_code} ", ...args];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "ignore" });
  const statuses = await new Response(child.stdout).text();
  return { exit: await child.exited, statuses: statuses.trim().split(" ") };
}

function connections(lab: Lab, count: number): Promise<HttpConnection[]> {
  return Promise.all(Array.from({ length: count }, () => openHttp(lab.ports.http)));
}

function injected(series: Series, kind: string, direction: string): number {
  return series.get("wirelab_impairments_total", { protocol: "http", kind, direction });
}

/** Size, limit and overflows of the stalled requests. */
function stalled(series: Series): number[] {
  return ["size", "limit", "overflows_total"].map((name) =>
    series.get(`wirelab_bounded_${name}`, { structure: "http-stalled" }),
  );
}

/** Waits until the lab holds `count` stalled requests. */
async function untilStalled(lab: Lab, count: number): Promise<void> {
  await until(async () => stalled(await scrape(lab))[0] === count, `${count} stalled requests`);
}

describe.each(["up", "down"] as const)("close %s", (direction) => {
  const text = direction === "up" ? "close=1" : "close=0/1";

  test("ends the connection with a FIN and without a response, which curl and fetch report", async () => {
    await using lab = await labWith(text);
    using connection = await openHttp(lab.ports.http);
    connection.write(GET);
    await until(() => connection.ended, "the end of the connection");
    expect(connection.text).toBe("");
    expect(await curl(urlOf(lab, "/status/200"))).toEqual({ exit: 52, statuses: ["000"] }); // 52: empty reply
    expect(await curl("-d", "{}", urlOf(lab, "/"))).toEqual({ exit: 52, statuses: ["000"] });
    const failure = await fetch(urlOf(lab, "/echo"), { method: "POST", body: "x", keepalive: false }).catch(
      (error: Error & { code?: string }) => error.code,
    );
    expect(failure).toBe("ECONNRESET");
    const series = await scrape(lab);
    expect(series.get("packets_total", { protocol: "http" })).toBe(4);
    expect(series.get("dropped_packets_total", { protocol: "http" })).toBe(4);
    expect(series.get("wirelab_drops_total", { protocol: "http", reason: `fault-${direction}` })).toBe(4);
    expect(injected(series, "close", direction)).toBe(4);
    expect(stalled(series)).toEqual([0, 2048, 0]);
  });
});

describe("close", () => {
  test("after a response on the same connection, and behind one in the same segment, keeps that response", async () => {
    await using lab = await labWith("delay=0");
    using kept = await openHttp(lab.ports.http);
    using pipelined = await openHttp(lab.ports.http);
    expect((await kept.ask(GET)).status).toBe(200);
    await setFaults(lab, "http", { close: { up: 1, down: 0 } });
    expect((await kept.ask(GET)).status).toBe(0);
    pipelined.write(`GET /healthz HTTP/1.1\r\nHost: lab\r\n\r\n${GET}`);
    await until(() => pipelined.ended, "the end of the connection");
    expect(pipelined.text.match(OK)).toHaveLength(1);
  });

  test("closes each of 300 connections at once, and no other", async () => {
    await using lab = await labWith("delay=0");
    using other = await openHttp(lab.ports.http);
    const open = await connections(lab, 300);
    await setFaults(lab, "http", { close: { up: 1, down: 0 } });
    for (const connection of open) connection.write(GET);
    await until(() => open.every(({ ended }) => ended), "the end of all connections");
    expect(open.map(({ text }) => text).join("")).toBe("");
    await setFaults(lab, "http", {});
    expect((await other.ask(GET)).status).toBe(200);
  });

  test.if(process.platform === "linux")("finds a connection over IPv6, and IPv4 on a lab for both", async () => {
    await using lab = await labWith("close=1", { host: "::" });
    for (const host of ["::1", "127.0.0.1"]) {
      using connection = await openHttp(lab.ports.http, host);
      connection.write(GET);
      await until(() => connection.ended, `the end of the connection from ${host}`);
    }
  });
});

describe("stall", () => {
  test("leaves the connection open until the client gives up; others are answered meanwhile", async () => {
    await using lab = await labWith("stall=1");
    const given = curl("-m", "0.3", urlOf(lab, "/status/200"));
    await untilStalled(lab, 1);
    expect(await given).toEqual({ exit: 28, statuses: ["000"] }); // 28: time-out
    const fetched = fetch(urlOf(lab, "/status/200"), { signal: AbortSignal.timeout(100) });
    expect(await fetched.catch((error: Error) => error.name)).toBe("TimeoutError");
    await untilStalled(lab, 0);
    const series = await scrape(lab);
    expect([injected(series, "stall", "up"), injected(series, "stall", "down")]).toEqual([2, 0]);
    expect(series.get("wirelab_drops_total", { protocol: "http", reason: "fault-up" })).toBe(2);
  });

  test("with a request behind it on the same connection, closes the connection: the runtime accepts none then", async () => {
    await using lab = await labWith("stall=1");
    for (const second of [GET, ""]) {
      using connection = await openHttp(lab.ports.http);
      connection.write(`${GET}${second}`);
      if (second === "") {
        await untilStalled(lab, 1);
        connection.write(GET);
      }
      await until(() => connection.ended, "the end of the connection");
      await untilStalled(lab, 0);
    }
    expect((await scrape(lab)).get("packets_total", { protocol: "http" })).toBe(2);
  });

  test("keeps its fate when the faults change, and a stop of the lab ends it promptly", async () => {
    const lab = await labWith("delay=1,stall=0/1");
    const open = await connections(lab, 600);
    for (const connection of open) connection.write(GET);
    await untilStalled(lab, 600);
    await setFaults(lab, "http", {});
    expect((await fetch(urlOf(lab, "/status/200"))).status).toBe(200);
    expect(open.some(({ ended }) => ended)).toBe(false);
    expect(injected(await scrape(lab), "stall", "down")).toBe(600);
    const startedAt = performance.now();
    await lab.stop();
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await until(() => open.every(({ ended }) => ended), "the end of all connections");
    expect(open.map(({ text }) => text).join("")).toBe("");
  });

  test("above the limit of number closes the oldest, and counts it; clients that go away leave nothing", async () => {
    await using lab = await labWith("stall=0.5/0.5,close=0", { limits: { httpStalled: 100 } });
    await setFaults(lab, "http", { stall: { up: 1, down: 0 } });
    const first = await connections(lab, 100);
    for (const connection of first) connection.write(GET);
    await untilStalled(lab, 100);
    const later = await connections(lab, 100);
    for (const connection of later) connection.write(GET);
    await until(() => first.every(({ ended }) => ended), "the end of the oldest");
    expect(later.some(({ ended }) => ended)).toBe(false);
    expect(stalled(await scrape(lab))).toEqual([100, 100, 100]);
    expect(await rejected(lab, "http", "stall-limit")).toBe(100);
    for (const connection of later) connection.close();
    await untilStalled(lab, 0);
  });

  test("above the limit of time closes the connection, and counts it", async () => {
    await using lab = await labWith("stall=1", { limits: { httpStallMs: 50 } });
    using connection = await openHttp(lab.ports.http);
    const startedAt = performance.now();
    connection.write(GET);
    await until(() => connection.ended, "the end of the connection");
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(50);
    expect(connection.text).toBe("");
    expect(await rejected(lab, "http", "stall-limit")).toBe(1);
    expect(stalled(await scrape(lab))).toEqual([0, 2048, 0]);
  });
});

test("a delayed request whose client has gone is lost without a trace", async () => {
  await using lab = await labWith("delay=150,stall=0/0.5,close=0/1");
  const open = await connections(lab, 20);
  for (const connection of open) connection.write(GET);
  await until(async () => (await scrape(lab)).get("packets_total", { protocol: "http" }) === 20, "20 packets");
  for (const connection of open) connection.close();
  await until(async () => (await scrape(lab)).get("dropped_packets_total", { protocol: "http" }) === 20, "20 losses");
  const series = await scrape(lab);
  expect(stalled(series)[0]).toBe(0);
  expect(series.get("wirelab_internal_errors_total")).toBe(0);
  expect(series.get("wirelab_drops_total", { protocol: "http", reason: "fault-down" })).toBe(20);
});

describe("a session of requests", () => {
  const ID = "0123456789abcdef";
  const lossesOf = async (lab: Lab, id: string) => (await fetch(urlOf(lab, `/http-sessions/${id}`))).json();

  test("has the losses of its requests by direction, whatever fault caused them", async () => {
    await using lab = await labWith("close=1");
    const request = GET.replace("\r\n\r\n", `\r\nX-Wirelab-Session: ${ID}\r\n\r\n`);
    for (const faults of [{ close: { up: 1, down: 0 } }, { stall: { up: 0, down: 1 } }, { drop: { up: 0, down: 1 } }]) {
      await setFaults(lab, "http", faults);
      using connection = await openHttp(lab.ports.http);
      connection.write(`${request}`);
      await until(
        async () => (await scrape(lab)).get("wirelab_bounded_size", { structure: "http-sessions" }),
        "a loss",
      );
    }
    await until(async () => (await scrape(lab)).get("dropped_packets_total", { protocol: "http" }) === 3, "3 losses");
    expect(await lossesOf(lab, ID)).toMatchObject({ id: ID, dropped: { up: 1, down: 2 } });
    expect(await lossesOf(lab, "fedcba9876543210")).toMatchObject({ dropped: { up: 0, down: 0 } });
    expect((await fetch(urlOf(lab, "/http-sessions/7"))).status).toBe(400);
  });

  test("is forgotten when there are too many, the one with the earliest last loss first", async () => {
    await using lab = await labWith("close=1", { limits: { httpSessions: 2 } });
    for (const digit of ["a", "b", "a", "c"]) {
      using connection = await openHttp(lab.ports.http);
      connection.write(GET.replace("\r\n\r\n", `\r\nX-Wirelab-Session: ${digit.repeat(16)}\r\n\r\n`));
      await until(() => connection.ended, "the end of the connection");
    }
    const counts = await Promise.all(["a", "b", "c"].map((digit) => lossesOf(lab, digit.repeat(16))));
    expect(counts.map(({ dropped }) => dropped.up)).toEqual([2, 0, 1]);
    expect((await scrape(lab)).get("wirelab_bounded_overflows_total", { structure: "http-sessions" })).toBe(1);
  });
});

test("a response that is due after the runtime's idle limit keeps its connection open, and no other does", () => {
  const kept: number[] = [];
  const exchangeAt = (receivedAt: number) => {
    const silent = { leave() {}, keepOpen: () => void kept.push(receivedAt) };
    const lost = { silent, sessions: { lost() {} } };
    const headers = new TimedHeaders([undefined], undefined);
    const request = new Request("http://lab/");
    return new RequestExchange(request, () => null, systemClock(), headers, { status: 200 }, 0, lost, receivedAt);
  };
  expect(exchangeAt(1).order(1 + 60_000)).toBe(60_001);
  expect(exchangeAt(2).order(2 + 1500)).toBe(1502);
  expect(kept).toEqual([1]);
});
