/** The benchmarks' arithmetic and their command line; `.ci/run` measures. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import floor from "../scripts/bench/floor.json";
import { holds } from "../scripts/bench/guard.ts";
import { isReached, jsonOfRows, machine, tableOfRows } from "../scripts/bench/output.ts";
import { type Comparison, ratioOf } from "../scripts/bench/row.ts";
import { SERVER_ROWS } from "../scripts/bench/servers.ts";

const ROW: Comparison = {
  name: "udp",
  what: "UDP echo",
  against: "a server",
  goal: { rate: 0.95, cpu: 1.1 },
  ours: { rates: [90, 110, 100], cpu: [2, 2.2, 2.1] },
  theirs: { rates: [100, 100, 100], cpu: [2, 2, 2] },
  before: { rates: [50, 50, 50], cpu: [4, 4, 4] },
};

test("a ratio is the median of those of the pairs", () => {
  expect(ratioOf(ROW.ours.rates, ROW.theirs.rates)).toEqual({ median: 1, low: 0.9, high: 1.1 });
});

test("a goal is reached by rate and processor time", () => {
  expect(isReached(ROW)).toBe(true);
  expect(isReached({ ...ROW, goal: { rate: 1.01 } })).toBe(false);
  expect(isReached({ ...ROW, goal: { rate: 0.95, cpu: 1.04 } })).toBe(false);
  const figure = { name: "record", what: "record", against: "–", value: 9, unit: "ns", goal: 10 };
  expect([isReached(figure), isReached({ ...figure, value: 11 })]).toEqual([true, false]);
  expect(isReached({ name: "x", what: "x", skipped: "wrk is not installed" })).toBeUndefined();
});

test("table and JSON have the rates and processor times of both sides, and those before", () => {
  const skipped = { name: "load-http", what: "load", skipped: "wrk is not installed: apt-get install wrk" };
  const lines = tableOfRows([ROW, skipped]).split("\n");
  expect(lines[2]).toContain("1.00 (0.90 to 1.10)");
  expect(lines[2]).toContain("2.1 µs, 2.0 µs");
  expect(lines[2]).toContain("×1.05 (1.00 to 1.10)");
  expect(lines[3]).toContain("UDP echo, before");
  expect(lines[3]).toContain("×2.00 (2.00 to 2.00)");
  expect(lines[4]).toContain("SKIPPED: wrk is not installed: apt-get install wrk");
  const [row, other] = JSON.parse(jsonOfRows([ROW, skipped], machine())).rows;
  expect(row).toMatchObject({ name: "udp", reached: true, ours: ROW.ours, theirs: ROW.theirs });
  expect(row.ratio.cpu.median).toBeCloseTo(1.05, 9);
  expect(row.ratioBefore.rate.median).toBe(0.5);
  expect(other).toMatchObject({ name: "load-http", reached: null });
});

test("the guard fails at half of a committed rate, or twice its processor time", () => {
  const least = { rate: 0.9, cpu: 1.1 };
  expect(holds({ rate: 0.46, cpu: 2.1 }, least)).toBe(true);
  expect(holds({ rate: 0.44, cpu: 1 }, least)).toBe(false);
  expect(holds({ rate: 1, cpu: 2.3 }, least)).toBe(false);
  expect(Object.keys(floor)).toEqual([...SERVER_ROWS]);
});

test.each([
  [["nothing"], "bench: no row nothing; rows: udp tcp "],
  [["--pairs", "x"], "bench: --pairs x: expected a number from 1 to 100"],
  [["--fast"], "bench: Unknown option '--fast'"],
])("%p is refused in one line", async (flags, message) => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "../scripts/bench.ts"), ...flags], {
    stderr: "pipe",
    stdout: "ignore",
  });
  const text = await new Response(child.stderr).text();
  expect(text).toStartWith(message);
  expect(text.trimEnd().split("\n")).toHaveLength(1);
  expect(await child.exited).toBe(2);
});
