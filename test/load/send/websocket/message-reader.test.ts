import { expect, test } from "bun:test";
import {
  CLOSED,
  MAX_MESSAGE,
  MessageReader,
  NOT_WEBSOCKET,
} from "../../../../src/load/send/websocket/message-reader.ts";

/** A frame of a server, without a mask unless `flags2` has its bit. */
function frame(flags: number, payload: string | Buffer, flags2 = 0): Buffer {
  const body = Buffer.from(payload);
  const short = Buffer.of(flags, flags2 | Math.min(body.length, body.length < 2 ** 16 ? 126 : 127));
  if (body.length < 126) return Buffer.concat([short, body]);
  const long = Buffer.alloc(body.length < 2 ** 16 ? 2 : 8);
  if (long.length === 2) long.writeUInt16BE(body.length);
  else long.writeBigUInt64BE(BigInt(body.length));
  return Buffer.concat([short, long, body]);
}

/** Reads `octets` in pieces of `size`. */
function readAll(octets: Buffer, size = octets.length) {
  const messages: string[] = [];
  const control: string[] = [];
  const reader = new MessageReader((opcode, payload) => control.push(`${opcode} ${payload.toString("latin1")}`));
  let end: string | undefined;
  for (let at = 0; at < octets.length && end === undefined; at += size) {
    end = reader.read(octets.subarray(at, at + size), (bytes, from, length) =>
      messages.push(bytes.toString("latin1", from, from + length)),
    );
  }
  return { messages, control, end, unfinished: reader.unfinished };
}

const long = "x".repeat(300);
const longer = "y".repeat(70_000);
const valid = Buffer.concat([
  frame(0x81, "one"),
  frame(0x82, ""),
  frame(0x01, "fr"),
  frame(0x89, "ping"),
  frame(0x00, "agme"),
  frame(0x8a, "pong"),
  frame(0x80, "nts"),
  frame(0x82, long),
  frame(0x82, longer),
  frame(0x81, "last"),
]);

test.each([valid.length, 1, 2, 3, 7, 1000])("messages and pings, in pieces of %d octets", (size) => {
  expect(readAll(valid, size)).toEqual({
    messages: ["one", "", "fragments", long, longer, "last"],
    control: ["9 ping"],
    end: undefined,
    unfinished: false,
  });
});

test("nothing is read after a close frame", () => {
  const octets = Buffer.concat([frame(0x81, "a"), frame(0x88, Buffer.of(3, 232)), frame(0x81, "b")]);
  expect(readAll(octets)).toEqual({
    messages: ["a"],
    control: [`8 ${Buffer.of(3, 232).toString("latin1")}`],
    end: CLOSED,
    unfinished: false,
  });
});

test.each([
  ["a masked frame", frame(0x81, "abcdefg", 0x80)],
  ["a reserved bit", frame(0xc1, "a")],
  ["an unknown opcode", frame(0x83, "a")],
  ["an unknown control frame", frame(0x8b, "a")],
  ["a control frame in parts", frame(0x09, "a")],
  ["a control frame that is too long", frame(0x89, "a".repeat(126))],
  ["a continuation of nothing", frame(0x80, "a")],
  ["a message within another", Buffer.concat([frame(0x01, "a"), frame(0x81, "b")])],
  ["a 16-bit length that fits in 7 bits", Buffer.concat([Buffer.of(0x82, 126, 0, 5), Buffer.alloc(5)])],
  [
    "a 64-bit length that fits in 16 bits",
    Buffer.concat([Buffer.of(0x82, 127, 0, 0, 0, 0, 0, 0, 1, 0), Buffer.alloc(256)]),
  ],
  ["a length beyond the limit", Buffer.of(0x82, 127, 0xff, 0, 0, 0, 0, 0, 0, 0)],
  ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
])("%s is a violation, in one piece and octet by octet", (_name, octets) => {
  for (const size of [octets.length, 1]) {
    expect(readAll(octets, size)).toMatchObject({ messages: [], end: NOT_WEBSOCKET });
  }
});

test("fragments are a violation when they are together longer than the limit", () => {
  const part = Buffer.alloc(MAX_MESSAGE / 2);
  const atLimit = [frame(0x02, part), frame(0x80, part)];
  expect(readAll(Buffer.concat(atLimit)).messages.map(({ length }) => length)).toEqual([MAX_MESSAGE]);
  const beyond = [frame(0x02, part), frame(0x00, part), frame(0x80, "x")];
  expect(readAll(Buffer.concat(beyond))).toMatchObject({ messages: [], end: NOT_WEBSOCKET });
});

test("a part of a frame, or of a message, is unfinished", () => {
  expect(readAll(frame(0x81, "abc").subarray(0, 4)).unfinished).toBe(true);
  expect(readAll(frame(0x01, "abc")).unfinished).toBe(true);
  const reader = new MessageReader(() => undefined);
  reader.read(frame(0x01, "abc"), () => undefined);
  reader.clear();
  expect(reader.unfinished).toBe(false);
});
