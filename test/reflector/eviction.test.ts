import { describe, expect, test } from "bun:test";
import { EvictionQueue } from "../../src/reflector/eviction.ts";

function session(address: string, unique = 1, lastAt = 0) {
  return { address, unique, lastAt };
}

type FakeSession = ReturnType<typeof session>;

/** The `i`-th of many sources, each in a network of its own. */
function sourceOf(i: number): string {
  return `${10 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.1`;
}

describe("a full table", () => {
  test("forgets the oldest session with few packets, and one with many last", () => {
    const queue = new EvictionQueue<FakeSession>(8);
    const [long, first, second] = [session("10.0.0.1", 1000), session("10.1.0.1", 0), session("10.2.0.1", 7)];
    for (const each of [long, first, second]) queue.add(each);
    expect([1, 2, 3, 4].map((now) => queue.evictFor("10.3.0.1", now))).toEqual([first, second, long, undefined]);
    expect(queue.size).toBe(0);
  });

  test("keeps a session that sends against 100,000 forged sources, and forgets it when it has stopped", () => {
    const queue = new EvictionQueue<FakeSession>(64);
    const own = session("192.0.2.7", 8);
    queue.add(own);
    /** A forged source each ms; returns whether it evicted the session. */
    const flood = (from: number, to: number) => {
      for (let now = from; now < to; now++) {
        if (queue.size >= 64 && queue.evictFor(sourceOf(now), now) === own) return true;
        queue.add(session(sourceOf(now), 1, now));
      }
      return false;
    };
    for (let now = 0; now < 100_000; now += 20_000) {
      own.lastAt = now; // one packet in 20 s
      expect(flood(now, now + 20_000)).toBe(false);
    }
    expect(queue.size).toBe(64);
    expect(flood(100_000, 200_000)).toBe(true);
  });

  test("forgets, where every session has many packets, one that has sent nothing for the longest time", () => {
    const queue = new EvictionQueue<FakeSession>(32);
    const sessions = Array.from({ length: 32 }, (_, i) => session(sourceOf(i), 100, (i * 7) % 32));
    for (const each of sessions) queue.add(each);
    const forgotten = [0, 1, 2].map(() => queue.evictFor("192.0.2.1", 40)?.lastAt);
    expect(forgotten).toEqual([0, 1, 2]);
  });

  test.each([
    ["IPv4", (i: number) => `203.0.113.${i}`, "198.51.100.1"],
    ["IPv6", (i: number) => `2001:db8:7:${i}::1`, "2001:db8:8::1"],
  ])("forgets, for a source whose prefix has half of it, one of that prefix: %s", (_, source, other) => {
    const queue = new EvictionQueue<FakeSession>(8);
    const others = [session(other, 0), session(other, 0), session(other, 0), session(other, 0)];
    for (const each of others) queue.add(each);
    for (let i = 0; i < 4; i++) queue.add(session(source(i), 5));
    for (let i = 4; i < 200; i++) {
      expect(queue.evictFor(source(i), 1)?.address).not.toBe(other);
      queue.add(session(source(i), 5));
    }
    expect(queue.sessions().filter(({ address }) => address === other)).toEqual(others);
  });

  test("chooses in bounded time where every session has many packets", () => {
    const queue = new EvictionQueue<FakeSession>(100_000);
    for (let i = 0; i < 100_000; i++) queue.add(session(sourceOf(i), 1e6));
    const startedAt = performance.now();
    for (let i = 0; i < 100; i++) expect(queue.evictFor("192.0.2.1", 1)).toBeDefined();
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(queue.size).toBe(99_900);
  });
});
