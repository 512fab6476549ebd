/** The page's copy of the history. */
import { expect, test } from "bun:test";
import { byProtocol } from "../../../src/base/protocol.ts";
import type { HistoryDump, LiveSnapshot, Second } from "../../../src/live/shapes.ts";
import { Series } from "../../../src/page/ui/series.ts";

const EMPTY: Second = {
  packets: null,
  drops: null,
  mean: null,
  p50: null,
  p95: null,
  p99: null,
  connections: null,
  received: null,
  sent: null,
};

/** A history of two seconds, the last one second 12 of lab `a`, with 1 and then 2 packets per second. */
function history(): HistoryDump {
  const none = [null, null];
  const columns = {
    packets: [1, 2],
    drops: none,
    mean: none,
    p50: none,
    p95: none,
    p99: none,
    connections: none,
    received: none,
    sent: none,
  };
  return {
    lab: "a",
    version: "0",
    seconds: 12,
    at: 50_000,
    span: 3,
    series: byProtocol(() => columns),
    marks: [],
    flow: { packets: [], leftOut: 0 },
  };
}

function snapshot(
  lab: string,
  seconds: number,
  at: number,
  packets: number,
  marks: LiveSnapshot["marks"] = [],
): LiveSnapshot {
  return {
    lab,
    seconds,
    at,
    protocols: byProtocol(() => ({
      second: { ...EMPTY, packets },
      totals: { packets: 0, dropped: 0 },
      faults: { text: "none", changes: 0 },
      since: { seconds: 0, packets: 0, dropped: 0, answered: 0, mean: null, injected: {} },
    })),
    relays: [],
    marks,
    flow: { packets: [], leftOut: 0 },
    runsVersion: 0,
    runVersion: 0,
  };
}

test("grows by the next second and drops values older than its span", () => {
  const series = new Series(history());
  expect(series.push(snapshot("a", 13, 51_000, 3))).toBe(true);
  expect(series.push(snapshot("a", 14, 52_000, 4))).toBe(true);
  expect(series.columns.udp?.packets).toEqual([2, 3, 4]);
  expect(series.columns.http?.packets).toEqual([2, 3, 4]);
  expect(series.times).toEqual([50, 51, 52]);
  expect(series.length).toBe(3);
});

test("ignores a second that it has, and rejects one after a gap or of another lab", () => {
  const series = new Series(history());
  expect(series.push(snapshot("a", 12, 50_000, 9))).toBe(true);
  expect(series.columns.udp?.packets).toEqual([1, 2]);
  expect(series.push(snapshot("a", 3612, 3_650_000, 9))).toBe(false); // the computer slept for an hour
  expect(series.push(snapshot("b", 13, 51_000, 9))).toBe(false); // the lab was restarted
});

test("counts times back from the last second, so that a clock step leaves neither gap nor overlap", () => {
  const series = new Series(history());
  const mark = { seconds: 12.5, protocol: "udp", text: "drop=0.1" } as const;
  series.push(snapshot("a", 13, 20_000, 3, [mark, { ...mark, protocol: "tcp" }]));
  expect(series.times).toEqual([18, 19, 20]);
  expect(series.marks.map(({ at, protocol }) => [at, protocol])).toEqual([
    [19.5, "udp"],
    [19.5, "tcp"],
  ]);
});

test("keeps each fault change once, and drops it with the seconds around it", () => {
  const series = new Series(history());
  const mark = { seconds: 12.5, protocol: "udp", text: "drop=0.1" } as const;
  series.push(snapshot("a", 13, 51_000, 3, [mark]));
  series.push(snapshot("a", 14, 52_000, 3, [mark]));
  expect(series.marks.length).toBe(1);
  series.push(snapshot("a", 15, 53_000, 3));
  series.push(snapshot("a", 16, 54_000, 3));
  expect(series.marks).toEqual([]);
});
