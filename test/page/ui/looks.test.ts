/** The looks of the protocols: legible on both themes, and apart without colour and with colour blindness. */
import { describe, expect, test } from "bun:test";
import { CLASSICS, PROTOCOLS, type Protocol, REGISTRY } from "../../../src/base/protocol.ts";
import { labDistance, luminance, simulated, VISIONS } from "../support/colours.ts";

const TOKENS = await Bun.file(`${import.meta.dir}/../../../src/page/ui/tokens.css`).text();

/** The light and the dark value of a custom property. */
function token(name: string): readonly string[] {
  const [, light = "", dark = ""] = new RegExp(`--${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(TOKENS) ?? [];
  return [light, dark];
}

const BACKGROUNDS = ["surface", "paper", "raised"].map(token);
const PAIRS = PROTOCOLS.flatMap((a, i) => PROTOCOLS.slice(i + 1).map((b) => [a, b] as const));
const isClassic = (protocol: Protocol) => CLASSICS.some((classic) => classic === protocol);

test("each protocol has a shape, a dash pattern and colours of its own", () => {
  const looks = PROTOCOLS.map((protocol) => REGISTRY[protocol].look);
  for (const part of ["shape", "dash"] as const) {
    expect(new Set(looks.map((look) => JSON.stringify(look[part]))).size).toBe(PROTOCOLS.length);
  }
  expect(new Set(looks.flatMap(({ colors }) => colors)).size).toBe(2 * PROTOCOLS.length);
});

describe.each([
  ["light", 0],
  ["dark", 1],
] as const)("in the %s colour scheme", (_, scheme) => {
  const colorOf = (protocol: Protocol): string => REGISTRY[protocol].look.colors[scheme];

  test("each colour has a contrast of 4.5 to each background, as text needs", () => {
    for (const protocol of PROTOCOLS) {
      for (const background of BACKGROUNDS) {
        const values = [luminance(colorOf(protocol)), luminance(background[scheme] ?? "")].sort((a, b) => b - a);
        const [lighter = 0, darker = 0] = values;
        expect([protocol, (lighter + 0.05) / (darker + 0.05) >= 4.5]).toEqual([protocol, true]);
      }
    }
  });

  test.each([...VISIONS])("colours are apart with %s vision", (vision) => {
    for (const [a, b] of PAIRS) {
      const distance = labDistance(simulated(colorOf(a), vision), simulated(colorOf(b), vision));
      // Two of the classics' colours are close to each other without blue; they are kept.
      const least = vision === "normal" ? 0.13 : isClassic(a) && isClassic(b) ? 0.035 : 0.09;
      expect([a, b, Math.min(distance, least)]).toEqual([a, b, least]);
    }
  });
});
