import { describe, expect, test } from "bun:test";
import { LAB_SERIES, RUN_SERIES, type SeriesTable } from "../../src/metrics/catalogue.ts";

/** The series of the original project, whose names have no prefix. */
const UNPREFIXED = ["packets_total", "dropped_packets_total", "response_time_seconds"];

/** Every label name; each has a closed set of values. */
const LABELS = [
  "protocol",
  "relay",
  "reason",
  "kind",
  "direction",
  "result",
  "resumed",
  "structure",
  "standing",
  "socket",
  "mode",
  "version",
  "bun_version",
  "commit",
];

describe.each<[string, SeriesTable]>([
  ["LAB_SERIES", LAB_SERIES],
  ["RUN_SERIES", RUN_SERIES],
])("%s", (_, table) => {
  const series = Object.entries(table);

  test("has the prefix wirelab_ or process_, except for the series of the original project", () => {
    const unprefixed = series.map(([name]) => name).filter((name) => !/^(wirelab|process)_/.test(name));
    expect(unprefixed).toEqual(table === LAB_SERIES ? UNPREFIXED : []);
  });

  test("names counters with _total, and no other series", () => {
    for (const [name, { type }] of series) expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
  });

  test("names seconds and bytes with their unit", () => {
    for (const [name, { unit }] of series) {
      const suffix = /_(seconds|bytes)(_total)?$/.exec(name)?.[1];
      expect([name, suffix]).toEqual([name, unit === "seconds" || unit === "bytes" ? unit : undefined]);
    }
  });

  test("has only labels with a closed set of values", () => {
    expect(series.flatMap(([, { labels }]) => labels).filter((label) => !LABELS.includes(label))).toEqual([]);
  });

  test("has a help text of one sentence for each series", () => {
    for (const [, { help }] of series) expect(help).toMatch(/^[A-Z][^\n]*\.$/);
  });
});
