/** The faults' statistics with known seeds: as often, as long and as late as asked, and the same again with the seed. */
import { describe, expect, test } from "bun:test";
import type { Protocol } from "../../src/base/protocol.ts";
import { random } from "../../src/base/random.ts";
import { chance, cleanFate, corrupt, decide, type Fate, sampleDelay } from "../../src/faults/decide.ts";
import { type Burst, type Delay, type Faults, MAX_DELAY_MS } from "../../src/faults/faults.ts";

/** The fates of `count` packets under `faults`. */
function fates(faults: Faults, count: number, seed = 1, protocol: Protocol = "udp"): Fate[] {
  const chances = chance(seed, protocol);
  return Array.from({ length: count }, () => decide(faults, chances, cleanFate()));
}

/** Four standard deviations of a share of `count` trials: one seed in 16,000 would miss it. */
function tolerance(probability: number, count: number): number {
  return 4 * Math.sqrt((probability * (1 - probability)) / count);
}

function expectShare(hits: number, count: number, probability: number): void {
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

describe("each probability is met", () => {
  test("drop, each way by itself, and the two ways independent", () => {
    const all = fates({ drop: { up: 0.2, down: 0.1 } }, COUNT);
    const up = all.filter((fate) => fate.up.lostBy === "drop");
    expectShare(up.length, COUNT, 0.2);
    expectShare(all.filter((fate) => fate.down.lostBy === "drop").length, COUNT, 0.1);
    expectShare(up.filter((fate) => fate.down.lostBy === "drop").length, COUNT, 0.02);
  });

  test.each(["duplicate", "reorder"] as const)("%s", (kind) => {
    expectShare(fates({ [kind]: 0.05 }, COUNT).filter((fate) => fate.down[kind]).length, COUNT, 0.05);
  });

  test("corrupt, with its places spread evenly over the answer", () => {
    const places = fates({ corrupt: 0.5 }, COUNT).flatMap(({ down }) => (down.corruptAt < 0 ? [] : down.corruptAt));
    expectShare(places.length, COUNT, 0.5);
    expectShare(places.filter((place) => place < 0.25).length, places.length, 0.25);
    expect(Math.max(...places)).toBeLessThan(1);
  });

  test("reset and status", () => {
    const resets = fates({ reset: 0.01 }, COUNT, 1, "tcp").filter((fate) => fate.down.lostBy === "reset");
    expectShare(resets.length, COUNT, 0.01);
    const statuses = fates({ status: { code: 503, probability: 0.3 } }, COUNT, 1, "http");
    expectShare(statuses.filter((fate) => fate.down.status === 503).length, COUNT, 0.3);
    expect(statuses.every((fate) => fate.down.status === 503 || fate.down.status === 0)).toBe(true);
  });

  test("0 never and 1 always", () => {
    const never = fates({ drop: { up: 0, down: 0 }, duplicate: 0, reorder: 0, corrupt: 0 }, 2000);
    expect(never).toEqual(Array.from({ length: 2000 }, cleanFate));
    const always = fates({ drop: { up: 1, down: 1 }, duplicate: 1, reorder: 1, corrupt: 1 }, 2000);
    expect(
      always.every(({ up, down }) => up.lostBy && down.lostBy && down.duplicate && down.reorder && down.corruptAt >= 0),
    ).toBe(true);
    expect(fates({}, 100)).toEqual(Array.from({ length: 100 }, cleanFate));
  });
});

describe("bursts", () => {
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
  ])("gilbert(%d,%d) loses p/(p+r) of the packets, in bursts of 1/r on average", (goodToBad, badToGood) => {
    const burst: Burst = { goodToBad, badToGood };
    const lost = fates({ burst: { up: burst } }, 200_000).map((fate) => fate.up.lostBy === "burst");
    const lengths = lengthsOf(lost);
    const mean = lengths.reduce((a, b) => a + b, 0) / lengths.length;
    // a burst's length is geometric: its standard deviation is below its mean
    expect(Math.abs(mean - 1 / badToGood)).toBeLessThan(4 / badToGood / Math.sqrt(lengths.length));
    const ratio = goodToBad / (goodToBad + badToGood);
    expect(lost.filter(Boolean).length / lost.length / ratio).toBeCloseTo(1, 0.8);
  });

  test("each way has a state of its own", () => {
    const burst: Burst = { goodToBad: 0.05, badToGood: 0.2 };
    const both = fates({ burst: { up: burst, down: burst } }, COUNT);
    const up = both.filter((fate) => fate.up.lostBy).length / COUNT;
    const together = both.filter((fate) => fate.up.lostBy && fate.down.lostBy).length / COUNT;
    expect(up).toBeCloseTo(0.2, 1);
    expect(together).toBeCloseTo(0.04, 1.5);
    expect(fates({ burst: { down: burst } }, 1000).every((fate) => fate.up.lostBy === undefined)).toBe(true);
  });

  test("certain to leave, never to come back: one packet in two", () => {
    const lost = fates({ burst: { up: { goodToBad: 1, badToGood: 1 } } }, 6).map(
      (fate) => fate.up.lostBy !== undefined,
    );
    expect(lost).toEqual([true, false, true, false, true, false]);
  });
});

