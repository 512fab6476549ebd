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

test("readSummary leaves out entries without one of the fields", () => {
  const incomplete = [
    { ...ours, handled: "85" },
    { ...ours, received: null },
    { ...ours, dropped: { up: 1 } },
    { ...ours, source: undefined },
    { ...ours, discarded: undefined },
    null,
  ];
  for (const entry of incomplete) expect(readSummary({ sessions: [entry, ours] }, "udp", new Set())).toEqual([ours]);
});

test("readSummary rejects other bodies", () => {
  for (const body of [undefined, null, "text", [], {}, { sessions: 5 }]) {
    expect(readSummary(body, "udp", new Set())).toBe(undefined);
  }
});
