import { expect, test } from "bun:test";
import { ConnectionTurns } from "../../../src/servers/bounds/connection-turns.ts";
import { until } from "../../support/until.ts";

/** Turns with one connection; `calls` has its pauses and what the test adds. `spend` takes the time of a long turn. */
function slowTurns() {
  const calls: string[] = [];
  const connection = { pauseReading: () => calls.push("pause"), resumeReading: () => calls.push("resume") };
  let now = 0;
  const turns = new ConnectionTurns(new Set([connection]), () => now);
  function spend(): void {
    for (const end = now + 20; now < end; now += 2) turns.note(now);
    expect(turns.held).toBe(true);
  }
  return { calls, turns, spend };
}

test("turns for waiting input alternate with turns for the other connections", async () => {
  const { calls, turns, spend } = slowTurns();
  const slow = (name: string, next: () => void) => () => {
    calls.push(name);
    spend();
    turns.later(next);
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

test("connections whose input waits have turns in order: one with much input goes behind the others", async () => {
  const { calls, turns, spend } = slowTurns();
  const much = (left: number) => () => {
    calls.push("much");
    spend();
    if (left > 1) turns.later(much(left - 1));
  };
  much(3)();
  turns.later(() => calls.push("little"));
  await until(() => calls.filter((call) => call === "much").length === 3, "all input");
  expect(calls.filter((call) => call === "much" || call === "little")).toEqual(["much", "much", "little", "much"]);
});

test("while the input of 16 connections waits, no others are read", async () => {
  const { calls, turns, spend } = slowTurns();
  spend();
  const work = () => {
    calls.push("work");
    spend();
  };
  for (let n = 0; n < 17; n++) turns.later(work);
  await until(() => calls.includes("resume"), "a turn of the others");
  expect(calls.slice(0, calls.indexOf("resume"))).toEqual(["pause", "work", "work"]);
});

test("each turn begins with another connection", () => {
  const calls: string[] = [];
  const named = (name: string) => ({ pauseReading() {}, resumeReading: () => calls.push(name) });
  const turns = new ConnectionTurns(new Set(["a", "b", "c"].map(named)), () => 0);
  for (let n = 0; n < 4; n++) {
    turns.hold();
    turns.release();
  }
  expect(calls.join("")).toBe("abcbcacababc");
});
