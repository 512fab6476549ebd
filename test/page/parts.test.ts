/** The page's pure parts. */
import { describe, expect, test } from "bun:test";
import { bundlePage } from "../../src/control/page.ts";
import { count, duration, inline, octets, percent } from "../../src/page/format.ts";
import { EventParser } from "../../src/page/stream.ts";

describe("numbers as people read them", () => {
  test.each([
    [count(0, "/s"), "0 /s"],
    [count(0.4, "/s"), "0.4 /s"],
    [count(1234, "/s"), "1,234 /s"],
    [count(123_456, "/s"), "123 k/s"],
    [count(null, "/s"), "–"],
    [percent(0.2), "20.0 %"],
    [percent(0.0004), "0.04 %"],
    [percent(1), "100 %"],
    [percent(0), "0 %"],
    [percent(null), "–"],
    [duration(0.000_004_2), "4.20 µs"],
    [duration(0.000_999_9), "1.00 ms"],
    [duration(0.0256), "25.6 ms"],
    [duration(1.5), "1.50 s"],
    [duration(null), "–"],
    [octets(999), "999 B"],
    [octets(1060, "/s"), "1.06 kB/s"],
    [octets(12_345_678), "12.3 MB"],
  ])("%p reads %p", (quantity, text) => {
    expect(inline(quantity)).toBe(text);
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
