import { expect, test } from "bun:test";
import { ITEMS_PER_TURN, jsonStream, jsonWith, overTurns } from "../../src/base/turns.ts";

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

test.each([0, 1, 3, 4])("jsonStream encodes an object whose last field has %p values, two in a turn", async (count) => {
  let made = 0;
  const items = Array.from({ length: count }, (_, n) => n);
  const stream = jsonStream(
    { id: 7, missing: undefined },
    "squares",
    items,
    (n) => {
      made++;
      return { n, square: n * n };
    },
    2,
  );
  expect(made).toBe(0);
  const value = JSON.parse(await new Response(stream).text());
  expect(value).toEqual({ id: 7, squares: items.map((n) => ({ n, square: n * n })) });
  expect(made).toBe(count);
});

test("jsonWith adds encoded fields to an object", () => {
  expect(JSON.parse(jsonWith({ a: "b", none: undefined }, { list: "[1,null]" }))).toEqual({ a: "b", list: [1, null] });
  expect(jsonWith({}, {})).toBe("{}");
});
