/** Header blocks in several frames. */
import { expect, test } from "bun:test";
import { TYPE } from "../../../../src/load/send/http2/frames.ts";
import { HeaderBlocks } from "../../../../src/load/send/http2/header-blocks.ts";

test("a block of empty parts without an end is refused: each part counts as an octet", () => {
  const blocks = new HeaderBlocks();
  const none = Buffer.alloc(0);
  expect(blocks.read(none, 0, 0, TYPE.headers, 0, 1)).toBe(false);
  for (let part = 1; part <= 65_536; part++) blocks.read(none, 0, 0, TYPE.continuation, 0, 1);
  expect(() => blocks.read(none, 0, 0, TYPE.continuation, 0, 1)).toThrow("a header block of more than 64 KiB");
});
