/** Statistics of decisions with known seeds: loss ratios, burst lengths, delays, and repeatability. */
import { describe, expect, test } from "bun:test";
import type { Protocol } from "../../src/base/protocol.ts";
import { random } from "../../src/base/random.ts";
import { chance, cleanFate, corrupt, decide, type Fate } from "../../src/faults/decide.ts";
import { sampleDelay } from "../../src/faults/delay.ts";
import { type Burst, type Delay, type Faults, MAX_DELAY_MS } from "../../src/faults/faults.ts";
import { byDirection } from "../../src/faults/packet-faults.ts";

/** The fates of `count` packets with `faults`. */
function fates(faults: Faults, count: number, seed = 1, protocol: Protocol = "udp"): Fate[] {
  const chances = chance(seed, protocol);
  return Array.from({ length: count }, () => decide(byDirection(faults), chances, cleanFate()));
}

/** Four standard deviations of the ratio of hits in `count` trials: one seed in 16,000 exceeds it. */
function tolerance(probability: number, count: number): number {
  return 4 * Math.sqrt((probability * (1 - probability)) / count);
}

function expectRatio(hits: number, count: number, probability: number): void {
  expect(Math.abs(hits / count - probability)).toBeLessThan(tolerance(probability, count));
}

const COUNT = 50_000;
const ALL_UDP: Faults = {
  drop: { up: 0.2, down: 0.1 },
  burst: { up: { goodToBad: 0.01, badToGood: 0.3 }, down: { goodToBad: 0.02, badToGood: 0.5 } },
  delay: { kind: "uniform", minMs: 0, maxMs: 50 },
  duplicate: 0.1,
  reorder: 0.1,
  corrupt: 0.1,
};

describe("probability", () => {
  test("drop: has the configured ratio in each direction, independent of the other direction", () => {
    const all = fates({ drop: { up: 0.2, down: 0.1 } }, COUNT);
    const up = all.filter((fate) => fate.up.lostBy === "drop");
    expectRatio(up.length, COUNT, 0.2);
    expectRatio(all.filter((fate) => fate.down.lostBy === "drop").length, COUNT, 0.1);
    expectRatio(up.filter((fate) => fate.down.lostBy === "drop").length, COUNT, 0.02);
  });

  test.each(["close", "stall"] as const)("%s: has the configured ratio in each direction", (kind) => {
    const all = fates({ [kind]: { up: 0.2, down: 0.1 } }, COUNT, 1, "http");
    const up = all.filter((fate) => fate.up.lostBy === kind);
    expectRatio(up.length, COUNT, 0.2);
    expectRatio(all.filter((fate) => fate.down.lostBy === kind).length, COUNT, 0.1);
    expectRatio(up.filter((fate) => fate.down.lostBy === kind).length, COUNT, 0.02);
  });

  test.each(["duplicate", "reorder"] as const)("%s: has the configured ratio", (kind) => {
    expectRatio(fates({ [kind]: 0.05 }, COUNT).filter((fate) => fate.down[kind]).length, COUNT, 0.05);
  });

  test("corrupt: has the configured ratio, and positions distributed evenly over the packet", () => {
    const places = fates({ corrupt: 0.5 }, COUNT).flatMap(({ down }) => (down.corruptAt < 0 ? [] : down.corruptAt));
    expectRatio(places.length, COUNT, 0.5);
    expectRatio(places.filter((place) => place < 0.25).length, places.length, 0.25);
    expect(Math.max(...places)).toBeLessThan(1);
  });

  test("reset and status: have the configured ratio", () => {
    const resets = fates({ reset: 0.01 }, COUNT, 1, "tcp").filter((fate) => fate.down.lostBy === "reset");
    expectRatio(resets.length, COUNT, 0.01);
    const statuses = fates({ status: { code: 503, probability: 0.3 } }, COUNT, 1, "http");
    expectRatio(statuses.filter((fate) => fate.down.status === 503).length, COUNT, 0.3);
    expect(statuses.every((fate) => fate.down.status === 503 || fate.down.status === 0)).toBe(true);
  });

  test("0 injects no fault, 1 injects every fault", () => {
    const never = fates({ drop: { up: 0, down: 0 }, duplicate: 0, reorder: 0, corrupt: 0 }, 2000);
    expect(never).toEqual(Array.from({ length: 2000 }, cleanFate));
    const always = fates({ drop: { up: 1, down: 1 }, duplicate: 1, reorder: 1, corrupt: 1 }, 2000);
    expect(
      always.every(({ up, down }) => up.lostBy && down.lostBy && down.duplicate && down.reorder && down.corruptAt >= 0),
    ).toBe(true);
    expect(fates({}, 100)).toEqual(Array.from({ length: 100 }, cleanFate));
  });
});

