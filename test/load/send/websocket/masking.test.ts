import { expect, test } from "bun:test";
import { MaskedFrameWriter, Masking, MaskingKeys, maskedFrame } from "../../../../src/load/send/websocket/masking.ts";
import { OPCODE } from "../../../../src/load/send/websocket/opcodes.ts";

/** The payload of a masked frame, its key and its opcode (RFC 6455 section 5.3, as it is written there). */
function unmasked(frame: Buffer) {
  const short = (frame[1] ?? 0) & 0x7f;
  const keyAt = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length = short < 126 ? short : short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
  const key = frame.subarray(keyAt, keyAt + 4);
  const payload = Buffer.alloc(length);
  for (let i = 0; i < length; i++) payload[i] = (frame[keyAt + 4 + i] ?? 0) ^ (key[i % 4] ?? 0);
  return { payload, key: key.toString("hex"), opcode: (frame[0] ?? 0) & 0x0f, size: keyAt + 4 + length };
}

test.each([0, 1, 2, 3, 4, 5, 125, 126, 65_535, 65_536])("a frame with %d octets is masked", (length) => {
  const payload = Buffer.alloc(length, "abcdefg");
  const frame = maskedFrame(OPCODE.text, payload, new MaskingKeys());
  const read = unmasked(frame);
  expect([read.payload.equals(payload), read.opcode, read.size]).toEqual([true, OPCODE.text, frame.length]);
});

test("octets at any place and of any length are masked as RFC 6455 section 5.3 says", () => {
  const key = Buffer.of(1, 2, 4, 200);
  for (let at = 0; at < 9; at++) {
    for (let length = 0; length < 30; length++) {
      const bytes = Buffer.alloc(at + length + 3, 7);
      const expected = Buffer.from(bytes);
      for (let i = 0; i < length; i++) expected[at + i] = 7 ^ (key[i % 4] ?? 0);
      new Masking(bytes).mask(at, at + length, key.readInt32LE());
      expect(bytes.toString("hex")).toBe(expected.toString("hex"));
    }
  }
});

test.each([44, 46, 64, 300])("packets of %d octets have their padding in every round of the buffer", (size) => {
  const padding = Buffer.alloc(size, "padding");
  const writer = new MaskedFrameWriter(padding, 4, new MaskingKeys());
  const keys = new Set<string>();
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 4; n++) {
      writer.claim();
      writer.bytes.fill(n + 65, writer.packetAt(1), writer.packetAt(1) + 44); // the STAMP fields
      writer.seal(1);
    }
    expect(writer.hasCapacity).toBe(false);
    const sent = Buffer.alloc(writer.length);
    writer.drain((bytes, at, length) => bytes.copy(sent, 0, at, at + length));
    for (let n = 0, at = 0; n < 4; n++) {
      const { payload, key, opcode, size: whole } = unmasked(sent.subarray(at));
      expect([payload.toString("latin1", 0, 44), opcode]).toEqual([
        String.fromCharCode(n + 65).repeat(44),
        OPCODE.binary,
      ]);
      expect(payload.subarray(44).equals(padding.subarray(44))).toBe(true);
      keys.add(key);
      at += whole;
    }
  }
  expect(keys.size).toBe(12);
});

test("keys differ, also beyond those that are drawn at once", () => {
  const keys = new MaskingKeys();
  const seen = new Set(Array.from({ length: 3000 }, () => keys.next()));
  expect(seen.size).toBeGreaterThan(2990);
});
