import { expect, test } from "bun:test";
import { DelayVariation } from "../../../../src/load/measure/delays/delay-variation.ts";
import { ExchangeSeries } from "../../../../src/load/measure/delays/exchange-series.ts";

/** The variation of exchanges with a clock offset of an hour: sequence number, delays upstream and downstream, ms. */
function vary(exchanges: readonly (readonly [sequence: number, up: number, down: number])[], offset = 3_600_000) {
  const variation = { up: new DelayVariation(), down: new DelayVariation() };
  const series = new ExchangeSeries(64);
  for (const [sequence, up, down] of exchanges) series.add(sequence, up + offset, down - offset, variation);
  return variation;
}

/** Count, smallest and largest signed IPDV, mean jitter: the times in ms. */
function summary({ absolute, min, max, meanJitter }: DelayVariation): (number | undefined)[] {
  const ms = (seconds: number | undefined) => (seconds === undefined ? undefined : Number((seconds * 1000).toFixed(3)));
  return [absolute.count, ms(min), ms(max), ms(meanJitter)];
}

test("a variation in one direction appears in that direction alone, at any clock offset", () => {
  const exchanges = [10, 20, 10, 40].map((up, sequence) => [sequence, up, 5] as const);
  const { up, down } = vary(exchanges);
  expect(summary(up)).toEqual([3, -10, 30, 16.667]);
  expect(summary(down)).toEqual([3, 0, 0, 0]);
});

test("IPDV is by order of sending, jitter by order of arrival", () => {
  const { up } = vary([
    [0, 10, 5],
    [2, 12, 5],
    [1, 40, 5],
    [3, 11, 5],
  ]);
  // By sending: 10, 40, 12, 11. By arrival: 10, 12, 40, 11.
  expect(summary(up)).toEqual([3, -28, 30, Number(((2 + 28 + 29) / 3).toFixed(3))]);
});

test("a lost packet makes no pair, and neither does one that is no longer kept", () => {
  const { up } = vary([
    [0, 10, 5],
    [2, 20, 5],
    [65, 30, 5],
    [1, 30, 5],
  ]);
  // Packet 65 has replaced packet 1's slot, and packet 1 replaces it again: its pairs are those with 0 and 2.
  expect(summary(up).slice(0, 3)).toEqual([2, -10, 20]);
});

test("a pair with a clock that was set in between is left out", () => {
  const variation = { up: new DelayVariation(), down: new DelayVariation() };
  const series = new ExchangeSeries(64);
  for (let sequence = 0; sequence < 10; sequence++) {
    const offset = sequence < 5 ? 0 : 3_600_000;
    series.add(sequence, 5 + (sequence % 2) + offset, 5 - offset, variation);
  }
  expect(summary(variation.up)).toEqual([8, -1, 1, 1]);
});
