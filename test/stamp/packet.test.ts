/** The packet format of RFC 8762: every field at its limits, read and written in place. */
import { describe, expect, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import {
  errorEstimateOf,
  isAnswer,
  isTestPacket,
  readOwnTimestamp,
  readTimestamp,
  STAMP_LENGTH,
  senderSequenceOf,
  sequenceOf,
  ssidOf,
  UNSYNCHRONIZED_MILLISECOND,
  writeAnswer,
  writeTestPacket,
  writeTimestamp,
} from "../../src/stamp/packet.ts";
import { readReflectorPacket } from "../support/stamp.ts";

const TIME = Date.UTC(2026, 10, 22, 8, 0, 0, 250);

function testPacket(fields = { sequence: 7, sentAt: TIME, ssid: 0x1234 }, length = STAMP_LENGTH): Buffer {
  const bytes = Buffer.alloc(length, 0xee);
  writeTestPacket(bytes, fields);
  return bytes;
}

describe("timestamps", () => {
  const roundTrip = (time: number) => {
    const bytes = Buffer.alloc(8);
    writeTimestamp(bytes, 0, time);
    return readTimestamp(bytes, 0);
  };

  test("the Unix epoch is NTP second 2208988800", () => {
    const bytes = Buffer.alloc(8, 0xff);
    writeTimestamp(bytes, 0, 0);
    expect(bytes.toString("hex")).toBe("83aa7e8000000000");
  });

  test("a half second is a fraction of 2^31", () => {
    const bytes = Buffer.alloc(8);
    writeTimestamp(bytes, 0, 1500);
    expect(bytes.toString("hex")).toBe("83aa7e8180000000");
  });

  test("a written time is read again with an error below 1 µs", () => {
    for (const fraction of [0, 0.001, 0.25, 0.999, 999.999]) {
      expect(Math.abs(roundTrip(TIME + fraction) - (TIME + fraction))).toBeLessThan(0.001);
    }
  });

  test("the last second of NTP era 0 and the first second of era 1 are distinguished", () => {
    const eraEnd = Date.UTC(2036, 1, 7, 6, 28, 16);
    const bytes = Buffer.alloc(8, 0xaa);
    writeTimestamp(bytes, 0, eraEnd - 1000);
    expect(bytes.toString("hex")).toBe("ffffffff00000000");
    expect(readTimestamp(bytes, 0)).toBe(eraEnd - 1000);
    writeTimestamp(bytes, 0, eraEnd);
    expect(bytes.toString("hex")).toBe("0000000000000000");
    expect(readTimestamp(bytes, 0)).toBe(eraEnd);
    expect(roundTrip(Date.UTC(2040, 0, 1))).toBe(Date.UTC(2040, 0, 1));
  });

  test("seconds from 2^31 on are read as era 0 (from 1968), smaller ones as era 1 (until 2104)", () => {
    const bytes = Buffer.from("8000000000000000", "hex");
    expect(new Date(readTimestamp(bytes, 0)).toISOString()).toBe("1968-01-20T03:14:08.000Z");
    bytes.write("7fffffff", "hex");
    expect(new Date(readTimestamp(bytes, 0)).toISOString()).toBe("2104-02-26T09:42:23.000Z");
  });
});

describe("writeTestPacket", () => {
  test("writes each field at its offset, zeros up to octet 43, and no padding", () => {
    const bytes = testPacket({ sequence: 0x0102_0304, sentAt: 0, ssid: 0xabcd }, 48);
    expect(bytes.toString("hex")).toBe(`01020304${"83aa7e8000000000"}1601${"abcd"}${"00".repeat(28)}eeeeeeee`);
  });

  test.each([0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff])("writes the sequence number %d", (sequence) => {
    expect(sequenceOf(testPacket({ sequence, sentAt: TIME, ssid: 0 }))).toBe(sequence);
  });

  test.each([0, 1, 0x8000, 0xffff])("writes the session id %d", (ssid) => {
    expect(ssidOf(testPacket({ sequence: 0, sentAt: TIME, ssid }))).toBe(ssid);
  });

  test("writes at an offset, as in a frame, without changing the octets before it", () => {
    const bytes = Buffer.alloc(2 + STAMP_LENGTH, 0x55);
    writeTestPacket(bytes, { sequence: 9, sentAt: TIME, ssid: 3 }, 2);
    expect(bytes.subarray(0, 2).toString("hex")).toBe("5555");
    expect([sequenceOf(bytes, 2), ssidOf(bytes, 2), readTimestamp(bytes, 6)]).toEqual([9, 3, TIME]);
    expect(isTestPacket(bytes, 2)).toBe(true);
  });

  test("writes the error estimate of an unsynchronised clock, about 1 ms: S 0, Z 0, scale 22, multiplier 1", () => {
    const estimate = testPacket().readUInt16BE(12);
    expect([estimate >> 15, (estimate >> 14) & 1, (estimate >> 8) & 63, estimate & 255]).toEqual([0, 0, 22, 1]);
    expect(2 ** (22 - 32)).toBeCloseTo(0.001, 4);
  });
});

describe("isTestPacket", () => {
  test("accepts 44 octets and more with any padding", () => {
    for (const length of [44, 45, 64, 1472, 65_507]) expect(isTestPacket(testPacket(undefined, length))).toBe(true);
  });

  test("rejects 43 octets and fewer", () => {
    for (let length = 0; length < STAMP_LENGTH; length++) {
      expect(isTestPacket(testPacket().subarray(0, length))).toBe(false);
    }
    expect(isTestPacket(testPacket(undefined, 100), 0, 43)).toBe(false);
    expect(isTestPacket(testPacket(undefined, 100), 57)).toBe(false);
  });

  test("rejects an error-estimate multiplier of zero at any scale", () => {
    const bytes = testPacket();
    bytes.writeUInt16BE(0xff00, 12);
    expect(isTestPacket(bytes)).toBe(false);
    bytes.writeUInt16BE(0x0001, 12);
    expect(isTestPacket(bytes)).toBe(true);
  });

  test("rejects any bit set in octets 16 to 43", () => {
    for (let at = 16; at < STAMP_LENGTH; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = testPacket();
        bytes[at] = 1 << bit;
        expect(isTestPacket(bytes)).toBe(false);
      }
    }
  });

  test("accepts any sequence number, timestamp, flags and session id", () => {
    for (let at = 0; at < 16; at++) {
      const bytes = testPacket();
      bytes[at] = 0xff;
      expect(isTestPacket(bytes)).toBe(true);
    }
  });

  test("rejects a reflector packet, so that two labs do not answer each other's answers", () => {
    const bytes = testPacket();
    writeAnswer(bytes, { sequence: 0, receivedAt: TIME, sentAt: TIME });
    expect(isTestPacket(bytes)).toBe(false);
  });
});

