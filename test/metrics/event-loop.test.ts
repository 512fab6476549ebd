import { expect, test } from "bun:test";
import { Distribution } from "../../src/metrics/counters.ts";
import { measureEventLoop } from "../../src/metrics/event-loop.ts";
import { silentErrors } from "../support/errors.ts";
import { until } from "../support/until.ts";

const BOUNDS = [0.05, 0.1, 0.2, 10];

test("measureEventLoop records a value every 100 ms until it is stopped", async () => {
  const [stopped, running] = [new Distribution(BOUNDS), new Distribution(BOUNDS)];
  const startedAt = performance.now();
  const stops = [stopped, running].map((lag) => measureEventLoop(lag, silentErrors()));
  await until(() => stopped.count === 3, "three values");
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(290);
  expect(stopped.sum).toBeGreaterThanOrEqual(0);
  stops[0]?.();
  const before = running.count;
  await until(() => running.count === before + 2, "two more values of the other measurement");
  stops[1]?.();
  expect(stopped.count).toBe(3);
});

test("measureEventLoop records the time by which a blocked event loop is late", async () => {
  const lag = new Distribution(BOUNDS);
  const stop = measureEventLoop(lag, silentErrors());
  await until(() => lag.count === 1, "the first value");
  const { sum } = lag;
  const endAt = performance.now() + 400;
  while (performance.now() < endAt); // blocks the event loop; the next timer is due within 100 ms
  await until(() => lag.sum - sum > 0.25, "a value of the blocked time");
  stop();
  expect((lag.counts[3] ?? 0) + (lag.counts[4] ?? 0)).toBeGreaterThanOrEqual(1);
});
