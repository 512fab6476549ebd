import { expect, test } from "bun:test";
import { ITEMS_PER_TURN, overTurns } from "../../src/base/turns.ts";

test("overTurns handles as many items at once as one turn allows, and each further part in a turn of its own", async () => {
  const count = 3 * ITEMS_PER_TURN + 1;
  const handled: number[] = [];
  const perTurn: number[] = [];
  let turn = 0;
  const nextTurn = () => {
    turn++;
    if (handled.length < count) setImmediate(nextTurn);
  };
  setImmediate(nextTurn);
  const done = overTurns(Array(count).keys(), (n) => {
    handled.push(n);
    perTurn[turn] = (perTurn[turn] ?? 0) + 1;
  });
  expect(handled.length).toBe(ITEMS_PER_TURN);
  await done;
  expect(handled).toEqual([...Array(count).keys()]);
  expect(perTurn).toEqual([ITEMS_PER_TURN, ITEMS_PER_TURN, ITEMS_PER_TURN, 1]);
});

test("overTurns goes through a set while its entries are removed, and rejects with the error of the work", async () => {
  const set = new Set(Array(1000).keys());
  await overTurns(set, (n) => set.delete(n));
  expect(set.size).toBe(0);
  const fail = () => {
    throw new Error("no");
  };
  await expect(overTurns([1], fail)).rejects.toThrow("no");
});