describe("writeAnswer", () => {
  const answered = (length = STAMP_LENGTH, at = 0) => {
    const bytes = Buffer.alloc(at + length, 0xee);
    writeTestPacket(bytes, { sequence: 0xffff_fffe, sentAt: TIME, ssid: 0xbeef }, at);
    bytes.writeUInt16BE(0x8f7f, at + 12); // synchronised, scale 15, multiplier 127
    writeAnswer(bytes, { sequence: 41, receivedAt: TIME + 1.5, sentAt: TIME + 2 }, at);
    return bytes;
  };

  test("writes every field of the sender and of the reflector", () => {
    expect(readReflectorPacket(answered())).toEqual({
      reflectorSequence: 41,
      reflectorSentAt: TIME + 2,
      reflectorErrorEstimate: UNSYNCHRONIZED_MILLISECOND,
      ssid: 0xbeef,
      receivedAt: TIME + 1.5,
      senderSequence: 0xffff_fffe,
      senderSentAt: TIME,
      senderErrorEstimate: 0x8f7f,
      senderTtl: 0,
    });
    expect(senderSequenceOf(answered())).toBe(0xffff_fffe);
  });

  test("keeps length and padding, and writes zeros where RFC 8762 section 4.3.1 requires them", () => {
    const bytes = answered(60);
    expect(bytes.length).toBe(60);
    expect(bytes.subarray(38, 44).toString("hex")).toBe("000000000000");
    expect(bytes.subarray(44).toString("hex")).toBe("ee".repeat(16));
  });

  test("writes at an offset without changing the octets before it", () => {
    const bytes = answered(44, 2);
    expect(bytes.subarray(0, 2).toString("hex")).toBe("eeee");
    expect(readReflectorPacket(bytes, 2)).toEqual(readReflectorPacket(answered()));
  });

  test("writes the largest sequence numbers of sender and reflector", () => {
    const bytes = testPacket({ sequence: 0xffff_ffff, sentAt: TIME, ssid: 0 });
    writeAnswer(bytes, { sequence: 0xffff_ffff, receivedAt: TIME, sentAt: TIME });
    const { reflectorSequence, senderSequence } = readReflectorPacket(bytes) ?? {};
    expect([reflectorSequence, senderSequence]).toEqual([0xffff_ffff, 0xffff_ffff]);
  });

  test("writes 44 octets: the reader of the tests returns undefined for fewer", () => {
    expect(readReflectorPacket(Buffer.alloc(43))).toBeUndefined();
    expect(readReflectorPacket(Buffer.alloc(45), 2)).toBeUndefined();
  });
});

