/** The packets of plain mode. */
import { expect, test } from "bun:test";
import { PlainText } from "../../../../src/load/send/serial/plain-text.ts";

test("the text names the protocol and the packet, and is padded to the size", () => {
  const [short, long] = [new PlainText("UDP", 0), new PlainText("TCP", 14)];
  expect(short.write(7).toString()).toBe("Hello UDP 7");
  expect(long.write(7).toString()).toBe("Hello TCP 7...");
});

test("each packet replaces the one before, with more digits or fewer", () => {
  const text = new PlainText("UDP", 13);
  const numbers = [0, 9, 10, 999, 1000, 12_345_678, 2 ** 53 - 1, 2 ** 32, 5, 100];
  for (const number of numbers) {
    expect(text.write(number).toString()).toBe(`Hello UDP ${number}`.padEnd(13, "."));
  }
});
