import { expect, test } from "bun:test";
import { type DelayPath, pareto, UNIFORM } from "../../../../scripts/bench/paths.ts";
import { random } from "../../../../src/base/random.ts";
import { Histogram } from "../../../../src/load/measure/histograms/histogram.ts";
import { tailShape } from "../../../../src/load/measure/statistics/tail.ts";

function shapeOf(start: DelayPath["start"], count: number): number | undefined {
  const next = start(random(3, "tail"));
  const histogram = new Histogram();
  for (let i = 0; i < count; i++) histogram.record(next());
  return tailShape(histogram.filled(), count)?.shape;
}

test("the shape of a Pareto tail is the inverse of its exponent", () => {
  expect(shapeOf(pareto(2).start, 100_000)).toBeCloseTo(0.5, 1);
  expect(shapeOf(pareto(4).start, 100_000)).toBeCloseTo(0.25, 1);
});

test("the shape of an exponential tail is 0, that of a uniform one -1", () => {
  expect(shapeOf((next) => () => -Math.log1p(-next()), 100_000)).toBeCloseTo(0, 1);
  expect(shapeOf(UNIFORM.start, 100_000)).toBeCloseTo(-1, 1);
});

test("equal values have no tail, and few values have no shape", () => {
  expect(shapeOf(() => () => 5, 1000)).toBe(-1);
  expect(shapeOf(UNIFORM.start, 250)).toBe(undefined);
});