describe("isAnswer", () => {
  const answer = (sentAt = TIME + 2) => {
    const bytes = testPacket();
    writeAnswer(bytes, { sequence: 0, receivedAt: TIME + 1, sentAt });
    return bytes;
  };

  test("accepts a reflector packet sent at once or after the longest delay fault", () => {
    expect(isAnswer(answer())).toBe(true);
    expect(isAnswer(answer(TIME + 60_000))).toBe(true);
  });

  test("rejects test packets padded with zeros, ones, consecutive octets or random octets", () => {
    const draw = random(1, "padding");
    for (const octet of [() => 0, () => 0xff, (i: number) => i, () => Math.floor(draw() * 256)]) {
      const bytes = testPacket(undefined, 64);
      for (let i = 16; i < 64; i++) bytes[i] = octet(i);
      expect(isAnswer(bytes)).toBe(false);
    }
  });

  test("rejects a packet whose T2 and T3 differ by more than the longest delay fault", () => {
    expect(isAnswer(answer(TIME + 70_000))).toBe(false);
  });
});

describe("the error estimate (RFC 4656 section 4.1.2, RFC 8186)", () => {
  test.each([
    [0x0001, { synchronized: false, format: "ntp", errorSeconds: 2 ** -32 }],
    [0x8001, { synchronized: true, format: "ntp", errorSeconds: 2 ** -32 }],
    [0x96ff, { synchronized: true, format: "ntp", errorSeconds: 255 / 1024 }],
    [0xe003, { synchronized: true, format: "ptp", errorSeconds: 3 }],
    [0x7f00, { synchronized: false, format: "ptp", errorSeconds: null }],
    [UNSYNCHRONIZED_MILLISECOND, { synchronized: false, format: "ntp", errorSeconds: 1 / 1024 }],
  ] as const)("%d", (octets, estimate) => {
    const bytes = Buffer.alloc(50);
    bytes.writeUInt16BE(octets, 6 + 12);
    expect(errorEstimateOf(bytes, 6)).toEqual(estimate);
  });

  test("a timestamp is read in the format that Z names", () => {
    const bytes = Buffer.alloc(50);
    bytes.writeUInt32BE(Math.floor(TIME / 1000), 6 + 16);
    bytes.writeUInt32BE(250_000_125, 6 + 20);
    bytes.writeUInt8(0x40, 6 + 12);
    expect(readOwnTimestamp(bytes, 6, 16)).toBeCloseTo(Math.floor(TIME / 1000) * 1000 + 250.000125, 3);
    bytes.writeUInt8(0x80, 6 + 12);
    writeTimestamp(bytes, 6 + 16, TIME);
    expect(readOwnTimestamp(bytes, 6, 16)).toBeCloseTo(TIME, 3);
  });
});
