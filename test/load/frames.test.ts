import { describe, expect, test } from "bun:test";
import { FrameReader, FrameWriter } from "../../src/load/clients/frames.ts";

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
        reader.feed(chunk, (packet) => found.push(packet.toString()));
        // The runtime reuses its memory: nothing of the chunk may be kept.
        chunk.fill(0);
      }
      expect(found).toEqual(["one", "", "three", "x".repeat(300)]);
      expect(reader.unfinished).toBe(0);
    }
  });
});

describe("FrameWriter", () => {
  const packet = Buffer.from("....");
  const letters = (letter: string) => (bytes: Buffer, at: number) => void bytes.write(letter, at);

  test("keeps what the kernel does not take, in order, and knows when one whole frame waits", () => {
    const writer = new FrameWriter(4, 3);
    let taken = Buffer.alloc(0);
    const take = (most: number) =>
      writer.drain((bytes) => {
        const part = bytes.subarray(0, most);
        taken = Buffer.concat([taken, part]);
        return part.length;
      });
    for (const letter of "abc") writer.append(packet, letters(letter));
    expect([writer.hasRoom, writer.length]).toEqual([false, 18]);
    take(8);
    expect([writer.hasRoom, writer.holdsOneWhole]).toEqual([true, false]);
    writer.append(packet, letters("d"));
    take(10);
    // Six octets are left, as many as a frame has, but they are the end of one and the start of no other.
    expect([writer.length, writer.holdsOneWhole]).toEqual([6, false]);
    take(100);
    writer.append(packet, letters("e"));
    expect(writer.holdsOneWhole).toBe(true);
    take(100);
    expect(taken.toString("latin1")).toBe([..."abcde"].map((letter) => `\0\x04${letter}...`).join(""));
  });

  test("a frame's length has two octets", () => {
    expect(() => new FrameWriter(65_536, 1)).toThrow(RangeError);
  });
});
