/** The glossary. */
import { describe, expect, test } from "bun:test";
import { GLOSSARY, type Term } from "../../src/base/glossary.ts";
import { PROTOCOLS, REGISTRY } from "../../src/base/protocol.ts";

test("the definition of a packet names the packet of each protocol", () => {
  for (const protocol of PROTOCOLS) expect(GLOSSARY.packet).toContain(REGISTRY[protocol].packet);
});

test("every definition consists of sentences", () => {
  for (const [term, definition] of Object.entries(GLOSSARY)) {
    expect([term, /^[A-Zp“9].*\.$/.test(definition)]).toEqual([term, true]);
    expect([term, definition.includes("  ")]).toEqual([term, false]);
  }
});

describe("terms with a standard", () => {
  test.each<[Term, string]>([
    ["jitter", "RFC 3550 section 6.4.1"],
    ["IPDV", "RFC 3393"],
    ["PDV", "RFC 5481"],
    ["loss", "RFC 6673"],
    ["loss direction", "RFC 7680"],
    ["one-way delay", "RFC 7679"],
    ["reordered answers", "RFC 4737"],
    ["server time", "RFC 8762"],
  ])("%s cites %s", (term, source) => {
    expect(GLOSSARY[term]).toContain(source);
  });
});

test.each<Term>(["jitter", "IPDV", "PDV"])("%s is of the round trip, which is computed from service times", (term) => {
  expect(GLOSSARY[term]).toMatch(/^(Smoothed round|Round)-trip delay variation/);
  expect(GLOSSARY[term]).toContain("service time");
});
