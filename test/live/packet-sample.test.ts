import { describe, expect, test } from "bun:test";
import { MOST_PACKETS, sampleOf, visiblePart } from "../../src/live/packet-sample.ts";
import type { PacketEntry } from "../../src/reflector/packet-log.ts";

const PACKET: PacketEntry = {
  at: 1_000_000.4,
  protocol: "udp",
  peer: "192.0.2.1:5",
  bytes: 11,
  outcome: "answered",
  responseTimeMs: 1.234_56,
};

/** Packets with the sizes from 0 to `count` - 1. */
const packets = (count: number) => Array.from({ length: count }, (_, bytes) => ({ ...PACKET, bytes }));

describe("sampleOf", () => {
  test.each([0, 1, MOST_PACKETS])("returns all of %d packets", (count) => {
    expect(sampleOf(packets(count)).map(({ bytes }) => bytes)).toEqual(packets(count).map(({ bytes }) => bytes));
  });

  test("returns MOST_PACKETS of more packets, evenly spaced from the first one on", () => {
    const doubled = sampleOf(packets(2 * MOST_PACKETS)).map(({ bytes }) => bytes);
    expect(doubled).toEqual(Array.from({ length: MOST_PACKETS }, (_, i) => 2 * i));
    const oneMore = sampleOf(packets(MOST_PACKETS + 1)).map(({ bytes }) => bytes);
    expect([oneMore.length, new Set(oneMore).size, oneMore[0]]).toEqual([MOST_PACKETS, MOST_PACKETS, 0]);
  });

  test("rounds the time to 1 ms and the response time to 1 µs", () => {
    expect(sampleOf([PACKET])).toEqual([{ ...PACKET, at: 1_000_000, responseTimeMs: 1.235 }]);
  });

  test("adds no response time to a packet without one", () => {
    const { responseTimeMs: _, ...dropped } = { ...PACKET, outcome: "fault-up" as const };
    expect(sampleOf([dropped])).toEqual([{ ...dropped, at: 1_000_000 }]);
  });

  test("does not change the packets of the log", () => {
    const packet = Object.freeze({ ...PACKET });
    sampleOf([packet]);
    expect(packet).toEqual(PACKET);
  });
});

describe("visiblePart", () => {
  const sample = { packets: [PACKET], leftOut: 3 };

  test("returns the sample itself to a viewer who may see peers", () => {
    expect(visiblePart(sample, { peers: true })).toBe(sample);
  });

  test("replaces the peers by empty texts for any other viewer, and leaves out session ids", () => {
    const stamp = { ...sample, packets: [{ ...PACKET, session: 7 }] };
    expect(visiblePart(stamp, { peers: false })).toEqual({ packets: [{ ...PACKET, peer: "" }], leftOut: 3 });
    expect(sample.packets[0]?.peer).toBe("192.0.2.1:5");
  });
});
