/** The page's pure parts. */
import { describe, expect, test } from "bun:test";
import { bundlePage } from "../../src/api/page.ts";
import { count, duration, inline, octets, percent } from "../../src/base/format.ts";
import type { HistoryDump, Snapshot } from "../../src/live/shapes.ts";
import { Series } from "../../src/page/ui/series.ts";
import { EventParser } from "../../src/page/ui/stream.ts";

describe("numbers as people read them", () => {
  test.each([
    ["0 /s", count(0, "/s")],
    ["0.4 /s", count(0.4, "/s")],
    ["1,234 /s", count(1234, "/s")],
    ["123 k/s", count(123_456, "/s")],
    ["–", count(null, "/s")],
    ["20.0 %", percent(0.2)],
    ["0.04 %", percent(0.0004)],
    ["100 %", percent(1)],
    ["0 %", percent(0)],
    ["–", percent(null)],
    ["4.20 µs", duration(0.000_004_2)],
    ["1.00 ms", duration(0.000_999_9)],
    ["25.6 ms", duration(0.0256)],
    ["1.50 s", duration(1.5)],
    ["–", duration(null)],
    ["999 B", octets(999)],
    ["1.06 kB/s", octets(1060, "/s")],
    ["12.3 MB", octets(12_345_678)],
  ])("%s", (text, quantity) => {
    expect(inline(quantity)).toBe(text);
  });
});

/** A history of two seconds in which UDP had 1 and then 2 packets a second. */
function dump(): HistoryDump {
  const none = [null, null];
  const of = (packets: (number | null)[]) => ({
    packets,
    drops: none,
    mean: none,
    p50: none,
    p99: none,
    connections: none,
    received: none,
    sent: none,
  });
  const series = { http: of([0, 0]), tcp: of([0, 0]), udp: of([1, 2]) };
  return {
    lab: "a",
    version: "0",
    seconds: 12,
    at: 50_000,
    span: 3,
    series,
    marks: [],
    flow: { packets: [], leftOut: 0 },
  };
}

function snapshot(lab: string, seconds: number, at: number, packets: number, marks: Snapshot["marks"] = []): Snapshot {
  const second = {
    packets,
    drops: null,
    mean: null,
    p50: null,
    p99: null,
    connections: null,
    received: null,
    sent: null,
  };
  const since = { seconds: 0, packets: 0, dropped: 0, answered: 0, mean: null, injected: {} };
  const now = { second, totals: { packets: 0, dropped: 0 }, faults: { text: "none", changes: 0 }, since };
  return {
    lab,
    seconds,
    at,
    protocols: { http: now, tcp: now, udp: now },
    marks,
    flow: { packets: [], leftOut: 0 },
    runsVersion: 0,
  };
}

describe("the page's copy of the history", () => {
  test("grows by the next second and forgets what is older than its span", () => {
    const series = new Series(dump());
    expect(series.push(snapshot("a", 13, 51_000, 3))).toBe(true);
    expect(series.push(snapshot("a", 14, 52_000, 4))).toBe(true);
    expect(series.columns.udp.packets).toEqual([2, 3, 4]);
    expect(series.times()).toEqual([50, 51, 52]);
  });

  test("does not take the same second twice, and asks for a new one after a gap or another start", () => {
    const series = new Series(dump());
    expect(series.push(snapshot("a", 12, 50_000, 9))).toBe(true);
    expect(series.columns.udp.packets).toEqual([1, 2]);
    expect(series.push(snapshot("a", 3612, 3_650_000, 9))).toBe(false); // the tab slept for an hour
    expect(series.push(snapshot("b", 13, 51_000, 9))).toBe(false); // the lab was started again
  });

  test("has no hole and no overlap when a clock jumps: the axis is laid from the last second", () => {
    const series = new Series(dump());
    const mark = { seconds: 12.5, protocol: "udp", text: "drop=0.1" } as const;
    series.push(snapshot("a", 13, 20_000, 3, [mark, { ...mark, protocol: "tcp" }]));
    expect(series.times()).toEqual([18, 19, 20]);
    expect(series.marks().map(({ at, protocol }) => [at, protocol])).toEqual([
      [19.5, "udp"],
      [19.5, "tcp"],
    ]);
  });
});

describe("server-sent events", () => {
  test("are found whatever the pieces in which they come", () => {
    const stream = 'retry: 1000\n\nevent: snapshot\ndata: {"a":1}\n\nevent: run\ndata: {"b":2}\n\n';
    for (let size = 1; size <= stream.length; size++) {
      const parser = new EventParser();
      const seen: string[] = [];
      for (let i = 0; i < stream.length; i += size)
        parser.push(stream.slice(i, i + size), (name, data) => seen.push(`${name} ${data}`));
      expect(seen).toEqual(['snapshot {"a":1}', 'run {"b":2}']);
    }
  });
});

describe("the bundle", () => {
  test("has under 150 KB of script, and nothing from another host", async () => {
    const bundle = await bundlePage();
    const scripts = [...bundle].filter(([, { type }]) => type.includes("javascript"));
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.reduce((sum, [, { plain }]) => sum + plain.length, 0)).toBeLessThan(150_000);
    for (const [path, { plain, type }] of bundle) {
      if (!/html|css/.test(type)) continue;
      const text = new TextDecoder().decode(plain);
      expect([
        path,
        ...text.matchAll(/(?:src|href)="(?:https?:)?\/\/[^"]*"|url\((?:https?:)?\/\/[^)]*\)|style="/g),
      ]).toEqual([path]);
    }
  });
});