describe("burst", () => {
  /** The lengths of the runs of consecutive losses. */
  const lengthsOf = (lost: readonly boolean[]) => {
    const lengths: number[] = [];
    let length = 0;
    for (const bad of [...lost, false]) {
      if (bad) length++;
      else if (length > 0) lengths.push(length);
      if (!bad) length = 0;
    }
    return lengths;
  };

  test.each([
    [0.01, 0.25],
    [0.05, 0.5],
    [0.002, 0.1],
  ])("gilbert(%d,%d) has the loss ratio p/(p+r) and the mean length 1/r", (goodToBad, badToGood) => {
    const burst: Burst = { goodToBad, badToGood };
    const lost = fates({ burst: { up: burst } }, 200_000).map((fate) => fate.up.lostBy === "burst");
    const lengths = lengthsOf(lost);
    const mean = lengths.reduce((a, b) => a + b, 0) / lengths.length;
    // The length of a burst has a geometric distribution, whose standard deviation is below its mean.
    expect(Math.abs(mean - 1 / badToGood)).toBeLessThan(4 / badToGood / Math.sqrt(lengths.length));
    const ratio = goodToBad / (goodToBad + badToGood);
    expect(lost.filter(Boolean).length / lost.length / ratio).toBeCloseTo(1, 0.8);
  });

  test("has a separate state for each direction", () => {
    const burst: Burst = { goodToBad: 0.05, badToGood: 0.2 };
    const both = fates({ burst: { up: burst, down: burst } }, COUNT);
    const up = both.filter((fate) => fate.up.lostBy).length / COUNT;
    const together = both.filter((fate) => fate.up.lostBy && fate.down.lostBy).length / COUNT;
    expect(up).toBeCloseTo(0.2, 1);
    expect(together).toBeCloseTo(0.04, 1.5);
    expect(fates({ burst: { down: burst } }, 1000).every((fate) => fate.up.lostBy === undefined)).toBe(true);
  });

  test("gilbert(1,1) loses every second packet", () => {
    const lost = fates({ burst: { up: { goodToBad: 1, badToGood: 1 } } }, 6).map(
      (fate) => fate.up.lostBy !== undefined,
    );
    expect(lost).toEqual([true, false, true, false, true, false]);
  });
});

describe("sampleDelay", () => {
  const samples = (delay: Delay, count = COUNT) => {
    const draw = random(7, "udp/delay");
    return Array.from({ length: count }, () => sampleDelay(delay, draw));
  };
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = (values: readonly number[]) => {
    const middle = mean(values);
    return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
  };

  test("of a fixed delay returns it, also below a millisecond", () => {
    expect(new Set(samples({ kind: "fixed", ms: 0.25 }, 100))).toEqual(new Set([0.25]));
  });

  test("of a uniform delay has the range, the mean and the standard deviation of the distribution", () => {
    const values = samples({ kind: "uniform", minMs: 10, maxMs: 50 });
    expect(Math.min(...values)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...values)).toBeLessThan(50);
    expect(Math.abs(mean(values) - 30)).toBeLessThan(0.25);
    expect(Math.abs(deviation(values) - 40 / Math.sqrt(12))).toBeLessThan(0.15);
  });

  test("of a normal delay has the mean, the standard deviation and 68.27 % within one standard deviation", () => {
    const values = samples({ kind: "normal", meanMs: 100, stddevMs: 10 });
    expect(Math.abs(mean(values) - 100)).toBeLessThan(0.2);
    expect(Math.abs(deviation(values) - 10)).toBeLessThan(0.2);
    expectRatio(values.filter((value) => Math.abs(value - 100) < 10).length, COUNT, 0.6827);
  });

  test("limits a normal delay to 0 and more, and a pareto delay to MAX_DELAY_MS", () => {
    const near = samples({ kind: "normal", meanMs: 0, stddevMs: 10 });
    expect(Math.min(...near)).toBe(0);
    expectRatio(near.filter((value) => value === 0).length, COUNT, 0.5);
    const heavy = samples({ kind: "pareto", scaleMs: 1000, shape: 0.1 });
    expect(Math.max(...heavy)).toBe(MAX_DELAY_MS);
    expect(heavy.every(Number.isFinite)).toBe(true);
  });

  test("of a pareto delay starts at the scale and has the median of the distribution", () => {
    const values = samples({ kind: "pareto", scaleMs: 10, shape: 3 }).sort((a, b) => a - b);
    expect(values[0]).toBeGreaterThanOrEqual(10);
    expectRatio(values.filter((value) => value < 10 * 2 ** (1 / 3)).length, COUNT, 0.5);
  });
});

