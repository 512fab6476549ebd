import { describe, expect, test } from "bun:test";
import { burstLosses, independentLosses, type LossPath, wanderingLosses } from "../../../../scripts/bench/paths.ts";
import { random } from "../../../../src/base/random.ts";
import {
  estimateLoss,
  FEWEST_BURSTS,
  lossBoundIfIndependent,
} from "../../../../src/load/measure/losses/loss-interval.ts";
import { LossPattern } from "../../../../src/load/measure/losses/loss-pattern.ts";
import { wilson } from "../../../../src/load/measure/statistics/estimates.ts";

function simulated(path: LossPath, packets: number, seed = 1): LossPattern {
  const pattern = new LossPattern();
  const stream = pattern.stream();
  const next = path.start(random(seed, "loss-interval"));
  for (let i = 0; i < packets; i++) stream.record(next());
  return pattern;
}

/** `bursts` single losses, evenly spread. */
function single(bursts: number, packets: number): LossPattern {
  const pattern = new LossPattern();
  const stream = pattern.stream();
  const every = Math.floor(packets / bursts);
  for (let i = 1; i <= packets; i++) stream.record(i % every === every >> 1 && i / every < bursts);
  return pattern;
}

describe("estimateLoss", () => {
  test("of many independent losses is Wilson's interval", () => {
    const pattern = simulated(independentLosses(0.05), 50_000);
    const { interval, effectivePackets } = estimateLoss(pattern);
    const expected = wilson(pattern.lost, 50_000);
    expect((interval?.low ?? 0) / expected.low).toBeCloseTo(1, 2);
    expect((interval?.high ?? 0) / expected.high).toBeCloseTo(1, 2);
    expect(effectivePackets).toBeGreaterThan(48_000);
  });

  test("of bursts is Wilson's interval at the effective sample size n(1 - r)/(1 + r)", () => {
    const pattern = simulated(burstLosses(0.05, 5), 200_000);
    const { interval, effectivePackets, autocorrelation } = estimateLoss(pattern);
    // A chain has the autocorrelation 1 - p - r.
    expect(autocorrelation).toBeCloseTo(1 - 0.05 / 0.95 / 5 - 0.2, 1);
    const size = (200_000 * (1 - autocorrelation)) / (1 + autocorrelation);
    expect(effectivePackets).toBeCloseTo(size, 6);
    const expected = wilson((pattern.lost / 200_000) * size, size);
    expect((interval?.low ?? 0) / expected.low).toBeCloseTo(1, 2);
    expect((interval?.high ?? 0) / expected.high).toBeCloseTo(1, 2);
  });

  test("without losses, with few bursts and with all packets lost there is no interval", () => {
    for (const pattern of [
      new LossPattern(),
      simulated(independentLosses(0), 1000),
      simulated(independentLosses(1), 9),
    ])
      expect(estimateLoss(pattern).unknown).toBe("too few bursts");
    expect(estimateLoss(single(FEWEST_BURSTS - 1, 1000)).interval).toBe(undefined);
    expect(estimateLoss(single(FEWEST_BURSTS, 1000)).unknown).toBe(undefined);
  });

  test("just enough bursts do not exclude a loss ratio near 0", () => {
    expect(estimateLoss(single(FEWEST_BURSTS, 1000)).interval?.low).toBe(0);
    expect(estimateLoss(single(40, 8000)).interval?.low).toBeGreaterThan(0.003);
  });

  test("one burst that no chain with the others explains leaves no interval", () => {
    const pattern = single(30, 3000);
    const stream = pattern.stream();
    for (let i = 0; i < 100; i++) stream.record(i > 20 && i < 60);
    expect(estimateLoss(pattern)).toMatchObject({ interval: undefined, unknown: "too few bursts" });
  });

  test("a loss ratio that changes slowly leaves no interval", () => {
    expect(estimateLoss(simulated(wanderingLosses(0.1, 10_000), 40_000))).toMatchObject({
      interval: undefined,
      unknown: "changes slowly",
    });
  });

  test("losses of several streams at the same time widen the interval", () => {
    const pattern = new LossPattern();
    const streams = Array.from({ length: 20 }, () => pattern.stream());
    const next = independentLosses(0.05).start(random(2, "streams"));
    for (let i = 0; i < 5000; i++) {
      const lost = next();
      for (const stream of streams) stream.record(lost);
    }
    const { effectivePackets, interval } = estimateLoss(pattern);
    expect(effectivePackets).toBeLessThan(10_000);
    expect(interval?.low).toBeLessThan(0.05);
    expect(interval?.high).toBeGreaterThan(0.05);
  });
});

test("without any loss, the bound of independent losses is about 3/n", () => {
  expect(lossBoundIfIndependent(1000)).toBeCloseTo(0.003, 4);
  expect(1 - (1 - lossBoundIfIndependent(50)) ** 50).toBeCloseTo(0.95, 10);
  expect(lossBoundIfIndependent(0)).toBe(1);
});
