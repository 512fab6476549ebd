import { describe, expect, test } from "bun:test";
import { Batches } from "../../../../src/load/measure/statistics/batches.ts";

/** A series 0, 1, 2 … in the first column and ones in the second. */
function counted(samples: number): Batches {
  const batches = new Batches(2);
  for (let i = 0; i < samples; i++) {
    batches.add(0, i);
    batches.add(1, 1);
    batches.next();
  }
  return batches;
}

describe("Batches", () => {
  test("a short series has a batch for each sample", () => {
    const batches = counted(5);
    expect([batches.size, batches.count]).toEqual([1, 5]);
    expect([...batches.means(0)]).toEqual([0, 1, 2, 3, 4]);
  });

  test("full rows are merged pairwise and in order", () => {
    const batches = counted(128);
    expect([batches.size, batches.count]).toEqual([2, 64]);
    expect([...batches.means(0)].slice(0, 3)).toEqual([0.5, 2.5, 4.5]);
    expect(batches.means(0)[63]).toBe(126.5);
  });

  test("a long series keeps between 64 and 127 equal batches, without those that are not complete", () => {
    const batches = counted(10_000);
    expect([batches.size, batches.count]).toEqual([128, 78]);
    expect(batches.means(0).every((mean, row) => mean === row * 128 + 63.5)).toBe(true);
    expect(batches.means(1).every((mean) => mean === 1)).toBe(true);
  });
});
