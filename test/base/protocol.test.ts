import { expect, test } from "bun:test";
import { ALL_TITLES, byProtocol, isProtocol, PORT_PROTOCOLS, PROTOCOLS, REGISTRY } from "../../src/base/protocol.ts";
import { KINDS } from "../../src/faults/faults.ts";

test("no two protocols of REGISTRY share a port of their own", () => {
  const ports = PORT_PROTOCOLS.map((protocol) => `${REGISTRY[protocol].port}/${REGISTRY[protocol].transport}`);
  expect(new Set(ports).size).toBe(PORT_PROTOCOLS.length);
});

test("no two protocols of REGISTRY share a title, a shape, a colour or a dash pattern", () => {
  const entries = PROTOCOLS.map((protocol) => REGISTRY[protocol]);
  for (const values of [
    entries.map(({ look }) => look.shape),
    entries.map(({ look }) => look.colors[0]),
    entries.map(({ look }) => look.dash.join()),
    entries.map(({ title }) => title),
  ]) {
    expect(new Set(values).size).toBe(PROTOCOLS.length);
  }
});

test("an entry of REGISTRY lists each fault and each reject reason once, and only existing faults", () => {
  for (const protocol of PROTOCOLS) {
    const { faults, rejects } = REGISTRY[protocol];
    expect(new Set<string>(faults).size).toBe(faults.length);
    expect(new Set<string>(rejects).size).toBe(rejects.length);
    expect(faults.filter((kind) => !KINDS.includes(kind))).toEqual([]);
  }
});

test("byProtocol makes one value for each protocol", () => {
  expect(byProtocol((protocol) => REGISTRY[protocol].port)).toMatchObject({ http: 5000, tcp: 6000, udp: 7000 });
  expect(Object.keys(byProtocol(() => 0))).toEqual([...PROTOCOLS]);
});

test("ALL_TITLES lists the display names as a part of a sentence", () => {
  const titles = PROTOCOLS.map((protocol) => REGISTRY[protocol].title);
  expect(ALL_TITLES).toBe(`${titles.slice(0, -1).join(", ")} and ${titles.at(-1)}`);
});

test("isProtocol is true for the names of protocols only", () => {
  expect(["http", "udp", "sctp", "toString"].map(isProtocol)).toEqual([true, true, false, false]);
});
