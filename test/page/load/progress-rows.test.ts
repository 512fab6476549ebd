/** A run's intervals as table rows and chart columns. */
import { expect, test } from "bun:test";
import type { Protocol } from "../../../src/base/protocol.ts";
import {
  type Interval,
  intervalCells,
  intervalColumns,
  latestIntervals,
} from "../../../src/page/load/progress-rows.ts";
import { overMarks } from "../../../src/page/ui/chart-marks.ts";

function interval(protocol: Protocol, seconds: number, values: Partial<Interval> = {}): Interval {
  return {
    protocol,
    seconds,
    interval: 1,
    totalSeconds: 10,
    planned: 0,
    unsent: 0,
    refused: 0,
    sent: 0,
    answered: 0,
    lost: 0,
    late: 0,
    failed: 0,
    corrupt: 0,
    duplicate: 0,
    reordered: 0,
    p50: null,
    p95: null,
    p99: null,
    max: null,
    over: {},
    ...values,
  };
}

test("the cells of an interval", () => {
  const cells = intervalCells(
    interval("udp", 1, { sent: 1000, answered: 900, lost: 100, p50: 0.0002, p95: 0.002, p99: 0.004 }),
  );
  expect(cells).toEqual(["1,000", "900", "100", "10.0 %", "200 µs", "2.00 ms", "4.00 ms", ""]);
  expect(intervalCells(interval("udp", 1))).toEqual(["0", "0", "0", "–", "–", "–", "–", ""]);
  const over = interval("udp", 1, { sent: 10, lost: 6, late: 1, refused: 2000, over: { p50: 2 } });
  expect(intervalCells(over)).toEqual(["10", "0", "6", "60.0 %", "> 2 s", "–", "–", "late 1, refused 2,000"]);
});

test("the latest interval of each protocol of the run, in the order of the registry", () => {
  const [udp1, tcp1, udp2] = [interval("udp", 1), interval("tcp", 1), interval("udp", 2)];
  expect(latestIntervals([udp1, tcp1, udp2])).toEqual([tcp1, udp2]);
});

test("the columns hold p50 and p99 of each protocol; null where a second has no interval", () => {
  const { xs, columns } = intervalColumns([
    interval("udp", 1.02, { p50: 1, p99: 2 }),
    interval("tcp", 0.98, { p50: 3, p99: 4 }),
    interval("udp", 2.01, { p50: 5, p99: 6 }),
  ]);
  expect(xs).toEqual([1, 2]);
  expect(columns.filter((column) => column.some((value) => value !== null))).toEqual([
    [3, null],
    [4, null],
    [1, 5],
    [2, 6],
  ]);
});

test("a percentile over the timeout is infinite in its column", () => {
  const { columns } = intervalColumns([interval("udp", 1, { p50: 1, over: { p99: 2 } })]);
  expect(columns.filter(([value]) => value !== null)).toEqual([[1], [Number.POSITIVE_INFINITY]]);
});

test("infinite values are marks, one for the lines of the same colour at the same place", () => {
  const infinite = Number.POSITIVE_INFINITY;
  const lines = ["--a", "--a", "--b"].map((color) => ({ label: "", color }));
  expect(
    overMarks(
      [7, 8],
      [
        [infinite, 1],
        [infinite, infinite],
        [null, infinite],
      ],
      lines,
    ),
  ).toEqual([
    { x: 7, color: "--a" },
    { x: 8, color: "--a" },
    { x: 8, color: "--b" },
  ]);
});
