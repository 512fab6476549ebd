import { expect, test } from "bun:test";
import { readSummary } from "../../../src/load/measure/session-summary.ts";
import { summaryOf } from "../support/summaries.ts";

const ours = summaryOf({ source: "127.0.0.1:4001", handled: 1 });
const other = summaryOf({ source: "127.0.0.1:4002", handled: 2 });

test("readSummary selects the sessions of the protocol and of the run's ports", () => {
  const body = { sessions: [ours, other, summaryOf({ protocol: "tcp", source: "127.0.0.1:4001" })] };
  expect(readSummary(body, "udp", new Set([4001]))).toEqual([ours]);
});

test("readSummary selects all sessions of the protocol if address translation changed the ports", () => {
  expect(readSummary({ sessions: [ours, other] }, "udp", new Set([9]))).toEqual([ours, other]);
});

test("readSummary ignores entries of another shape and rejects other bodies", () => {
  const { discarded: _, ...incomplete } = ours;
  expect(readSummary({ sessions: [incomplete, null, { ...ours, dropped: {} }, ours] }, "udp", new Set())).toEqual([
    ours,
  ]);
  for (const body of [undefined, null, "text", [], {}, { sessions: 5 }]) {
    expect(readSummary(body, "udp", new Set())).toBe(undefined);
  }
});
