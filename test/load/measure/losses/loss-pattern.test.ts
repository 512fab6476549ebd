import { describe, expect, test } from "bun:test";
import { LossPattern } from "../../../../src/load/measure/losses/loss-pattern.ts";

/** Records fates written as a text: x is lost, a point is received. */
function record(pattern: LossPattern, fates: string): LossPattern {
  const stream = pattern.stream();
  for (const fate of fates) stream.record(fate === "x");
  return pattern;
}

describe("LossPattern", () => {
  test("counts packets, losses, bursts and the gaps between losses", () => {
    const { packets, lost, bursts, gaps } = record(new LossPattern(), "..xx...x.xxx.");
    expect([packets, lost]).toEqual([13, 6]);
    expect([bursts.count, bursts.mean, bursts.longest]).toEqual([3, 2, 3]);
    expect([gaps.count, gaps.mean, gaps.longest]).toEqual([2, 2, 3]);
  });

  test("counts the transitions of each packet to the next", () => {
    const { transitions } = record(new LossPattern(), "..xx...x.xxx.");
    expect(transitions).toEqual({ fromReceived: 6, entered: 3, fromLost: 6, left: 3 });
  });

  test("a burst that the end of the run cuts off counts with its length so far", () => {
    const { bursts, gaps } = record(new LossPattern(), "x..xxxxx");
    expect([bursts.count, bursts.longest, gaps.count, gaps.longest]).toEqual([2, 5, 1, 2]);
  });

  test("streams do not touch each other, and all fill the batches", () => {
    const pattern = new LossPattern();
    const [one, other] = [pattern.stream(), pattern.stream()];
    for (const [first, second] of ["x.", "x.", ".x"]) {
      one.record(first === "x");
      other.record(second === "x");
    }
    expect(pattern.transitions).toEqual({ fromReceived: 2, entered: 1, fromLost: 2, left: 1 });
    expect([pattern.bursts.count, pattern.bursts.longest]).toEqual([2, 2]);
    expect([...pattern.batches.means(0)]).toEqual([1, 0, 1, 0, 0, 1]);
  });
});
