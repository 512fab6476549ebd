import { expect, test } from "bun:test";
import { Traffic } from "../../src/metrics/counters.ts";
import { baseline, deltaOf, difference, dropRatio, sinceBaseline } from "../../src/metrics/delta.ts";

test("difference returns what every counter of the later reading gained", () => {
  expect(difference({ a: 5, b: 7 }, { a: 2, b: 7 })).toEqual({ a: 3, b: 0 });
});

test("deltaOf returns what counters gained since its creation or its previous call", () => {
  const counters = { a: 10 };
  const gained = deltaOf(() => ({ ...counters }));
  counters.a = 13;
  expect(gained()).toEqual({ a: 3 });
  expect(gained()).toEqual({ a: 0 });
  counters.a = 20;
  expect(gained()).toEqual({ a: 7 });
});

test("sinceBaseline returns packets, drops, the mean response time and the injected faults since the baseline", () => {
  const traffic = new Traffic("udp");
  traffic.received(10);
  traffic.answered(10, 5);
  traffic.inject("delay", "down");
  const before = baseline(traffic, 1000);
  for (let i = 0; i < 4; i++) traffic.received(10);
  traffic.answered(10, 0.25);
  traffic.answered(10, 0.75);
  traffic.inject("drop", "up");
  traffic.inject("drop", "up");
  traffic.drop("fault-up");
  traffic.drop("fault-up");
  expect(sinceBaseline(traffic, before, 3600)).toEqual({
    seconds: 3,
    packets: 4,
    dropped: 2,
    answered: 2,
    mean: 0.5,
    injected: { "drop/up": 2 },
  });
  expect(sinceBaseline(traffic, baseline(traffic, 0), 0).mean).toBeNull();
});

test.each([
  [10, 2, 8, 0.2],
  [10, 2, 0, 0.2], // eight are delayed
  [3, 4, 0, 1], // one was received before
  [2, 3, 7, 0.3],
  [0, 1, 1, 0.5],
  [0, 0, 0, Number.NaN],
])("of %d packets %d were dropped and %d answered: the ratio is %d", (packets, dropped, count, ratio) => {
  expect(dropRatio({ packets, dropped, count })).toBe(ratio);
});
