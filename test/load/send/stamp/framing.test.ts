/** Packets in frames with a length. */
import { expect, test } from "bun:test";
import { LengthFraming } from "../../../../src/load/send/stamp/framing.ts";

test("a frame that was incomplete when its connection ended is not continued on the next one", () => {
  const framing = new LengthFraming(Buffer.alloc(44), 4);
  const packets: string[] = [];
  const written: string[] = [];
  const read = (...octets: number[]) =>
    framing.read(Buffer.from(octets), (bytes, at, length) => packets.push(bytes.toString("hex", at, at + length)));
  for (const _connection of [1, 2]) {
    framing.start((bytes, at, length) => written.push(bytes.toString("latin1", at, at + length)) && length);
    expect(framing.unfinished).toBe(undefined);
    read(0, 3, 7, 8);
    expect(framing.unfinished).toBe("not-framed");
  }
  read(9);
  expect([packets, written]).toEqual([["070809"], ["STAMP/1\n", "STAMP/1\n"]]);
});
