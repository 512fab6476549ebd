/** The description of a tile's chart for screen readers. */
import { expect, test } from "bun:test";
import { describeTile, TILES } from "../../../src/page/now/tiles.ts";

const VALUES = {
  packets: [10, 30, null, 20],
  drops: [null, null],
  mean: [0.001, 0.002],
  p50: [0.003, 0.001],
  p95: [0.4],
  p99: [0.5, null],
  connections: [],
  received: [1000],
  sent: [999],
};

test.each([
  ["packets now 20 /s, highest 30 /s"],
  ["dropped now –, highest –"],
  ["average response now 2.00 ms, highest 2.00 ms; p50 now 1.00 ms, highest 3.00 ms; p99 now –, highest 500 ms"],
  ["connections now –, highest –"],
  ["bytes in now 1.00 kB/s, highest 1.00 kB/s; out now 999 B/s, highest 999 B/s"],
])("%s", (text) => {
  expect(TILES.map((tile) => describeTile(tile, VALUES))).toContain(text);
});
