/** The faults `close`, `stall` and `reset` on HTTPS, HTTP/2 and HTTP/3: what clients see, and what the lab counts and keeps. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { parseImpairments } from "../../../src/faults/text.ts";
import type { Lab, LabOptions } from "../../../src/lab.ts";
import { setFaults, trafficOf } from "../../support/clients.ts";
import { ALL_FREE_PORTS, startTestLab, urlOf } from "../../support/lab.ts";
import { scrape } from "../../support/scrape.ts";
import { until } from "../../support/until.ts";
import { ask, openHttp2, type SecureVersion } from "../../support/versions.ts";

setDefaultTimeout(20_000);

const ID = "0123456789abcdef";
/** A request that the runtime's client does not send again after a reset, as it does with a GET over HTTP/3. */
const POST = { method: "POST", body: "{}" };
const SESSION = { "x-wirelab-session": ID };

function labWith(protocol: SecureVersion, text: string, options: LabOptions = {}): Promise<Lab> {
  const ports = { ...ALL_FREE_PORTS, httpsPort: "off", http2Port: "off", http3Port: "off", tlsPort: "off" } as const;
  return startTestLab({
    ...ports,
    [`${protocol}Port`]: 0,
    impair: parseImpairments(`${protocol}:${text}`),
    ...options,
  });
}

/** The code of the error with which a request ends; its status if it gets a response. */
function endOf(answer: Promise<Response>): Promise<string | number> {
  return answer.then(
    ({ status }) => status,
    (error: Error & { code?: string }) => (typeof error.code === "string" ? error.code : error.name),
  );
}

async function stalled(lab: Lab, protocol: SecureVersion): Promise<number> {
  return (await scrape(lab)).get("wirelab_bounded_size", { structure: `${protocol}-stalled` });
}

function untilStalled(lab: Lab, protocol: SecureVersion, count: number) {
  return until(async () => (await stalled(lab, protocol)) === count, `${count} stalled requests`);
}

async function lossesOf(lab: Lab) {
  return (await (await fetch(urlOf(lab, `/http-sessions/${ID}`))).json()).dropped;
}

describe("close", () => {
  test.each(["up", "down"] as const)("%s ends a connection of HTTPS without a response", async (direction) => {
    await using lab = await labWith("https", direction === "up" ? "close=1" : "close=0/1");
    expect(await endOf(ask(lab, "https", "/echo", { method: "POST", body: "x", headers: SESSION }))).toBe("ECONNRESET");
    const { packets, dropped, drops } = await trafficOf(lab, "https");
    expect([packets, dropped, drops(`fault-${direction}`)]).toEqual([1, 1, 1]);
    expect(await lossesOf(lab)).toEqual({ up: 0, down: 0, [direction]: 1 });
  });

  test("ends the whole connection of HTTP/2: other requests on it are lost as peer-gone, and no other connection is", async () => {
    await using lab = await labWith("http2", "delay=300");
    using connection = await openHttp2(lab.ports.http2 ?? 0);
    using other = await openHttp2(lab.ports.http2 ?? 0);
    const delayed = connection.send("/status/204", SESSION);
    const elsewhere = other.send("/status/204", SESSION);
    await until(async () => (await trafficOf(lab, "http2")).packets === 2, "two delayed packets");
    await setFaults(lab, "http2", { close: { up: 1, down: 0 } });
    const closed = connection.send("/status/204", SESSION);
    expect((await closed.end).status).toBe(0);
    expect((await delayed.end).status).toBe(0);
    expect((await elsewhere.end).status).toBe(204);
    await until(() => connection.ended, "the end of the connection");
    expect(other.ended).toBe(false);
    const { packets, answered, drops } = await until(async () => {
      const traffic = await trafficOf(lab, "http2");
      return traffic.dropped === 2 && traffic;
    }, "the drop of the delayed packet");
    expect([packets, answered, drops("fault-up"), drops("peer-gone")]).toEqual([3, 1, 1, 1]);
    expect(await lossesOf(lab)).toEqual({ up: 1, down: 0 });
  });
});

