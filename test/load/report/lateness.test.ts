/** Which response times the lateness of the load generator falsifies. */
import { expect, test } from "bun:test";
import { random } from "../../../src/base/random.ts";
import { Histogram } from "../../../src/load/measure/histograms/histogram.ts";
import { falsifiedBy } from "../../../src/load/report/lateness.ts";

function histogramOf(times: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const ms of times) histogram.record(ms);
  return histogram;
}

/** What `late` falsifies in a run whose response times are `times` plus `late`, ms, packet by packet. */
function judged(times: readonly number[], late: readonly number[], intervals = {}) {
  const values = histogramOf(times.map((ms, index) => ms + (late[index] ?? 0)));
  return falsifiedBy(histogramOf(late), { values, packets: times.length, intervals });
}

/** 1,000 values by their index. */
function thousand(make: (index: number) => number): number[] {
  return Array.from({ length: 1000 }, (_, index) => make(index));
}

test("no lateness, or one of up to 1 ms, falsifies nothing", () => {
  const times = thousand(() => 0.2);
  for (const ms of [0, 0.5, 0.99])
    expect(
      judged(
        times,
        thousand(() => ms),
      ),
    ).toBe(undefined);
  expect(judged(times, [])).toBe(undefined);
});

test("lateness of up to a tenth of a percentile falsifies nothing", () => {
  const late = thousand(() => 5);
  expect(
    judged(
      thousand(() => 46),
      late,
    ),
  ).toBe(undefined);
  expect(
    judged(
      thousand(() => 40),
      late,
    )?.name,
  ).toBe("p50");
});

test("packets that are late together falsify the percentiles among them, and no lower one", () => {
  const found = judged(
    thousand(() => 0.2),
    thousand((index) => (index % 10 === 0 ? 50 : 0)),
  );
  expect(found?.name).toMatch(/^p9[59]$/);
  expect(found?.value).toBeCloseTo(0.0502, 4);
  expect(found?.added).toBeCloseTo(0.05, 4);
  expect(found?.allowed).toBeCloseTo(0.00502, 5);
});

test("a lateness of fewer packets than a percentile leaves above it falsifies nothing: 0.3 % of 1,000 packets, 80 ms", () => {
  const late = thousand((index) => (index % 333 === 0 ? 80 : 0.01));
  expect(
    judged(
      thousand((index) => 0.2 + (index % 100) / 100),
      late,
    ),
  ).toBe(undefined);
});

test("what the interval of a percentile covers is allowed", () => {
  const times = thousand((index) => 1 + index / 20);
  const late = thousand((index) => (index >= 940 ? 12 : 0));
  expect(judged(times, late)?.name).toBe("p99");
  // Without the lateness p95 is 48.5 ms, with it 60.5 ms.
  expect(judged(times, late, { p95: [0.04, 0.09], p99: [0.045, 0.09] })).toBe(undefined);
  expect(judged(times, late, { p95: [0.055, 0.09], p99: [0.045, 0.09] })?.name).toBe("p95");
});

test("the limit is never above the lateness that a percentile really has", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const next = random(seed, "lateness");
    const times = thousand(() => 1 + 20 * next() ** 4);
    const late = thousand(() => (next() < 0.3 ? 30 * next() ** 2 : 0));
    const found = judged(times, late);
    if (found === undefined) continue;
    const rank = Math.ceil(Number(found.name.slice(1)) * 10);
    const truth = times.toSorted((a, b) => a - b)[rank - 1] ?? 0;
    expect(found.value - found.added).toBeLessThanOrEqual((truth / 1000) * 1.001);
  }
});

test("a percentile over the timeout is not judged by lateness", () => {
  const times = thousand(() => 0.2);
  const late = thousand((index) => (index < 20 ? 50 : 0));
  const values = histogramOf(times.slice(0, 940).map((ms, index) => ms + (late[index] ?? 0)));
  expect(falsifiedBy(histogramOf(late), { values, packets: 1000, intervals: {} })).toBe(undefined);
});
