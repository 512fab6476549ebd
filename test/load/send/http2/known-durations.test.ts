/** The table of the values of Server-Timing. */
import { expect, test } from "bun:test";
import { KnownDurations } from "../../../../src/load/send/http2/known-durations.ts";

test("a value is parsed once, however often it comes and whatever its buffer contains later", () => {
  const durations = new KnownDurations();
  const parsed: string[] = [];
  const read = (text: string, isCoded = false) => {
    const bytes = Buffer.from(`..${text}..`);
    const value = durations.of(bytes, 2, text.length, isCoded, () => {
      parsed.push(text);
      return Number(text);
    });
    bytes.fill(0);
    return value;
  };
  expect([read("0.25"), read("0.5"), read("0.25"), read("0.5"), read("0.25", true)]).toEqual([
    0.25, 0.5, 0.25, 0.5, 0.25,
  ]);
  expect(parsed).toEqual(["0.25", "0.5", "0.25"]); // the last one is in the Huffman code
  const long = `0.${"1".repeat(70)}`;
  expect([read(long), read(long)]).toEqual([Number(long), Number(long)]);
  expect(parsed.slice(3)).toEqual([long, long]);
});

test("more values than places are parsed again, and none is taken for another", () => {
  const durations = new KnownDurations();
  for (const round of [1, 2]) {
    for (let n = 0; n < 5000; n++) {
      const bytes = Buffer.from(`app;dur=${n}`);
      expect([round, durations.of(bytes, 0, bytes.length, false, () => n)]).toEqual([round, n]);
    }
  }
});
