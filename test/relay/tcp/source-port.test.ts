/** Local ports of connections to the upstream. */
import { expect, test } from "bun:test";
import { nextSourcePort } from "../../../src/relay/tcp/source-port.ts";

test("ports follow each other, without those in use, and are those of connections", () => {
  const first = nextSourcePort(() => false);
  const used = new Set(Array.from({ length: 100 }, (_, n) => first + n));
  const ports = Array.from({ length: 1000 }, () => nextSourcePort((port) => used.has(port)));
  expect(new Set(ports).size).toBe(1000);
  expect(ports.filter((port) => used.has(port) || port < 1024 || port > 65_535)).toEqual([]);
});

test("a search ends when every port is in use", () => {
  expect(nextSourcePort(() => true)).toBeGreaterThan(1023);
});