describe("delays", () => {
  const samples = (delay: Delay, count = COUNT) => {
    const draw = random(7, "udp/delay");
    return Array.from({ length: count }, () => sampleDelay(delay, draw));
  };
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = (values: readonly number[]) => {
    const middle = mean(values);
    return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
  };

  test("fixed is that, also below a millisecond", () => {
    expect(new Set(samples({ kind: "fixed", ms: 0.25 }, 100))).toEqual(new Set([0.25]));
  });

  test("uniform lies in its range, with its mean and deviation", () => {
    const values = samples({ kind: "uniform", minMs: 10, maxMs: 50 });
    expect(Math.min(...values)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...values)).toBeLessThan(50);
    expect(Math.abs(mean(values) - 30)).toBeLessThan(0.25);
    expect(Math.abs(deviation(values) - 40 / Math.sqrt(12))).toBeLessThan(0.15);
  });

  test("normal has its mean, its deviation and two thirds within one of them", () => {
    const values = samples({ kind: "normal", meanMs: 100, stddevMs: 10 });
    expect(Math.abs(mean(values) - 100)).toBeLessThan(0.2);
    expect(Math.abs(deviation(values) - 10)).toBeLessThan(0.2);
    expectShare(values.filter((value) => Math.abs(value - 100) < 10).length, COUNT, 0.6827);
  });

  test("normal is cut at zero, pareto at the longest delay", () => {
    const near = samples({ kind: "normal", meanMs: 0, stddevMs: 10 });
    expect(Math.min(...near)).toBe(0);
    expectShare(near.filter((value) => value === 0).length, COUNT, 0.5);
    const heavy = samples({ kind: "pareto", scaleMs: 1000, shape: 0.1 });
    expect(Math.max(...heavy)).toBe(MAX_DELAY_MS);
    expect(heavy.every(Number.isFinite)).toBe(true);
  });

  test("pareto begins at its scale and has its median", () => {
    const values = samples({ kind: "pareto", scaleMs: 10, shape: 3 }).sort((a, b) => a - b);
    expect(values[0]).toBeGreaterThanOrEqual(10);
    expectShare(values.filter((value) => value < 10 * 2 ** (1 / 3)).length, COUNT, 0.5);
  });
});

describe("seeds", () => {
  test("the same seed gives the same fates, another seed and another protocol give others", () => {
    const first = fates(ALL_UDP, 500, 42);
    expect(fates(ALL_UDP, 500, 42)).toEqual(first);
    for (const seed of [0, 41, 43, 0xffff_ffff]) expect(fates(ALL_UDP, 500, seed)).not.toEqual(first);
    expect(fates({ drop: { up: 0.2, down: 0.1 } }, 500, 42, "tcp").map((fate) => fate.up.lostBy)).not.toEqual(
      fates({ drop: { up: 0.2, down: 0.1 } }, 500, 42, "udp").map((fate) => fate.up.lostBy),
    );
  });

  test("each kind draws from a stream of its own: turning the others on changes nothing for it", () => {
    const together = fates({ ...ALL_UDP, burst: {} }, 2000);
    for (const kind of ["drop", "delay", "duplicate", "reorder", "corrupt"] as const) {
      const alone = fates({ [kind]: ALL_UDP[kind] }, 2000);
      const read = ({ up, down: { lostBy, delayMs, duplicate, reorder, corruptAt } }: Fate) =>
        ({ drop: [up.lostBy, lostBy], delay: delayMs, duplicate, reorder, corrupt: corruptAt })[kind];
      expect(alone.map(read)).toEqual(together.map(read));
    }
  });

  test("a higher probability takes the same packets and more", () => {
    const some = fates({ drop: { up: 0.1, down: 0 } }, 5000).map((fate) => fate.up.lostBy !== undefined);
    const more = fates({ drop: { up: 0.3, down: 0 } }, 5000).map((fate) => fate.up.lostBy !== undefined);
    expect(some.every((lost, i) => !lost || more[i])).toBe(true);
  });

  test("neighbouring seeds know nothing of each other", () => {
    const firsts = Array.from({ length: 10_000 }, (_, seed) => random(seed, "udp/drop/up")());
    expectShare(firsts.filter((value) => value < 0.2).length, firsts.length, 0.2);
    expect(new Set(firsts).size).toBeGreaterThan(9990);
  });
});

describe("corruption", () => {
  test.each([0, 0.1, 0.5, 0.999_999])("at place %d flips exactly one bit, inside of the range", (place) => {
    const bytes = Buffer.alloc(44);
    corrupt(bytes, place, 28, 44);
    const flipped = [...bytes].flatMap((byte, at) => (byte === 0 ? [] : [[at, byte] as const]));
    expect(flipped).toHaveLength(1);
    const [at, byte] = flipped[0] ?? [-1, 0];
    expect(at).toBe(28 + Math.floor(place * 16));
    expect(byte & (byte - 1)).toBe(0);
  });

  test("again at the same place takes it back", () => {
    const bytes = Buffer.from("ACK-UDP");
    corrupt(bytes, 0.4, 0, 7);
    expect(bytes.toString("latin1")).not.toBe("ACK-UDP");
    corrupt(bytes, 0.4, 0, 7);
    expect(bytes.toString()).toBe("ACK-UDP");
  });
});
