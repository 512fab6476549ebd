import { describe, expect, test } from "bun:test";
import { AnswerCheck } from "../../../../src/load/send/stamp/answer-check.ts";
import { makePadding } from "../../../../src/load/send/stamp/padding.ts";
import { writeAnswer, writeTestPacket } from "../../../../src/stamp/packet.ts";

const SSID = 7;
const SENT_AT = 1_700_000_000_000;
const PADDING = makePadding(64, 1);

/** A lab's answer to a packet, after `change`, at an offset of 3 octets. */
function answer(change: (answer: Buffer) => void = () => undefined): Buffer {
  const packet = Buffer.from(PADDING);
  writeTestPacket(packet, { sequence: 5, sentAt: SENT_AT, ssid: SSID });
  writeAnswer(packet, { sequence: 2, receivedAt: SENT_AT + 1, sentAt: SENT_AT + 2 });
  change(packet);
  return Buffer.concat([Buffer.alloc(3), packet]);
}

function isIntact(lab: boolean, bytes: Buffer): boolean {
  return new AnswerCheck(lab, PADDING).isIntact(bytes, 3, bytes.length - 3, SSID);
}

describe("isIntact", () => {
  test.each<[what: string, change: (answer: Buffer) => void, lab: boolean, other: boolean]>([
    ["an unchanged answer", () => undefined, true, true],
    ["another session id", (bytes) => bytes.writeUInt16BE(8, 14), false, false],
    ["no session id", (bytes) => bytes.writeUInt16BE(0, 14), false, true],
    ["another error estimate", (bytes) => bytes.writeUInt16BE(1, 36), false, false],
    ["other padding", (bytes) => bytes.fill(7, 44), false, true],
  ])("%s", (_what, change, lab, other) => {
    expect([isIntact(true, answer(change)), isIntact(false, answer(change))]).toEqual([lab, other]);
  });

  test("a shorter answer is intact unless it is a lab's", () => {
    const short = answer().subarray(0, 3 + 50);
    expect([isIntact(true, short), isIntact(false, short)]).toEqual([false, true]);
  });
});

test("isExact requires a lab to return the send time to the last bit, with zeros after it", () => {
  const check = new AnswerCheck(true, PADDING);
  const inverted = answer((bytes) => bytes.writeUInt8((bytes[35] ?? 0) ^ 1, 35));
  const withTtl = answer((bytes) => bytes.writeUInt8(64, 40));
  expect([answer(), inverted, withTtl].map((bytes) => check.isExact(bytes, 3, SENT_AT))).toEqual([true, false, false]);
  expect(new AnswerCheck(false, PADDING).isExact(withTtl, 3, SENT_AT)).toBe(true);
});
