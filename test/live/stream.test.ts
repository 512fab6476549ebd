/** The live stream over HTTP, and its bounds by hand. */
import { describe, expect, test } from "bun:test";
import { createLog } from "../../src/base/log.ts";
import { NO_FAULTS } from "../../src/faults/faults.ts";
import { History } from "../../src/live/history.ts";
import type { HistoryDump, LiveSnapshot } from "../../src/live/shapes.ts";
import { LiveStream } from "../../src/live/stream.ts";
import { createMetrics } from "../../src/metrics/counters.ts";
import { PacketLog } from "../../src/reflector/packet-log.ts";
import { startTestLab, urlOf } from "../support/lab.ts";

/** A stream whose seconds pass when the test says so. */
function setUp(limit = 8) {
  const time = { now: 0 };
  const clock = { now: () => time.now, wallAt: (now: number) => 1_000_000 + now };
  const metrics = createMetrics();
  const history = new History(metrics, 0, { http: "none", tcp: "none", udp: "none" });
  const packetLog = new PacketLog(
    { limit: 1000, perSecond: 2000 },
    createLog({ level: "silent", readable: false, sink() {} }),
    metrics,
  );
  const live = new LiveStream({
    metrics,
    history,
    packetLog,
    faultsOf: () => NO_FAULTS,
    connectionsOf: () => undefined,
    runsVersion: () => 0,
    version: "0.0.0",
    viewerLimit: limit,
    clock,
  });
  const second = () => {
    time.now += 1000;
    live.pulse();
  };
  return {
    live,
    packetLog,
    second,
    [Symbol.dispose]() {
      live.stop();
      packetLog.stop();
    },
  };
}

/** Reads the next event and its raw bytes. */
async function next(reader: ReadableStreamDefaultReader<Uint8Array>) {
  const { value, done } = await reader.read();
  const text = new TextDecoder().decode(value);
  return { value, done, text, snapshot: () => JSON.parse(text.split("data: ")[1] ?? "") as LiveSnapshot };
}

function reader(stream: ReadableStream<Uint8Array> | undefined): ReadableStreamDefaultReader<Uint8Array> {
  if (!stream) throw new Error("no room for a viewer");
  return stream.getReader();
}

describe("the live stream", () => {
  test("gives every viewer the same bytes, encoded once", async () => {
    using lab = setUp();
    const viewers = [reader(lab.live.open({ peers: true })), reader(lab.live.open({ peers: true }))];
    await Promise.all(viewers.map(next)); // the greeting
    lab.second();
    const [first, second] = await Promise.all(viewers.map(next));
    expect(first?.text).toStartWith("event: snapshot\ndata: {");
    expect(first?.snapshot()).toMatchObject({
      seconds: 1,
      at: 1_001_000,
      marks: [],
      flow: { packets: [], leftOut: 0 },
    });
    expect(first?.value).toBe(second?.value);
  });

  test("takes no more viewers than its limit, and counts those it refused", () => {
    using lab = setUp(2);
    expect([1, 2, 3].map(() => lab.live.open({ peers: true }) !== undefined)).toEqual([true, true, false]);
    expect([lab.live.size, lab.live.overflows]).toEqual([2, 1]);
  });

  test("drops a viewer that does not read, and keeps one that does", async () => {
    using lab = setUp();
    const slow = reader(lab.live.open({ peers: true }));
    const quick = reader(lab.live.open({ peers: true }));
    await next(quick);
    for (let i = 0; lab.live.size === 2 && i < 1000; i++) {
      lab.second();
      expect((await next(quick)).snapshot().seconds).toBe(i + 1);
    }
    expect([lab.live.size, lab.live.overflows]).toEqual([1, 1]);
    expect(slow.closed).rejects.toThrow("too slow");
  });

  test("says how many packets it left out, and hides peers from who may not see them", async () => {
    using lab = setUp();
    const full = reader(lab.live.open({ peers: true }));
    const masked = reader(lab.live.open({ peers: false }));
    await Promise.all([next(full), next(masked)]);
    for (let i = 0; i < 150; i++) {
      lab.packetLog.add({
        at: i,
        protocol: "udp",
        peer: `192.0.2.1:${i}`,
        bytes: 1,
        outcome: "answered",
        responseTimeMs: 1.23456,
      });
    }
    lab.second();
    const { flow } = (await next(full)).snapshot();
    expect([flow.packets.length, flow.leftOut]).toEqual([100, 50]);
    expect(flow.packets[0]).toEqual({
      at: 0,
      protocol: "udp",
      peer: "192.0.2.1:0",
      bytes: 1,
      outcome: "answered",
      responseTimeMs: 1.235,
    });
    const hidden = (await next(masked)).snapshot().flow.packets;
    expect(new Set(hidden.map(({ peer }) => peer))).toEqual(new Set([""]));
    expect(lab.live.dump({ peers: false }).flow.packets[0]?.peer).toBe("");
    expect(lab.live.dump({ peers: true }).flow.packets[0]?.peer).toBe("192.0.2.1:50");
  });

  test("forgets a viewer that goes away", async () => {
    using lab = setUp();
    await reader(lab.live.open({ peers: true })).cancel();
    expect([lab.live.size, lab.live.overflows]).toEqual([0, 0]);
  });
});

describe("the live routes", () => {
  test("are not packets, and say who may change the lab", async () => {
    await using lab = await startTestLab();
    const history = (await (await fetch(urlOf(lab, "/history"))).json()) as HistoryDump;
    expect(history.span).toBe(900);
    expect(await (await fetch(urlOf(lab, "/rights"))).json()).toEqual({ mayChange: true });
    const foreign = await fetch(urlOf(lab, "/rights"), { headers: { origin: "http://example.com" } });
    expect(await foreign.json()).toMatchObject({ mayChange: false, reason: expect.stringContaining("example.com") });
    const page = await fetch(urlOf(lab, "/"));
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const metrics = await (await fetch(urlOf(lab, "/metrics"))).text();
    expect(metrics).toContain('packets_total{protocol="http"} 0');
    expect(metrics).toContain('wirelab_bounded_limit{structure="viewers"} 256');
  });

  test("a stop of the lab does not wait for its viewers", async () => {
    const lab = await startTestLab();
    const response = await fetch(urlOf(lab, "/live"));
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const began = performance.now();
    await lab.stop();
    expect(performance.now() - began).toBeLessThan(900);
  });
});
