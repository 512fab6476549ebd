import { expect, test } from "bun:test";
import { plainText } from "../../../../src/load/send/serial/plain-text.ts";

test("the text names the protocol and the packet, and is padded to the size", () => {
  expect(plainText("udp", 7, 0).toString()).toBe("Hello UDP 7");
  expect(plainText("tcp", 7, 14).toString()).toBe("Hello TCP 7...");
});
