import { expect, test } from "bun:test";
import { messageOf } from "../../src/base/message.ts";

test("messageOf returns the message of an error, and any other thrown value as text", () => {
  expect(messageOf(new RangeError("out of range"))).toBe("out of range");
  expect(messageOf("closed")).toBe("closed");
  expect(messageOf(undefined)).toBe("undefined");
});
