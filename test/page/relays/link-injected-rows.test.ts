/** The table of set, injected and measured faults of a relay's direction. */
import { expect, test } from "bun:test";
import type { RelaySince } from "../../../src/live/shapes.ts";
import { linkInjectedRows } from "../../../src/page/relays/link-injected-rows.ts";

const NOTHING: RelaySince = {
  packetsIn: 0,
  bytesIn: 0,
  packetsOut: 0,
  bytesOut: 0,
  copies: 0,
  copiedBytes: 0,
  dropped: 0,
  droppedBytes: 0,
  added: null,
  queued: null,
  drops: {},
  dropBytes: {},
  effects: {},
};

test("without packets the rows have the set values only, with the loss of drop and burst together", () => {
  const faults = {
    drop: 0.1,
    burst: { goodToBad: 0.1, badToGood: 0.3 },
    delay: { kind: "fixed", ms: 20 },
    rate: 1e6,
    duplicate: 0.1,
  } as const;
  expect(linkInjectedRows("udp", faults, NOTHING, 0)).toEqual([
    ["lost", "32.5 %", "–", "–"],
    ["delay", "20.0 ms", "–", "–"],
    ["rate", "1.00 Mbit/s", "–", "–"],
    ["duplicate", "10.0 %", "–", "–"],
  ]);
});

test("UDP: losses by faults and for any reason, delays of what the queue accepted, changes of what was not lost", () => {
  const since = {
    ...NOTHING,
    packetsIn: 100,
    bytesOut: 65_000,
    dropped: 35,
    drops: { drop: 10, "queue-full": 20, "no-upstream": 5 },
    effects: { delay: 80, corrupt: 13 },
    added: 0.025,
    queued: 0.004,
  };
  const faults = { drop: 0.125, delay: { kind: "uniform", minMs: 10, maxMs: 30 }, rate: 64_000, corrupt: 0.2 } as const;
  expect(linkInjectedRows("udp", faults, since, 10)).toEqual([
    ["lost", "12.5 %", "30.0 %", "35.0 %"],
    ["delay", "20.0 ms", "100 %", "25.0 ms"],
    ["rate", "64.0 kbit/s", "4.00 ms queued", "52.0 kbit/s"],
    ["corrupt", "20.0 %", "20.0 %", "–"],
  ]);
});

test("TCP: losses are octets, and faults of connections have the number that they acted on", () => {
  const since = {
    ...NOTHING,
    packetsIn: 7,
    bytesIn: 1000,
    droppedBytes: 300,
    drops: { limit: 2, "peer-gone": 1 },
    dropBytes: { limit: 200, "peer-gone": 100 },
    effects: { stall: 3, limit: 1 },
  };
  const faults = { stall: { probability: 0.5 }, reset: { probability: 0.1, afterMs: 500 }, limit: 800 };
  expect(linkInjectedRows("tcp", faults, since, 10)).toEqual([
    ["lost", "–", "20.0 %", "30.0 %"],
    ["delay", "–", "–", "–"],
    ["stall", "50.0 %", "3 connections", "–"],
    ["reset", "10.0 %", "0 connections", "–"],
    ["limit", "800 B", "1 connection", "–"],
  ]);
});
