import { expect, test } from "bun:test";
import { signalHandler } from "../../src/base/signals.ts";

test("the first signal stops, a copy of it does nothing, and a later one ends", () => {
  let now = 5000;
  const calls: string[] = [];
  const handler = signalHandler(
    () => calls.push("stop"),
    () => calls.push("end"),
    () => now,
  );
  handler();
  now += 1;
  handler();
  expect(calls).toEqual(["stop"]);
  now += 500;
  handler();
  expect(calls).toEqual(["stop", "end"]);
});
