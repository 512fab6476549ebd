import { describe, expect, test } from "bun:test";
import { random } from "../../src/base/random.ts";

const COUNT = 20_000;

/** The first `count` numbers of a stream. */
function draw(seed: number, stream: string, count = COUNT): number[] {
  const next = random(seed, stream);
  return Array.from({ length: count }, next);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("seed and stream", () => {
  test("the same seed and stream give the same numbers", () => {
    expect(draw(42, "udp/delay", 100)).toEqual(draw(42, "udp/delay", 100));
  });

  test("another seed or another stream gives other numbers", () => {
    const first = draw(42, "udp/delay", 100);
    for (const [seed, stream] of [
      [41, "udp/delay"],
      [43, "udp/delay"],
      [0, "udp/delay"],
      [0xffff_ffff, "udp/delay"],
      [42, "udp/drop"],
      [42, "udp/delaz"],
      [42, ""],
    ] as const) {
      expect(draw(seed, stream, 100)).not.toEqual(first);
    }
  });

  test("streams of one seed and the same stream of two seeds are not correlated", () => {
    const centred = (values: readonly number[]) => values.map((value) => value - 0.5);
    const first = centred(draw(7, "udp/drop"));
    for (const other of [draw(7, "udp/delay"), draw(8, "udp/drop")].map(centred)) {
      const covariance = mean(first.map((value, i) => value * (other[i] ?? 0)));
      // The correlation of independent samples has a standard deviation of 1 / sqrt(n); the variance of each is 1/12.
      expect(Math.abs(covariance * 12)).toBeLessThan(4 / Math.sqrt(COUNT));
    }
  });
});

describe("distribution", () => {
  test("numbers are in [0, 1) and fill ten bins evenly", () => {
    const values = draw(1, "uniform");
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    const bins = new Array<number>(10).fill(0);
    for (const value of values) bins[Math.floor(value * 10)] = (bins[Math.floor(value * 10)] ?? 0) + 1;
    const chiSquare = bins.reduce((sum, count) => sum + (count - COUNT / 10) ** 2 / (COUNT / 10), 0);
    expect(chiSquare).toBeLessThan(27.9); // the 99.9 % quantile with 9 degrees of freedom
  });

  test("consecutive numbers are not correlated", () => {
    const values = draw(3, "serial").map((value) => value - 0.5);
    const covariance = mean(values.slice(1).map((value, i) => value * (values[i] ?? 0)));
    expect(Math.abs(covariance * 12)).toBeLessThan(4 / Math.sqrt(COUNT));
  });

  test("the first numbers of neighbouring seeds are distributed evenly", () => {
    const firsts = Array.from({ length: 10_000 }, (_, seed) => random(seed, "udp/drop/up")());
    expect(Math.abs(mean(firsts) - 0.5)).toBeLessThan(4 / Math.sqrt(12 * firsts.length));
    const below = firsts.filter((value) => value < 0.2).length / firsts.length;
    expect(Math.abs(below - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / firsts.length));
    expect(new Set(firsts).size).toBeGreaterThan(9990);
  });
});
