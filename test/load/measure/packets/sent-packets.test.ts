import { describe, expect, test } from "bun:test";
import { SentPackets, slotsFor } from "../../../../src/load/measure/packets/sent-packets.ts";
import { writeTimestamp } from "../../../../src/stamp/packet.ts";

/** A ring of `slots` packets, sent at these wall-clock times. */
function sentAt(walls: readonly number[], slots = 64, first = 0): SentPackets {
  const packets = new SentPackets(slots, first);
  for (const wall of walls) packets.add(0, wall, wall);
  return packets;
}

describe("SentPackets", () => {
  test("completes sequence numbers that wrap on the wire after 2^32", () => {
    const packets = sentAt([0, 0, 0, 0], 8, 2 ** 32 - 2);
    expect(packets.next).toBe(2 ** 32 + 2);
    expect([2 ** 32 - 2, 2 ** 32 - 1, 0, 1].map((onWire) => packets.find(onWire))).toEqual([
      2 ** 32 - 2,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 32 + 1,
    ]);
    expect([2, 77, 2 ** 32 - 3].map((onWire) => packets.find(onWire))).toEqual([-1, -1, -1]);
  });

  test("does not find a packet whose slot was reused", () => {
    const packets = sentAt([0, 1, 2, 3, 4, 5], 4);
    expect([packets.find(1), packets.find(2)]).toEqual([-1, 2]);
  });

  test("finds a packet by its send time, and of several with the same time the one with the nearest number", () => {
    const packets = sentAt([1000, 1000.5, 1000.5, 1001]);
    expect(packets.findBySendTime(1000, 99)).toBe(0);
    expect(packets.findBySendTime(1000.5, 2 + 64)).toBe(2);
    expect(packets.findBySendTime(1000.5, 1 + 1024)).toBe(1);
    expect(packets.findBySendTime(999, 0)).toBe(-1);
  });

  test("finds a packet by its send time behind others that are not sent yet", () => {
    const packets = sentAt([1000, 1001, Number.NaN, Number.NaN]);
    expect(packets.findBySendTime(1000, 2)).toBe(0);
    expect(packets.findBySendTime(1002, 2)).toBe(-1);
  });

  test("counts the bits in which a returned number and send time differ", () => {
    const packets = sentAt([1000]);
    const octetsOf = (time: number) => {
      const octets = new Uint8Array(9);
      writeTimestamp(octets, 1, time);
      return octets;
    };
    const difference = (time: number, onWire: number) => packets.bitDifference(0, octetsOf(time), 1, onWire);
    expect([difference(1000, 0), difference(1000, 5)]).toEqual([0, 2]);
    expect(difference(3000, 0)).toBe(1); // NTP seconds 2208988801 and 2208988803
  });

  test("replaces the send time of a packet that left later", () => {
    const packets = sentAt([1000]);
    packets.updateSentAt(0, 7, 1007);
    expect([packets.sentAt[0], packets.wallTimeOf(0)]).toEqual([7, 1007]);
    expect([packets.wasSentAt(0, 1007), packets.wasSentAt(0, 1000)]).toEqual([true, false]);
  });
});

test("slotsFor gives slots for the packets of the waiting time, up to a limit", () => {
  expect(slotsFor(1000, 4000)).toBe(8192);
  expect(slotsFor(1, 100)).toBe(128);
  expect(slotsFor(1e9, 60_000)).toBe(2 ** 22);
});

test("slotsFor gives a small session whose packets are logged twice as many slots, and 1,024 at least", () => {
  expect(slotsFor(1000, 4000, true)).toBe(16_384);
  expect(slotsFor(1, 100, true)).toBe(1024);
  expect(slotsFor(100_000, 4000, true)).toBe(slotsFor(100_000, 4000));
  expect(slotsFor(1e9, 60_000, true)).toBe(2 ** 22);
});
