import { expect, test } from "bun:test";
import { WaitingInput } from "../../../src/servers/bounds/waiting-input.ts";

/** Input of numbers, of which 2 are processed in a turn; a negative one has a rest, 0 is an error. */
function waitingNumbers() {
  const processed: number[] = [];
  const errors: unknown[] = [];
  const works: (() => void)[] = [];
  const turns = { held: true, later: (work: () => void) => void works.push(work) };
  const waiting: WaitingInput<number> = new WaitingInput(turns, {
    process(item) {
      if (item === 0) throw new Error("zero");
      processed.push(item);
      turns.held = processed.length % 2 === 0;
      return item < 0 ? -item : undefined;
    },
    failed(error) {
      errors.push(error);
      waiting.clear();
    },
  });
  function turn(): readonly number[] {
    turns.held = false;
    processed.length = 0;
    works.shift()?.();
    return [...processed];
  }
  return { waiting, turns, errors, turn, works };
}

test("input waits while the reading is held, and behind what waits", () => {
  const { waiting, turns, turn } = waitingNumbers();
  expect([waiting.isEmpty, waiting.isNeeded]).toEqual([true, true]);
  turns.held = false;
  expect(waiting.isNeeded).toBe(false);
  waiting.add(1);
  expect([waiting.isEmpty, waiting.isNeeded]).toEqual([false, true]);
  expect(turn()).toEqual([1]);
  expect([waiting.isEmpty, waiting.isNeeded]).toEqual([true, false]);
});

test("each turn processes what it has time for, in order; what is left of an item is the first of the next turn", () => {
  const { waiting, turn, works } = waitingNumbers();
  for (const item of [1, -2, 3, 4, 5]) waiting.add(item);
  expect(works).toHaveLength(1); // one turn at a time
  expect([turn(), turn(), turn(), works.length]).toEqual([[1, -2], [2, 3], [4, 5], 0]);
});

test("an error ends the connection, which discards what waits", () => {
  const { waiting, turn, errors, works } = waitingNumbers();
  for (const item of [1, 0, 3]) waiting.add(item);
  expect(turn()).toEqual([1]);
  expect(errors).toEqual([new Error("zero")]);
  expect([waiting.isEmpty, works.length]).toEqual([true, 0]);
});
