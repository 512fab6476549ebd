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

const CHECK = new AnswerCheck(PADDING);

function isIntact(bytes: Buffer): boolean {
  return CHECK.isIntact(bytes, 3, SSID);
}

function isExact(bytes: Buffer): boolean {
  return CHECK.isExact(bytes, 3, bytes.length - 3, SSID, SENT_AT);
}

describe("isExact accepts only a lab's answers, isIntact those of every reflector", () => {
  test.each<[what: string, change: (answer: Buffer) => void, exact: boolean, intact: boolean]>([
    ["an unchanged answer", () => undefined, true, true],
    ["another session id", (bytes) => bytes.writeUInt16BE(8, 14), false, false],
    ["no session id", (bytes) => bytes.writeUInt16BE(0, 14), false, true],
    ["the sender's TTL", (bytes) => bytes.writeUInt8(64, 40), false, true],
    ["other padding", (bytes) => bytes.fill(7, 44), false, true],
    ["the last bit of the send time", (bytes) => bytes.writeUInt8((bytes[35] ?? 0) ^ 1, 35), false, true],
  ])("%s", (_what, change, exact, intact) => {
    expect([isExact(answer(change)), isIntact(answer(change))]).toEqual([exact, intact]);
  });

  test("an answer shorter than the packet", () => {
    const short = answer().subarray(0, 3 + 50);
    expect([isExact(short), isIntact(short)]).toEqual([false, true]);
  });
});

test("another error estimate than the sender's is not intact", () => {
  const other = answer((bytes) => bytes.writeUInt16BE(1, 36));
  expect([isIntact(other), CHECK.hasSenderEstimate(other, 3)]).toEqual([false, false]);
  expect(CHECK.hasSenderEstimate(answer(), 3)).toBe(true);
});
