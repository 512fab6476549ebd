import { expect, test } from "bun:test";
import {
  ConnectionScanner,
  lowestFreeDescriptor,
  mostDescriptors,
  spareDescriptors,
} from "../../src/base/descriptors.ts";
import { descriptorOf } from "../../src/base/kernel.ts";
import { until } from "../support/until.ts";

const isLinux = process.platform === "linux";
if (!isLinux) console.warn("SKIPPED: the connections of a process are available on Linux only (/proc)");

test.if(isLinux)("ConnectionScanner finds the connections of a port and ends one", async () => {
  const closed: object[] = [];
  const socket = { data() {}, close: (socket: object) => void closed.push(socket) };
  const accepted: Bun.Socket[] = [];
  const open = (socket: Bun.Socket) => void accepted.push(socket);
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { ...socket, open } });
  const scanner = new ConnectionScanner(mostDescriptors());
  expect(await scanner.scan(listener.port)).toEqual([]);
  for (let n = 0; n < 2; n++) await Bun.connect({ hostname: "127.0.0.1", port: listener.port, socket });
  await until(async () => (await scanner.scan(listener.port)).length === 2, "2 connections");
  const [first, second] = accepted;
  const found = await scanner.scan(listener.port);
  expect(found.map(({ descriptor }) => descriptor)).toEqual(
    [first, second].map((each) => descriptorOf(each ?? {}) ?? -1),
  );
  const isOld = async () => (await scanner.scan(listener.port)).every(({ unansweredMs }) => unansweredMs >= 20);
  await until(isOld, "20 ms without an answer on both");
  second?.write("x");
  const [idle, active] = await scanner.scan(listener.port);
  expect(idle?.unansweredMs).toBeGreaterThan(active?.unansweredMs ?? Number.POSITIVE_INFINITY);
  if (!idle || !active) throw new Error("fewer than two connections");
  expect(scanner.shutDown(listener.port + 1, idle)).toBe(false);
  expect(scanner.shutDown(listener.port, { ...idle, peer: active.peer })).toBe(false);
  expect(scanner.shutDown(listener.port, idle)).toBe(true);
  await until(async () => (await scanner.scan(listener.port)).length === 1, "the end of one connection");
  expect(closed.some((socket) => socket === first)).toBe(true);
  expect(closed.some((socket) => socket === second)).toBe(false);
  listener.stop(true);
});

test("lowestFreeDescriptor is the number of the next descriptor, and a quarter of few descriptors is spared", async () => {
  const next = lowestFreeDescriptor(1000);
  expect(next).toBeWithin(3, 1000);
  expect(lowestFreeDescriptor(1000)).toBe(next);
  expect([64, 1000, Number.POSITIVE_INFINITY].map(spareDescriptors)).toEqual([16, 64, 0]);
  if (isLinux) expect(mostDescriptors()).toBeGreaterThan(next);
});
