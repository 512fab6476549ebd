/** The packet format against RFC 8762: every field at its limits, read and written in place. */
import { describe, expect, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import {
  isAnswer,
  isTestPacket,
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

const MOMENT = Date.UTC(2026, 10, 22, 8, 0, 0, 250);

function testPacket(fields = { sequence: 7, sentAt: MOMENT, ssid: 0x1234 }, length = STAMP_LENGTH): Buffer {
  const bytes = Buffer.alloc(length, 0xee);
  writeTestPacket(bytes, fields);
  return bytes;
}

describe("timestamps", () => {
  const roundTrip = (moment: number) => {
    const bytes = Buffer.alloc(8);
    writeTimestamp(bytes, 0, moment);
    return readTimestamp(bytes, 0);
  };

  test("the Unix epoch is 2208988800 seconds after the NTP epoch", () => {
    const bytes = Buffer.alloc(8, 0xff);
    writeTimestamp(bytes, 0, 0);
    expect(bytes.toString("hex")).toBe("83aa7e8000000000");
  });

  test("half a second is half of the fraction's range", () => {
    const bytes = Buffer.alloc(8);
    writeTimestamp(bytes, 0, 1500);
    expect(bytes.toString("hex")).toBe("83aa7e8180000000");
  });

  test("a moment survives to a microsecond", () => {
    for (const fraction of [0, 0.001, 0.25, 0.999, 999.999]) {
      expect(Math.abs(roundTrip(MOMENT + fraction) - (MOMENT + fraction))).toBeLessThan(0.001);
    }
  });

  test("the last second before the era ends, and the first of the next", () => {
    const turn = Date.UTC(2036, 1, 7, 6, 28, 16);
    const bytes = Buffer.alloc(8, 0xaa);
    writeTimestamp(bytes, 0, turn - 1000);
    expect(bytes.toString("hex")).toBe("ffffffff00000000");
    expect(readTimestamp(bytes, 0)).toBe(turn - 1000);
    writeTimestamp(bytes, 0, turn);
    expect(bytes.toString("hex")).toBe("0000000000000000");
    expect(readTimestamp(bytes, 0)).toBe(turn);
    expect(roundTrip(Date.UTC(2040, 0, 1))).toBe(Date.UTC(2040, 0, 1));
  });

  test("1968 is where the two eras meet", () => {
    const bytes = Buffer.from("8000000000000000", "hex");
    expect(new Date(readTimestamp(bytes, 0)).toISOString()).toBe("1968-01-20T03:14:08.000Z");
    bytes.write("7fffffff", "hex");
    expect(new Date(readTimestamp(bytes, 0)).toISOString()).toBe("2104-02-26T09:42:23.000Z");
  });
});

describe("a sender's test packet", () => {
  test("has each field in its place, zeros behind them, and leaves the padding alone", () => {
    const bytes = testPacket({ sequence: 0x0102_0304, sentAt: 0, ssid: 0xabcd }, 48);
    expect(bytes.toString("hex")).toBe(`01020304${"83aa7e8000000000"}1601${"abcd"}${"00".repeat(28)}eeeeeeee`);
  });

  test.each([0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff])("carries the sequence number %d", (sequence) => {
    expect(sequenceOf(testPacket({ sequence, sentAt: MOMENT, ssid: 0 }))).toBe(sequence);
  });

  test.each([0, 1, 0x8000, 0xffff])("carries the session id %d", (ssid) => {
    expect(ssidOf(testPacket({ sequence: 0, sentAt: MOMENT, ssid }))).toBe(ssid);
  });

  test("is written and read at an offset, as in a frame, and touches nothing in front of it", () => {
    const bytes = Buffer.alloc(2 + STAMP_LENGTH, 0x55);
    writeTestPacket(bytes, { sequence: 9, sentAt: MOMENT, ssid: 3 }, 2);
    expect(bytes.subarray(0, 2).toString("hex")).toBe("5555");
    expect([sequenceOf(bytes, 2), ssidOf(bytes, 2), readTimestamp(bytes, 6)]).toEqual([9, 3, MOMENT]);
    expect(isTestPacket(bytes, 2)).toBe(true);
  });

  test("claims an unsynchronized clock of a millisecond: S 0, Z 0, scale 22, multiplier 1", () => {
    const estimate = testPacket().readUInt16BE(12);
    expect([estimate >> 15, (estimate >> 14) & 1, (estimate >> 8) & 63, estimate & 255]).toEqual([0, 0, 22, 1]);
    expect(2 ** (22 - 32)).toBeCloseTo(0.001, 4);
  });
});

describe("what is a test packet", () => {
  test("44 octets and more, whatever pads them", () => {
    for (const length of [44, 45, 64, 1472, 65_507]) expect(isTestPacket(testPacket(undefined, length))).toBe(true);
  });

  test("not 43 octets or fewer", () => {
    for (let length = 0; length < STAMP_LENGTH; length++) {
      expect(isTestPacket(testPacket().subarray(0, length))).toBe(false);
    }
    expect(isTestPacket(testPacket(undefined, 100), 0, 43)).toBe(false);
    expect(isTestPacket(testPacket(undefined, 100), 57)).toBe(false);
  });

  test("not one with an error-estimate multiplier of zero, whatever its scale", () => {
    const bytes = testPacket();
    bytes.writeUInt16BE(0xff00, 12);
    expect(isTestPacket(bytes)).toBe(false);
    bytes.writeUInt16BE(0x0001, 12);
    expect(isTestPacket(bytes)).toBe(true);
  });

  test("not one with any bit set in any of the 28 octets from 16 on", () => {
    for (let at = 16; at < STAMP_LENGTH; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = testPacket();
        bytes[at] = 1 << bit;
        expect(isTestPacket(bytes)).toBe(false);
      }
    }
  });

  test("whatever the sequence number, the timestamp, the flags and the session id are", () => {
    for (let at = 0; at < 16; at++) {
      const bytes = testPacket();
      bytes[at] = 0xff;
      expect(isTestPacket(bytes)).toBe(true);
    }
  });

  test("not the reflector's answer to one: two labs do not take each other's answers for questions", () => {
    const bytes = testPacket();
    writeAnswer(bytes, { sequence: 0, receivedAt: MOMENT, sentAt: MOMENT });
    expect(isTestPacket(bytes)).toBe(false);
  });
});

describe("a reflector's answer", () => {
  const answered = (length = STAMP_LENGTH, at = 0) => {
    const bytes = Buffer.alloc(at + length, 0xee);
    writeTestPacket(bytes, { sequence: 0xffff_fffe, sentAt: MOMENT, ssid: 0xbeef }, at);
    bytes.writeUInt16BE(0x8f7f, at + 12); // synchronized, scale 15, multiplier 127
    writeAnswer(bytes, { sequence: 41, receivedAt: MOMENT + 1.5, sentAt: MOMENT + 2 }, at);
    return bytes;
  };

  test("tells everything that the sender wrote and that the reflector knows", () => {
    expect(readReflectorPacket(answered())).toEqual({
      reflectorSequence: 41,
      reflectorSentAt: MOMENT + 2,
      reflectorErrorEstimate: UNSYNCHRONIZED_MILLISECOND,
      ssid: 0xbeef,
      receivedAt: MOMENT + 1.5,
      senderSequence: 0xffff_fffe,
      senderSentAt: MOMENT,
      senderErrorEstimate: 0x8f7f,
      senderTtl: 0,
    });
    expect(senderSequenceOf(answered())).toBe(0xffff_fffe);
  });

  test("is as long as its question, with the padding as it came and zeros where RFC 8762 wants them", () => {
    const bytes = answered(60);
    expect(bytes.length).toBe(60);
    expect(bytes.subarray(38, 44).toString("hex")).toBe("000000000000");
    expect(bytes.subarray(44).toString("hex")).toBe("ee".repeat(16));
  });

  test("is written at an offset and touches nothing in front of it", () => {
    const bytes = answered(44, 2);
    expect(bytes.subarray(0, 2).toString("hex")).toBe("eeee");
    expect(readReflectorPacket(bytes, 2)).toEqual(readReflectorPacket(answered()));
  });

  test("carries the largest sequence numbers of both sides", () => {
    const bytes = testPacket({ sequence: 0xffff_ffff, sentAt: MOMENT, ssid: 0 });
    writeAnswer(bytes, { sequence: 0xffff_ffff, receivedAt: MOMENT, sentAt: MOMENT });
    const { reflectorSequence, senderSequence } = readReflectorPacket(bytes) ?? {};
    expect([reflectorSequence, senderSequence]).toEqual([0xffff_ffff, 0xffff_ffff]);
  });

  test("is none below 44 octets", () => {
    expect(readReflectorPacket(Buffer.alloc(43))).toBeUndefined();
    expect(readReflectorPacket(Buffer.alloc(45), 2)).toBeUndefined();
  });
});

describe("what is a reflector's answer", () => {
  const answer = (sentAt = MOMENT + 2) => {
    const bytes = testPacket();
    writeAnswer(bytes, { sequence: 0, receivedAt: MOMENT + 1, sentAt });
    return bytes;
  };

  test("one that it wrote, at once or after the longest delay", () => {
    expect(isAnswer(answer())).toBe(true);
    expect(isAnswer(answer(MOMENT + 60_000))).toBe(true);
  });

  test("no test packet, however its sender pads: zeros, ones, counting octets, noise", () => {
    const draw = random(1, "padding");
    for (const octet of [() => 0, () => 0xff, (i: number) => i, () => Math.floor(draw() * 256)]) {
      const bytes = testPacket(undefined, 64);
      for (let i = 16; i < 64; i++) bytes[i] = octet(i);
      expect(isAnswer(bytes)).toBe(false);
    }
  });

  test("not one whose two moments lie further apart than any delay", () => {
    expect(isAnswer(answer(MOMENT + 70_000))).toBe(false);
  });
});
