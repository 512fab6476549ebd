/** The look of each protocol comes from the registry. */
import { describe, expect, test } from "bun:test";
import { CLASSICS, PROTOCOLS, REGISTRY } from "../../../src/base/protocol.ts";
import { protocolRules } from "../../../src/page/ui/protocols.ts";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { nowColumn } from "../support/columns.ts";

test("the rules set colour and border style of each protocol", () => {
  const rules = protocolRules().split("\n");
  expect(rules.length).toBe(2 * PROTOCOLS.length);
  expect(rules).toEqual(
    expect.arrayContaining([
      ":root { --http: light-dark(#0a5fa5, #6cb6f5); }",
      '[data-protocol="http"] { --own: var(--http); --stroke: solid; }',
      ":root { --tcp: light-dark(#b1500b, #f2a35e); }",
      '[data-protocol="tcp"] { --own: var(--tcp); --stroke: dashed; }',
      ":root { --udp: light-dark(#007a5e, #4fd1a5); }",
      '[data-protocol="udp"] { --own: var(--udp); --stroke: dotted; }',
    ]),
  );
});

/** `#0a5fa5` as `rgb(10, 95, 165)`, the form of computed styles. */
function toRgb(hex: string): string {
  return `rgb(${[1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)).join(", ")})`;
}

describe.each([
  ["light", 0],
  ["dark", 1],
] as const)("in the %s colour scheme", (scheme, index) => {
  browserTest("every column has the colour, shape and texts of its protocol", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"), { dark: scheme === "dark" });
    await page.shows("#live", "live");
    for (const protocol of CLASSICS) {
      const { title, summary, look } = REGISTRY[protocol];
      const shape = `document.querySelector(${JSON.stringify(`${nowColumn(protocol)} .shape`)})`;
      expect(await page.value<string>(`getComputedStyle(${shape}).color`)).toBe(toRgb(look.colors[index]));
      expect(await page.text(`${nowColumn(protocol)} h2`)).toBe(`${look.shape}${title}`);
      expect(await page.text(`${nowColumn(protocol)} .summary`)).toBe(summary);
    }
  });
});

test("no module or style sheet of the page lists the protocols", async () => {
  const root = `${import.meta.dir}/../../../src/page`;
  const listing: string[] = [];
  for await (const path of new Bun.Glob("**/*.{ts,css,html}").scan(root)) {
    const text = await Bun.file(`${root}/${path}`).text();
    const named = PROTOCOLS.filter((protocol) => new RegExp(`["'\`.-]${protocol}\\b|\\b${protocol}:`).test(text));
    if (named.length > 1) listing.push(path);
  }
  expect(listing).toEqual(["faults/scenarios.ts"]); // its texts are faults of certain protocols
});
