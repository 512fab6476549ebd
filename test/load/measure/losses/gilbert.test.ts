import { describe, expect, test } from "bun:test";
import { burstLosses, type LossPath } from "../../../../scripts/bench/paths.ts";
import { random } from "../../../../src/base/random.ts";
import { gilbert } from "../../../../src/load/measure/losses/gilbert.ts";
import { LossPattern } from "../../../../src/load/measure/losses/loss-pattern.ts";

function simulated(path: LossPath, packets: number, seed: number): LossPattern {
  const pattern = new LossPattern();
  const stream = pattern.stream();
  const next = path.start(random(seed, "gilbert"));
  for (let i = 0; i < packets; i++) stream.record(next());
  return pattern;
}

describe("gilbert", () => {
  test("the intervals hold the parameters of simulated bursts in 92 to 98 % of runs", () => {
    const injected = { goodToBad: 0.05 / 0.95 / 10, badToGood: 0.1 };
    const held = { goodToBad: 0, badToGood: 0 };
    let sum = 0;
    for (let seed = 0; seed < 400; seed++) {
      const model = gilbert(simulated(burstLosses(0.05, 10), 10_000, seed));
      for (const name of ["goodToBad", "badToGood"] as const) {
        const { low, high } = model[name] ?? { low: 1, high: 0 };
        if (low <= injected[name] && injected[name] <= high) held[name]++;
      }
      sum += model.badToGood?.value ?? 0;
    }
    expect(sum / 400).toBeCloseTo(0.1, 2);
    for (const count of Object.values(held)) {
      expect(count / 400).toBeGreaterThanOrEqual(0.92);
      expect(count / 400).toBeLessThanOrEqual(0.98);
    }
  });

  test("has no parameter without a transition", () => {
    expect(gilbert(new LossPattern())).toEqual({ goodToBad: undefined, badToGood: undefined });
  });
});
