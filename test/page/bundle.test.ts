/** The bundle of the page. */
import { expect, test } from "bun:test";
import { bundlePage } from "../../src/api/page.ts";

test("the scripts are under 150 KB, and no file refers to another host or has inline styles", async () => {
  const bundle = await bundlePage();
  const scripts = [...bundle].filter(([, { type }]) => type.includes("javascript"));
  expect(scripts.length).toBeGreaterThan(0);
  expect(scripts.reduce((sum, [, { plain }]) => sum + plain.length, 0)).toBeLessThan(150_000);
  for (const [path, { plain, type }] of bundle) {
    if (!/html|css/.test(type)) continue;
    const text = new TextDecoder().decode(plain);
    const foreign = text.matchAll(/(?:src|href)="(?:https?:)?\/\/[^"]*"|url\((?:https?:)?\/\/[^)]*\)|style="/g);
    expect([path, ...foreign]).toEqual([path]);
  }
});
