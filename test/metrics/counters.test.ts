import { describe, expect, test } from "bun:test";
import {
  createMetrics,
  Distribution,
  HANDSHAKE_RESULTS,
  RESPONSE_BUCKETS,
  Tally,
  Traffic,
} from "../../src/metrics/counters.ts";

describe("Distribution", () => {
  test("counts a value on a bound in the bucket that ends at that bound", () => {
    const distribution = new Distribution([1, 2, 4]);
    for (const value of [0, 1, 1.5, 2, 2.000_001, 4, 5, 1000]) distribution.observe(value);
    expect([...distribution.counts]).toEqual([2, 2, 2, 2]);
    expect([distribution.count, distribution.sum]).toEqual([8, 1015.500_001]);
  });

  test("has response-time buckets from 10 µs to 10 s, in ascending order", () => {
    expect([RESPONSE_BUCKETS[0], RESPONSE_BUCKETS.at(-1)]).toEqual([10e-6, 10]);
    expect(RESPONSE_BUCKETS).toEqual([...RESPONSE_BUCKETS].sort((a, b) => a - b));
    for (const bound of RESPONSE_BUCKETS) {
      const distribution = new Distribution(RESPONSE_BUCKETS);
      distribution.observe(bound);
      expect(distribution.counts[RESPONSE_BUCKETS.indexOf(bound)]).toBe(1);
    }
  });
});

describe("Tally", () => {
  test("counts its names and throws RangeError for any other", () => {
    const tally = new Tally<string>(["a", "b"]);
    tally.add("a");
    tally.add("a");
    expect([tally.get("a"), tally.get("b"), tally.get("c")]).toEqual([2, 0, 0]);
    expect(() => tally.add("c")).toThrow(new RangeError("no counter named c"));
  });
});

describe("Traffic", () => {
  test("counts received, answered and dropped packets", () => {
    const { udp } = createMetrics().traffic;
    udp.received(11);
    udp.received(9);
    udp.answered(7, 0.002);
    udp.drop("queue-full");
    expect([udp.packets, udp.receivedBytes, udp.sentBytes, udp.dropped]).toEqual([2, 20, 7, 1]);
    expect([udp.drops.get("queue-full"), udp.responseTime.count, udp.responseTime.sum]).toEqual([1, 1, 0.002]);
  });

  test("counts injected faults by kind and direction", () => {
    const { udp } = createMetrics().traffic;
    udp.inject("drop", "up");
    udp.inject("drop", "up");
    udp.inject("delay", "down");
    const names = ["drop/up", "drop/down", "delay/down"] as const;
    expect(names.map((name) => udp.injected.get(name))).toEqual([2, 0, 1]);
  });

  test("throws RangeError for a reject reason or a fault of another protocol", () => {
    expect(() => new Traffic("udp").rejects.add("not-json")).toThrow("no counter named not-json");
    expect(() => new Traffic("udp").inject("reset", "down")).toThrow("no counter named reset/down");
    expect(() => new Traffic("http").inject("status", "up")).toThrow("no counter named status/up");
  });
});

test("Handshakes counts results, and the times of completed handshakes", () => {
  const { tls, http3 } = createMetrics().handshakes;
  tls.ok(0.002);
  tls.ok(0.004);
  tls.failed("timeout");
  tls.failed("failed");
  expect(HANDSHAKE_RESULTS.map((result) => tls.results.get(result))).toEqual([2, 1, 1, 0]);
  expect([tls.time.count, tls.time.sum]).toEqual([2, 0.006]);
  expect([...tls.time.counts].flatMap((count, i) => (count > 0 ? [tls.time.bounds[i]] : []))).toEqual([2.5e-3, 5e-3]);
  expect(HANDSHAKE_RESULTS.map((result) => http3.results.get(result))).toEqual([0, 0, 0, 0]);
});
