/** The packet log: the ring, the sampling, and the log lines. */

import { describe, expect, test } from "bun:test";
import { createLog, type LogLevel } from "../../src/base/log.ts";
import { createMetrics } from "../../src/metrics/counters.ts";
import { type PacketEntry, PacketLog, summarizer } from "../../src/reflector/packet-log.ts";
import { silentErrors } from "../support/errors.ts";
import { until } from "../support/until.ts";

const entry = (bytes: number): PacketEntry => ({
  at: 1_000_000 + bytes,
  protocol: "udp",
  peer: "127.0.0.1:4000",
  bytes,
  outcome: "answered",
  responseTimeMs: 0.123_456,
});

/** A packet log with a ring of 4 packets that records 100 packets a second (10 in a tick of 100 ms), and its lines. */
function newLog(level: LogLevel = "silent", perSecond = 100) {
  const lines: string[] = [];
  const log = createLog({ level, readable: false, sink: (line) => lines.push(line) });
  const packetLog = new PacketLog({ limit: 4, perSecond }, log, createMetrics(), silentErrors());
  return { packetLog, lines, [Symbol.dispose]: () => packetLog.stop() };
}

describe("ring", () => {
  test("returns the packets, oldest first", () => {
    using made = newLog();
    for (const bytes of [1, 2, 3]) made.packetLog.add(entry(bytes));
    expect(made.packetLog.recent().map(({ bytes }) => bytes)).toEqual([1, 2, 3]);
    expect([made.packetLog.size, made.packetLog.overflows, made.packetLog.entries]).toEqual([3, 0, 3]);
  });

  test("keeps the latest packets when it is full", () => {
    using made = newLog();
    for (let bytes = 1; bytes <= 11; bytes++) {
      made.packetLog.add(entry(bytes));
      const expected = [bytes - 3, bytes - 2, bytes - 1, bytes].filter((n) => n > 0);
      expect(made.packetLog.recent().map(({ bytes }) => bytes)).toEqual(expected);
    }
    expect([made.packetLog.size, made.packetLog.limit, made.packetLog.overflows]).toEqual([4, 4, 7]);
  });
});

describe("sampling", () => {
  test("records the packets of a tick up to the limit, counts the rest, and continues in the next tick", async () => {
    using made = newLog();
    const recorded = Array.from({ length: 25 }, () => made.packetLog.accepts("udp")).filter(Boolean).length;
    expect([recorded, made.packetLog.skipped]).toEqual([10, 15]);
    await until(() => made.packetLog.accepts("udp"), "the next tick");
    expect(Array.from({ length: 25 }, () => made.packetLog.accepts("udp")).filter(Boolean).length).toBe(9);
  });

  test("divides a tick among the protocols with packets, so that a flood of one does not hide another", async () => {
    using made = newLog();
    const recorded = (protocol: "http" | "udp", of: number) =>
      Array.from({ length: of }, () => made.packetLog.accepts(protocol)).filter(Boolean).length;
    expect([recorded("udp", 1000), recorded("http", 3)]).toEqual([10, 3]);
    await until(() => {
      const [udp, http] = [recorded("udp", 1000), recorded("http", 1000)];
      return udp === 5 && http === 5;
    }, "a tick with five packets of each protocol");
  });

  test("records at least one packet in a tick", () => {
    using made = newLog("silent", 1);
    expect([made.packetLog.accepts("udp"), made.packetLog.accepts("udp"), made.packetLog.skipped]).toEqual([
      true,
      false,
      1,
    ]);
  });
});

describe("log lines", () => {
  test("at debug each packet has a line, with its response time rounded to 1 µs", () => {
    using made = newLog("debug");
    made.packetLog.add({ ...entry(11), session: 7 });
    const { at: _, responseTimeMs: __, peer, ...same } = entry(11);
    const { time, ...line } = JSON.parse(made.lines[0] ?? "");
    expect(line).toEqual({ level: "debug", message: "packet", ...same, peer, responseTimeMs: 0.123, session: 7 });
    expect(Date.parse(time)).toBeGreaterThan(Date.now() - 60_000);
  });

  test("a dropped packet has no response time, and at info packets have no lines", () => {
    using made = newLog("debug");
    made.packetLog.add({ at: 0, protocol: "tcp", peer: "[::1]:1", bytes: 5, outcome: "fault-up" });
    expect(JSON.parse(made.lines[0] ?? "")).not.toHaveProperty("responseTimeMs");
    using quiet = newLog("info");
    quiet.packetLog.add(entry(1));
    expect(quiet.lines).toEqual([]);
  });

  test("a summary has the traffic since the previous one, and is omitted without traffic", () => {
    const lines: string[] = [];
    const log = createLog({ level: "debug", readable: false, sink: (line) => lines.push(JSON.parse(line).message) });
    const metrics = createMetrics();
    const packetLog = { skipped: 3 };
    let now = 1000;
    const summarize = summarizer(log, metrics, packetLog, () => now);
    now += 5002;
    summarize();
    expect(lines).toEqual([]);
    const { udp, http } = metrics.traffic;
    for (let i = 0; i < 4; i++) udp.received(10);
    udp.answered(7, 0.002);
    udp.answered(7, 0.004);
    udp.drop("fault-up");
    udp.drop("fault-down");
    http.received(1);
    http.drop("queue-full");
    packetLog.skipped = 5;
    now += 5010;
    summarize();
    expect(lines).toEqual([
      "last 5 s: http 1 packets, 100.0 % dropped · udp 4 packets, 50.0 % dropped, mean 3.000 ms (2 packets not listed above)",
    ]);
    summarize();
    expect(lines).toHaveLength(1);
    udp.received(1);
    udp.answered(1, 0.001);
    now += 37_280; // the event loop was occupied
    summarize();
    expect(lines[1]).toBe("last 37.3 s: udp 1 packets, 0.0 % dropped, mean 1.000 ms");
    for (let i = 0; i < 3; i++) udp.received(1);
    for (let i = 0; i < 4; i++) udp.drop("queue-full"); // one was received before the previous summary
    now += 4960;
    summarize();
    expect(lines[2]).toBe("last 5 s: udp 3 packets, 100.0 % dropped");
  });
});
