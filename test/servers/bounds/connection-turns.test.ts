import { expect, test } from "bun:test";
import { ConnectionTurns } from "../../../src/servers/bounds/connection-turns.ts";
import { until } from "../../support/until.ts";

test("turns for the rest of chunks alternate with turns for the other connections", async () => {
  const calls: string[] = [];
  const connection = { pauseReading: () => calls.push("pause"), resumeReading: () => calls.push("resume") };
  let now = 0;
  const turns = new ConnectionTurns(new Set([connection]), () => now);
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
