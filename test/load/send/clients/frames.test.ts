import { describe, expect, test } from "bun:test";
import { FrameReader, FrameWriter } from "../../../../src/load/send/clients/frames.ts";

function frame(text: string): Buffer {
  const bytes = Buffer.alloc(2 + text.length);
  bytes.writeUInt16BE(text.length, 0);
  bytes.write(text, 2);
  return bytes;
}

describe("FrameReader", () => {
  test("finds every frame however the stream is cut", () => {
    const stream = Buffer.concat(["one", "", "three", "x".repeat(300)].map(frame));
    for (const size of [1, 2, 3, 7, 100, stream.length]) {
      const reader = new FrameReader();
      const found: string[] = [];
      for (let at = 0; at < stream.length; at += size) {
        const chunk = Buffer.from(stream.subarray(at, at + size));
        reader.feed(chunk, (bytes, from, length) => found.push(bytes.toString("latin1", from, from + length)));
        // The runtime reuses its memory: nothing of the chunk may be kept.
        chunk.fill(0);
      }
      expect(found).toEqual(["one", "", "three", "x".repeat(300)]);
      expect(reader.unfinished).toBe(0);
    }
  });
});

describe("FrameWriter", () => {
  test("keeps what the kernel does not take, in order, and knows when one whole frame waits", () => {
    const writer = new FrameWriter(Buffer.from("...."), 3);
    let taken = Buffer.alloc(0);
    const put = (letter: string) => writer.bytes.write(letter, writer.claim());
    const take = (most: number) =>
      writer.drain((bytes, at, length) => {
        const part = bytes.subarray(at, at + Math.min(most, length));
        taken = Buffer.concat([taken, part]);
        return part.length;
      });
    for (const letter of "abc") put(letter);
    expect([writer.hasRoom, writer.length, writer.onlyPacket]).toEqual([false, 18, -1]);
    take(8);
    expect([writer.hasRoom, writer.length]).toEqual([false, 10]);
    take(4);
    expect(writer.onlyPacket).toBe(14);
    take(1);
    expect(writer.onlyPacket).toBe(-1);
    take(100);
    put("d");
    expect([writer.hasRoom, writer.onlyPacket]).toEqual([true, 2]);
    take(100);
    expect(taken.toString("latin1")).toBe([..."abcd"].map((letter) => `\0\x04${letter}...`).join(""));
  });

  test("a frame's length has two octets", () => {
    expect(() => new FrameWriter(Buffer.alloc(65_536), 1)).toThrow(RangeError);
  });
});
