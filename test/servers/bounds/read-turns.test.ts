import { expect, test } from "bun:test";
import { ReadTurns } from "../../../src/servers/bounds/read-turns.ts";

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
