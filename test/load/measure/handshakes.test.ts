import { expect, test } from "bun:test";
import { Handshakes } from "../../../src/load/measure/handshakes.ts";

test("full and resumed handshakes have distributions of their own, and a kind without any has none", () => {
  const handshakes = new Handshakes();
  for (const ms of [3, 5, 4]) handshakes.record("tls", ms, false);
  handshakes.record("tls", 1, true);
  const tls = handshakes.of("tls");
  expect([tls?.full.count, tls?.full.min, tls?.full.max]).toEqual([3, 0.003, 0.005]);
  expect([tls?.resumed.count, tls?.resumed.max]).toEqual([1, 0.001]);
  expect(handshakes.of("quic")).toBe(undefined);
});

test("failures are counted by their code, in bounded memory", () => {
  const handshakes = new Handshakes();
  for (const code of ["A", "B", "A"]) handshakes.failed(code);
  for (let code = 0; code < 100; code++) handshakes.failed(`X${code}`);
  expect(handshakes.failures.get("A")).toBe(2);
  expect(handshakes.failures.get("other")).toBe(82);
  expect(handshakes.failures.size).toBe(21);
});
