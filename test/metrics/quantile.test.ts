import { describe, expect, test } from "bun:test";
import { bucketQuantile } from "../../src/metrics/quantile.ts";

describe("bucketQuantile", () => {
  const bounds = [1, 2, 4];

  test("interpolates linearly within a bucket", () => {
    expect(bucketQuantile([0, 10, 0, 0], bounds, 0.5)).toBe(1.5);
    expect(bucketQuantile([10, 0, 10, 0], bounds, 0.75)).toBe(3);
    expect(bucketQuantile([4, 0, 0, 0], bounds, 0.25)).toBe(0.25);
  });

  test("returns the bound at the edge of a bucket, and no value within an empty bucket", () => {
    expect(bucketQuantile([5, 0, 5, 0], bounds, 0.5)).toBe(1);
    expect(bucketQuantile([0, 0, 5, 0], bounds, 0)).toBe(2);
    expect(bucketQuantile([0, 0, 5, 0], bounds, 1)).toBe(4);
  });

  test("returns the highest bound for values above it, and NaN without values", () => {
    expect(bucketQuantile([0, 0, 0, 3], bounds, 0.5)).toBe(4);
    expect(bucketQuantile([0, 0, 0, 0], bounds, 0.5)).toBeNaN();
  });
});
