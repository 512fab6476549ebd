import { describe, expect, test } from "bun:test";
import {
  isConsistent,
  listenerOf,
  ownSessions,
  parseSummary,
} from "../../../../src/load/measure/directions/session-summary.ts";
import { labSummaryOf, summaryOf, TARGET_PORT } from "../../support/summaries.ts";

const ours = summaryOf({ source: "127.0.0.1:4001", handled: 1 });
const other = summaryOf({ source: "127.0.0.1:4002", handled: 2 });

/** A run over UDP from these local ports. */
function runFrom(...ports: number[]) {
  return { protocol: "udp", targetPort: TARGET_PORT, ports: new Set(ports) };
}

describe("parseSummary", () => {
  test("returns a lab's response", () => {
    const summary = labSummaryOf([ours, other], { evictedSessions: 3 });
    expect(parseSummary(JSON.parse(JSON.stringify({ ssid: 7, startedAt: "now", ...summary })))).toEqual(summary);
  });

  test.each<[what: string, changes: object]>([
    ["no instance", { instance: undefined }],
    ["no list of sessions", { sessions: 5 }],
    ["no list of listeners", { listeners: undefined }],
    ["a negative number of evictions", { evictedSessions: -1 }],
    ["a listener without a port", { listeners: [{ protocol: "udp", receiveBufferDrops: 0 }] }],
    ["a listener with a fraction of a drop", { listeners: [{ protocol: "udp", port: 1, receiveBufferDrops: 0.5 }] }],
    ["a session that is null", { sessions: [null] }],
    ["a count that is text", { sessions: [{ ...ours, handled: "85" }] }],
    ["a fraction of a packet", { sessions: [{ ...ours, handled: 0.5 }] }],
    ["a negative count", { sessions: [{ ...ours, answered: -1 }] }],
    ["a count above 2^53", { sessions: [{ ...ours, handled: 1e300 }] }],
    ["a session without received packets", { sessions: [{ ...ours, received: null }] }],
    ["a session without one direction of drops", { sessions: [{ ...ours, dropped: { up: 1 } }] }],
    ["a session without a source", { sessions: [{ ...ours, source: undefined }] }],
    ["a session without an age", { sessions: [{ ...ours, ageSeconds: null }] }],
    ["a session without the lab's port", { sessions: [{ ...ours, local: undefined }] }],
  ])("rejects %s", (_what, changes) => {
    expect(parseSummary({ ...labSummaryOf([ours]), ...changes })).toBe(undefined);
  });

  test("rejects other bodies", () => {
    for (const body of [undefined, null, "text", 7, [], {}]) expect(parseSummary(body)).toBe(undefined);
  });
});

test("listenerOf finds the listener with the target's protocol and port", () => {
  const summary = labSummaryOf([]);
  expect(listenerOf(summary, runFrom())).toEqual({ protocol: "udp", port: TARGET_PORT, receiveBufferDrops: 0 });
  expect(listenerOf(summary, { ...runFrom(), targetPort: 1 })).toBe(undefined);
  expect(listenerOf(summary, { ...runFrom(), protocol: "http" })).toBe(undefined);
});

describe("ownSessions", () => {
  test("selects the sessions of the protocol, of the target's port and of the run's ports", () => {
    const tcp = summaryOf({ protocol: "tcp", source: "127.0.0.1:4001" });
    const elsewhere = summaryOf({ source: "127.0.0.1:4001", local: { address: "127.0.0.1", port: 862 } });
    expect(ownSessions(labSummaryOf([ours, other, tcp, elsewhere]), runFrom(4001))).toEqual([ours]);
  });

  test("selects all sessions of the target's port if address translation changed the source ports", () => {
    expect(ownSessions(labSummaryOf([ours, other]), runFrom(8, 9))).toEqual([ours, other]);
    expect(ownSessions(labSummaryOf([]), runFrom(8))).toEqual([]);
  });

  test("is undefined if the sessions of two senders cannot be told apart", () => {
    expect(ownSessions(labSummaryOf([ours, other]), runFrom(9))).toBe(undefined);
    // The other session may be that of port 9, translated.
    expect(ownSessions(labSummaryOf([ours, other]), runFrom(4001, 9))).toBe(undefined);
  });

  test("needs no session of a socket whose packets did not arrive", () => {
    expect(ownSessions(labSummaryOf([ours]), runFrom(4001, 9))).toEqual([ours]);
  });
});

test("isConsistent is true only if each packet is in one state", () => {
  const counts = { received: { unique: 10, duplicate: 4 }, handled: 8, dropped: { up: 2, down: 3 }, answered: 4 };
  expect(isConsistent(summaryOf({ ...counts, discarded: 1 }))).toBe(true);
  expect(isConsistent(summaryOf({ ...counts, discarded: 2 }))).toBe(false);
  expect(isConsistent(summaryOf({ ...counts, handled: 9 }))).toBe(false);
});
