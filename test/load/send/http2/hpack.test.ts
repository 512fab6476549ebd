import { describe, expect, test } from "bun:test";
import type { ResponseFields } from "../../../../src/load/send/http/fields.ts";
import { BlockReader, encodeFields } from "../../../../src/load/send/http2/hpack.ts";
import { decodeHuffman, encodeHuffman } from "../../../../src/load/send/http2/huffman.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

/** The fields of a block. */
function read(block: Buffer): ResponseFields {
  const fields: ResponseFields = { status: 0, dropped: undefined, serverMs: undefined };
  new BlockReader().read(block, 0, block.length, fields);
  return fields;
}

/** A literal without indexing, whose strings are in the Huffman code if `coded`. */
function literal(name: string, value: string, coded: boolean): Buffer {
  const string = (text: string) => {
    const octets = coded ? encodeHuffman(text) : Buffer.from(text);
    return Buffer.concat([Buffer.of((coded ? 0x80 : 0) | octets.length), octets]);
  };
  return Buffer.concat([Buffer.of(0), string(name), string(value)]);
}

describe("the Huffman code", () => {
  test.each([
    ["www.example.com", "f1e3 c2e5 f23a 6ba0 ab90 f4ff"],
    ["no-cache", "a8eb 1064 9cbf"],
    ["302", "6402"],
    ["Mon, 21 Oct 2013 20:13:21 GMT", "d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff"],
  ])("is that of RFC 7541 appendix C: %s", (text, octets) => {
    expect(encodeHuffman(text)).toEqual(hex(octets));
    expect(decodeHuffman(hex(octets), 0, hex(octets).length)).toBe(text);
  });

  test("has a code for each octet", () => {
    const all = String.fromCharCode(...Array(256).keys());
    const coded = encodeHuffman(all);
    expect(decodeHuffman(coded, 0, coded.length)).toBe(all);
  });

  test.each([["ff ff ff ff"], ["ff"], ["00 ff ff"], ["06"]])(
    "refuses %s: EOS, or other padding than ones",
    (octets) => {
      expect(() => decodeHuffman(hex(octets), 0, hex(octets).length)).toThrow("does not end with its padding");
    },
  );
});

describe("a response", () => {
  test.each([
    ["an indexed status", "88", 200],
    ["the others of the static table", "8d", 404],
    ["a status that would be indexed: the table has no room", "48 03 323031", 201],
    ["a status in the Huffman code", "48 82 6402", 302],
    ["a literal whose name is not indexed", "00 07 3a737461747573 03 353033", 503],
    ["the new size of the table first", "20 88", 200],
  ])("has %s", (_name, block, status) => {
    expect(read(hex(block)).status).toBe(status);
  });

  test.each([true, false])("has the fields of a lab, in the Huffman code: %p", (coded) => {
    const timing = literal("server-timing", "app;dur=0.125", coded);
    const fate = literal("x-wirelab-fate", "dropped-down", coded);
    const others = literal("server", "other", coded);
    expect(read(Buffer.concat([hex("88"), others, timing, fate]))).toEqual({
      status: 200,
      dropped: "down",
      serverMs: 0.125,
    });
  });

  test.each([
    ["an index of the dynamic table", "be"],
    ["index 0", "80"],
    ["a name of the dynamic table", "7e 01 61"],
    ["a larger table", "3f e1 1f"],
    ["the size of the table after a field", "88 20"],
    ["a string beyond the block", "00 05 61"],
    ["an integer without end", "ff ff ff ff ff ff"],
    ["an incomplete integer", "ff"],
    ["a status that is no number", "48 03 3a3a3a"],
  ])("is refused with %s", (_name, block) => {
    expect(() => read(hex(block))).toThrow();
  });
});

test("a request has entries of the static table and literals", () => {
  const block = encodeFields([
    [":method", "POST"],
    [":scheme", "https"],
    [":path", "/"],
    [":authority", "a:1"],
    ["user-agent", "x"],
    ["y", "z".repeat(200)],
  ]);
  const long = Buffer.concat([hex("00 01 79 7f 49"), Buffer.from("z".repeat(200))]);
  expect(block).toEqual(Buffer.concat([hex("83 87 84 01 03 613a31 0f 2b 01 78"), long]));
});