describe("reset", () => {
  test.each(["http2", "http3"] as const)("resets the stream of %s, and the connection serves on", async (protocol) => {
    await using lab = await labWith(protocol, "delay=0");
    expect((await ask(lab, protocol, "/status/204")).status).toBe(204);
    for (const faults of [{ reset: 1 }, { reset: 1, delay: { kind: "fixed", ms: 5 } } as const]) {
      await setFaults(lab, protocol, faults);
      const end = await endOf(ask(lab, protocol, "/", { ...POST, headers: SESSION }));
      expect(end).toBe(protocol === "http2" ? "HTTP2StreamReset" : "HTTP3StreamReset");
    }
    await setFaults(lab, protocol, {});
    expect((await ask(lab, protocol, "/status/204")).status).toBe(204);
    const { packets, answered, drops, injected } = await trafficOf(lab, protocol);
    expect([packets, answered, drops("fault-reset"), injected("reset", "down")]).toEqual([4, 2, 2, 2]);
    expect(await lossesOf(lab)).toEqual({ up: 0, down: 2 });
  });

  test("is RST_STREAM with INTERNAL_ERROR before any header on HTTP/2; other streams are answered", async () => {
    await using lab = await labWith("http2", "delay=100");
    using connection = await openHttp2(lab.ports.http2 ?? 0);
    const delayed = connection.send("/status/204");
    await until(async () => (await trafficOf(lab, "http2")).packets === 1, "the delayed packet");
    await setFaults(lab, "http2", { reset: 1 });
    expect(await connection.send("/status/204").end).toEqual({ status: 0, code: 2, body: "" });
    expect((await delayed.end).status).toBe(204);
    expect(connection.ended).toBe(false);
  });
});

describe("stall", () => {
  test.each(["https", "http2", "http3"] as const)("on %s lasts until the client gives up", async (protocol) => {
    await using lab = await labWith(protocol, "stall=1");
    const controller = new AbortController();
    const given = endOf(ask(lab, protocol, "/status/204", { signal: controller.signal, headers: SESSION }));
    await untilStalled(lab, protocol, 1);
    controller.abort();
    expect(await given).toBe("AbortError");
    await untilStalled(lab, protocol, 0);
    await setFaults(lab, protocol, {});
    expect((await ask(lab, protocol, "/status/204")).status).toBe(204);
    const { packets, answered, drops } = await trafficOf(lab, protocol);
    expect([packets, answered, drops("fault-up")]).toEqual([2, 1, 1]);
    expect(await lossesOf(lab)).toEqual({ up: 1, down: 0 });
  });

  test.each([
    ["https", "ECONNRESET"],
    ["http2", "HTTP2StreamReset"],
    ["http3", "HTTP3StreamReset"],
  ] as const)("on %s ends above the limits of time and of number, counted (%s)", async (protocol, code) => {
    await using lab = await labWith(protocol, "stall=1", { limits: { httpStallMs: 60, httpStalled: 2 } });
    const startedAt = performance.now();
    const ends = await Promise.all(Array.from({ length: 3 }, () => endOf(ask(lab, protocol, "/", POST))));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(60);
    expect(ends).toEqual([code, code, code]);
    const series = await scrape(lab);
    expect(series.get("wirelab_rejected_total", { protocol, reason: "stall-limit" })).toBe(3);
    expect(series.get("wirelab_bounded_overflows_total", { structure: `${protocol}-stalled` })).toBe(1);
    expect(await stalled(lab, protocol)).toBe(0);
  });

  test("a stream of HTTP/2 that the client resets is freed, while others on the connection stay stalled", async () => {
    await using lab = await labWith("http2", "stall=1");
    using connection = await openHttp2(lab.ports.http2 ?? 0);
    const streams = Array.from({ length: 3 }, () => connection.send("/status/204"));
    await untilStalled(lab, "http2", 3);
    streams[0]?.cancel();
    await untilStalled(lab, "http2", 2);
    await setFaults(lab, "http2", {});
    expect((await connection.send("/status/204").end).status).toBe(204);
    expect(await stalled(lab, "http2")).toBe(2);
  });

  test.each(["https", "http2", "http3"] as const)("a stop of the lab ends those of %s promptly", async (protocol) => {
    const lab = await labWith(protocol, "stall=1");
    const ends = Array.from({ length: 90 }, () => endOf(ask(lab, protocol, "/", POST)));
    await untilStalled(lab, protocol, 90);
    const startedAt = performance.now();
    await lab.stop();
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect((await Promise.all(ends)).filter((end) => typeof end === "number")).toEqual([]);
  });
});
