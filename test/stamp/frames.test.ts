/** The framing of STAMP packets on TCP: frames from chunks of any size, invalid lengths, partial writes. */
import { describe, expect, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import { FrameReader, FrameWriter } from "../../src/stamp/frames.ts";

/** A frame whose packet of `length` octets is filled with `fill`. */
function frame(length: number, fill: number): Buffer {
  const bytes = Buffer.alloc(2 + length, fill);
  bytes.writeUInt16BE(length, 0);
  return bytes;
}

/** Passes `chunks` to a reader and collects the frames. */
function readAll(chunks: readonly Buffer[]) {
  const reader = new FrameReader();
  const frames: Buffer[] = [];
  const results = chunks.map((chunk) =>
    reader.read(chunk, (bytes, at, length) => frames.push(Buffer.from(bytes.subarray(at, at + 2 + length)))),
  );
  return { frames, results, unfinished: reader.unfinished };
}

describe("FrameReader reads valid frames", () => {
  const frames = [frame(44, 1), frame(45, 2), frame(1400, 3), frame(44, 4), frame(65_535, 5), frame(44, 6)];
  const stream = Buffer.concat(frames);

  test("from one chunk with many frames", () => {
    expect(readAll([stream])).toEqual({ frames, results: [true], unfinished: false });
  });

  test("from two chunks, divided at every offset", () => {
    const short = Buffer.concat([frame(44, 1), frame(50, 2), frame(44, 3)]);
    for (let at = 0; at <= short.length; at++) {
      const read = readAll([short.subarray(0, at), short.subarray(at)]);
      expect(Buffer.concat(read.frames)).toEqual(short);
      expect(read.unfinished).toBe(false);
    }
  });

  test("from chunks of one octet", () => {
    const short = Buffer.concat([frame(44, 1), frame(300, 2)]);
    const read = readAll(Array.from(short, (_, i) => short.subarray(i, i + 1)));
    expect(Buffer.concat(read.frames)).toEqual(short);
    expect(read.results.every(Boolean)).toBe(true);
  });

  test("from chunks of random sizes", () => {
    const draw = random(5, "chunks");
    for (let round = 0; round < 20; round++) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; ) {
        const size = Math.floor(draw() ** 4 * 5000); // includes empty chunks
        chunks.push(stream.subarray(at, at + size));
        at += size;
      }
      expect(Buffer.concat(readAll(chunks).frames).equals(stream)).toBe(true);
    }
  });

  test("and does not overwrite an earlier frame with the next one", () => {
    const kept: Buffer[] = [];
    const reader = new FrameReader();
    for (const fill of [1, 2, 3]) {
      const bytes = frame(44, fill);
      for (const part of [bytes.subarray(0, 20), bytes.subarray(20)]) {
        reader.read(part, (chunk, at, length) => kept.push(chunk.subarray(at + 2, at + 2 + length)));
      }
    }
    expect(kept.map((packet) => [packet[0], packet[43]])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });
});

describe("FrameReader", () => {
  test.each([0, 1, 43])(
    "returns false at a frame of length %d, in one chunk or two, after the valid frames",
    (length) => {
      const bytes = Buffer.concat([frame(44, 1), frame(length, 2)]);
      expect(readAll([bytes])).toEqual({ frames: [frame(44, 1)], results: [false], unfinished: false });
      const split = readAll([bytes.subarray(0, 47), bytes.subarray(47)]);
      expect([split.frames, split.results]).toEqual([[frame(44, 1)], [true, false]]);
    },
  );

  test("accepts the lengths 44 and 65535, the limits", () => {
    expect(readAll([frame(44, 0)]).results).toEqual([true]);
    expect(readAll([frame(65_535, 0)]).results).toEqual([true]);
  });

  test("reports an incomplete frame as unfinished", () => {
    for (const at of [1, 2, 3, 45]) expect(readAll([frame(44, 1).subarray(0, at)]).unfinished).toBe(true);
    expect(readAll([Buffer.alloc(0)]).unfinished).toBe(false);
  });

  test("with a shortest length of 0 reads frames of 0 and of 5 octets from chunks of every size", () => {
    const frames = [frame(3, 1), frame(0, 0), frame(5, 2), frame(300, 3)];
    const stream = Buffer.concat(frames);
    for (const size of [1, 2, 3, 7, 100, stream.length]) {
      const reader = new FrameReader(0);
      const found: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) {
        const chunk = Buffer.from(stream.subarray(at, at + size));
        const keep = (bytes: Buffer, from: number, length: number) =>
          found.push(Buffer.from(bytes.subarray(from, from + 2 + length)));
        expect(reader.read(chunk, keep)).toBe(true);
        chunk.fill(0); // the runtime reuses the memory of a chunk after the callback
      }
      expect(found).toEqual(frames);
      expect(reader.unfinished).toBe(false);
    }
  });
});

describe("FrameWriter", () => {
  test("keeps octets that the kernel does not accept, in order, and finds pending frames", () => {
    const writer = new FrameWriter(Buffer.from("...."), 3);
    let accepted = Buffer.alloc(0);
    const put = (letter: string) => writer.bytes.write(letter, writer.claim());
    const drain = (most: number) =>
      writer.drain((bytes, at, length) => {
        const part = bytes.subarray(at, at + Math.min(most, length));
        accepted = Buffer.concat([accepted, part]);
        return part.length;
      });
    for (const letter of "abc") put(letter);
    expect([writer.hasCapacity, writer.length, writer.packetAt(3), writer.packetAt(1)]).toEqual([false, 18, 2, 14]);
    drain(8);
    expect([writer.hasCapacity, writer.length]).toEqual([false, 10]);
    drain(100);
    put("d");
    expect([writer.hasCapacity, writer.packetAt(1)]).toEqual([true, 2]);
    drain(100);
    expect(accepted.toString("latin1")).toBe([..."abcd"].map((letter) => `\0\x04${letter}...`).join(""));
  });

  test("throws RangeError for a packet longer than 65535 octets", () => {
    expect(() => new FrameWriter(Buffer.alloc(65_536), 1)).toThrow(RangeError);
  });
});