describe("chance", () => {
  test("gives the same fates for the same seed, and other fates for another seed or protocol", () => {
    const first = fates(ALL_UDP, 500, 42);
    expect(fates(ALL_UDP, 500, 42)).toEqual(first);
    for (const seed of [0, 41, 43, 0xffff_ffff]) expect(fates(ALL_UDP, 500, seed)).not.toEqual(first);
    expect(fates({ drop: { up: 0.2, down: 0.1 } }, 500, 42, "tcp").map((fate) => fate.up.lostBy)).not.toEqual(
      fates({ drop: { up: 0.2, down: 0.1 } }, 500, 42, "udp").map((fate) => fate.up.lostBy),
    );
  });

  test("has a separate stream for each kind: other faults do not change its decisions", () => {
    const together = fates({ ...ALL_UDP, burst: {} }, 2000);
    for (const kind of ["drop", "delay", "duplicate", "reorder", "corrupt"] as const) {
      const alone = fates({ [kind]: ALL_UDP[kind] }, 2000);
      const read = ({ up, down: { lostBy, delayMs, duplicate, reorder, corruptAt } }: Fate) =>
        ({ drop: [up.lostBy, lostBy], delay: delayMs, duplicate, reorder, corrupt: corruptAt })[kind];
      expect(alone.map(read)).toEqual(together.map(read));
    }
  });

  test("close and stall do not change what other faults on HTTP do, and a loss by drop stays one", () => {
    const others: Faults = {
      drop: { up: 0.2, down: 0.1 },
      delay: { kind: "uniform", minMs: 0, maxMs: 50 },
      status: { code: 503, probability: 0.3 },
    };
    const alone = fates(others, 1000, 7, "http");
    const both = fates({ ...others, close: { up: 0.3, down: 0.3 }, stall: { up: 0.3, down: 0.3 } }, 1000, 7, "http");
    const withoutNew = ({ lostBy, ...rest }: Fate["up"]) => ({ ...rest, isDropped: lostBy === "drop" });
    expect(both.map(({ up, down }) => [withoutNew(up), withoutNew(down)])).toEqual(
      alone.map(({ up, down }) => [withoutNew(up), withoutNew(down)]),
    );
    expect(new Set(both.map(({ up }) => up.lostBy))).toEqual(new Set([undefined, "drop", "close", "stall"]));
  });

  test("of the lab's default seed loses what the lesson about HTTP says", () => {
    const some = { up: 0.03, down: 0 };
    const lost = fates({ drop: some, close: some, stall: some }, 2000, 1, "http").map(({ up }) => up.lostBy);
    const count = (kind: string) => lost.filter((by) => by === kind).length;
    expect(["drop", "close", "stall"].map(count)).toEqual([48, 54, 68]);
  });

  test("makes a higher probability drop the same packets and more", () => {
    const some = fates({ drop: { up: 0.1, down: 0 } }, 5000).map((fate) => fate.up.lostBy !== undefined);
    const more = fates({ drop: { up: 0.3, down: 0 } }, 5000).map((fate) => fate.up.lostBy !== undefined);
    expect(some.every((lost, i) => !lost || more[i])).toBe(true);
  });
});

describe("corrupt", () => {
  test.each([0, 0.1, 0.5, 0.999_999])("at the position %d flips exactly one bit within the range", (place) => {
    const bytes = Buffer.alloc(44);
    corrupt(bytes, place, 28, 44);
    const flipped = [...bytes].flatMap((byte, at) => (byte === 0 ? [] : [[at, byte] as const]));
    expect(flipped).toHaveLength(1);
    const [at, byte] = flipped[0] ?? [-1, 0];
    expect(at).toBe(28 + Math.floor(place * 16));
    expect(byte & (byte - 1)).toBe(0);
  });

  test("twice at the same position restores the octets", () => {
    const bytes = Buffer.from("ACK-UDP");
    corrupt(bytes, 0.4, 0, 7);
    expect(bytes.toString("latin1")).not.toBe("ACK-UDP");
    corrupt(bytes, 0.4, 0, 7);
    expect(bytes.toString()).toBe("ACK-UDP");
  });
});
