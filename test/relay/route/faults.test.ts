import { expect, test } from "bun:test";
import { parseRelayImpairments, relayFaults } from "../../../src/relay/route/faults.ts";
import { parseRoutes } from "../../../src/relay/route/text.ts";

const ROUTES = parseRoutes("api=tcp:8080>db:5432,dns=udp:5353>9.9.9.9:53");

test("each relay has its own faults, of its own transport", () => {
  const texts = parseRelayImpairments(" api:delay=20,rate=1M ; dns: drop=0.3/0.1; ");
  expect(texts).toEqual({ api: "delay=20,rate=1M", dns: "drop=0.3/0.1" });
  expect(Object.fromEntries(relayFaults(ROUTES, texts))).toEqual({
    api: { up: { rate: 1e6 }, down: { delay: { kind: "fixed", ms: 20 }, rate: 1e6 } },
    dns: { up: { drop: 0.3 }, down: { drop: 0.1 } },
  });
});

test.each([
  ["delay=20", '"delay=20" has no name of a relay at character 1; allowed: NAME:FAULT=VALUE,…;NAME:…'],
  ["api:delay=1;api:delay=2", '"api" is given twice at character 13; allowed: each relay once'],
  ["db:delay=1", 'no relay has the name "db"; allowed: api, dns'],
  ["dns:slice=3", 'relay dns, "slice=3": a udp relay has no fault "slice" at character 1; allowed: drop, burst,'],
  ["api:delay=x", 'relay api, "delay=x": '],
])("%s", (text, line) => {
  expect(() => relayFaults(ROUTES, parseRelayImpairments(text))).toThrow(line);
});

test("without relays, no name is allowed", () => {
  expect(() => relayFaults([], { api: "delay=1" })).toThrow("allowed: none, because there is no relay");
});
