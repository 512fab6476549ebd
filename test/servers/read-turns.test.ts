import { expect, test } from "bun:test";
import { ReadTurns } from "../../src/servers/read-turns.ts";
import { TcpTurns } from "../../src/servers/tcp-turns.ts";
import { UdpSockets } from "../../src/servers/udp-sockets.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function fakeReading() {
  return {
    held: false,
    hold() {
      this.held = true;
    },
    release() {
      this.held = false;
    },
  };
}

test("a reading is held when a turn takes longer than 5 ms, and released in the next one", async () => {
  const reading = fakeReading();
  const turns = new ReadTurns(reading, () => 1006);
  for (const at of [1000, 1003, 1005]) turns.note(at);
  expect(reading.held).toBe(false);
  turns.note(1005.1);
  expect(reading.held).toBe(true);
  await nextTurn();
  expect(reading.held).toBe(false);
  turns.note(1011); // the event loop has turned 5 ms before: it is not asked again
  turns.note(1100);
  expect(reading.held).toBe(false);
  turns.note(1106);
  expect(reading.held).toBe(true);
});

test("packets that arrive one a turn never hold a reading", async () => {
  const reading = fakeReading();
  let now = 0;
  const turns = new ReadTurns(reading, () => now);
  for (; now < 300; now += 10) {
    turns.note(now);
    expect(reading.held).toBe(false);
    await nextTurn();
  }
});

test("turns for the rest of chunks alternate with turns for the other connections", async () => {
  const calls: string[] = [];
  const connection = { pauseReading: () => calls.push("pause"), resumeReading: () => calls.push("resume") };
  let now = 0;
  const turns = new TcpTurns(new Set([connection]), () => now);
  const slow = (name: string, rest?: () => void) => () => {
    calls.push(name);
    for (const end = now + 20; now < end; now += 2) turns.note(now);
    expect(turns.held).toBe(true);
    if (rest) turns.later(rest);
  };
  slow(
    "chunk",
    slow("rest", () => calls.push("last")),
  )();
  expect(calls).toEqual(["chunk", "pause"]);
  await until(() => calls.includes("last"), "the last rest");
  expect(calls).toEqual(["chunk", "pause", "rest", "resume", "pause", "last", "resume"]);
  expect([turns.held, turns.isPaused]).toEqual([false, false]);
});

test("datagrams that would occupy the event loop are divided over turns; each is read and answered once", async () => {
  using client = await openUdp();
  const count = 200;
  let now = 0;
  let inTurn = 0;
  const turns: number[] = [];
  const endTurn = () => {
    turns.push(inTurn);
    inTurn = 0;
  };
  const sockets = await UdpSockets.open(
    "127.0.0.1",
    0,
    1 << 20,
    {
      data(socket, data, port, address) {
        socket.received(now++); // each takes 1 ms
        if (inTurn++ === 0) setImmediate(endTurn);
        socket.send(data, port, address);
      },
      error() {},
    },
    () => now,
  );
  for (let n = 0; n < count; n++) client.send(`${n}`, sockets.port);
  await until(() => client.got.length === count, "the answers");
  expect(client.got.map(String)).toEqual(Array.from({ length: count }, (_, n) => `${n}`));
  await until(() => inTurn === 0, "the last turn");
  expect(turns.reduce((sum, each) => sum + each, 0)).toBe(count);
  expect(Math.max(...turns)).toBeLessThan(count / 2); // 12, and those that the runtime has read together with them
  expect(sockets.receiveBufferDrops()).toBe(0);
  sockets.close();
});
