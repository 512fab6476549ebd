/** The filter of the packet list. */
import { expect, test } from "bun:test";
import { type Filter, matches } from "../../../src/page/packets/filter.ts";
import type { PacketEntry } from "../../../src/reflector/packet-log.ts";

const ANSWERED: PacketEntry = {
  at: 0,
  protocol: "udp",
  peer: "10.0.0.7:4242",
  bytes: 44,
  outcome: "answered",
  session: 99,
};
const DROPPED: PacketEntry = { at: 0, protocol: "tcp", peer: "[::1]:5000", bytes: 9, outcome: "fault-up" };
const ALL: Filter = { protocols: new Set(["udp", "tcp"]), outcome: "", text: "" };

test.each<[string, Partial<Filter>, boolean, boolean]>([
  ["no filter", {}, true, true],
  ["a protocol", { protocols: new Set(["udp"]) }, true, false],
  ["no protocol", { protocols: new Set() }, false, false],
  ["answered packets", { outcome: "answered" }, true, false],
  ["packets without an answer", { outcome: "dropped" }, false, true],
  ["part of a peer", { text: "0.0.7" }, true, false],
  ["part of an outcome", { text: "fault" }, false, true],
  ["a session id", { text: "99" }, true, false],
  ["a text that matches nothing", { text: "x" }, false, false],
])("%s", (_, filter, answered, dropped) => {
  expect([matches(ANSWERED, { ...ALL, ...filter }), matches(DROPPED, { ...ALL, ...filter })]).toEqual([
    answered,
    dropped,
  ]);
});
