import { describe, expect, test } from "bun:test";
import { ProtocolError, ResponseReader } from "../../../../src/load/send/clients/http-response.ts";

const RESPONSES = {
  length: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer-Timing: db;dur=9, app;dur=1.25\r\n\r\nhello",
  chunked:
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n",
  empty: "HTTP/1.1 204 No Content\r\n\r\n",
  fate: "HTTP/1.1 503 Service Unavailable\r\nx-wirelab-FATE: dropped-down\r\ncontent-length: 0\r\nconnection: Close\r\n\r\n",
  interim: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length:0\r\n\r\n",
  bareLines: "HTTP/1.0 200 OK\nContent-Length: 2\n\nok",
};

/** The end in `octets` of the response, found by feeding one octet at a time. */
function feedSingly(text: string, reader: ResponseReader): number {
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at++) if (reader.feed(bytes.subarray(at, at + 1))) return at + 1;
  return -1;
}

describe("ResponseReader", () => {
  test.each(Object.entries(RESPONSES))("reads a %s response whole and an octet at a time alike", (_name, text) => {
    const whole = new ResponseReader(false);
    expect(whole.feed(Buffer.from(text))).toBe(true);
    const singly = new ResponseReader(false);
    expect(feedSingly(text, singly)).toBe(text.length);
    expect([singly.status, singly.fate, singly.serverMs, singly.closes]).toEqual([
      whole.status,
      whole.fate,
      whole.serverMs,
      whole.closes,
    ]);
  });

  test("knows status, fate, server time and whether the connection lives on", () => {
    const read = (text: string) => {
      const reader = new ResponseReader(false);
      reader.feed(Buffer.from(text));
      return [reader.status, reader.fate, reader.serverMs, reader.closes];
    };
    expect(read(RESPONSES.length)).toEqual([200, "none", 1.25, false]);
    expect(read(RESPONSES.fate)).toEqual([503, "dropped-down", undefined, true]);
    expect(read(RESPONSES.interim)).toEqual([201, "none", undefined, false]);
    expect(read(RESPONSES.bareLines)).toEqual([200, "none", undefined, true]);
  });

  test("serves response after response", () => {
    const reader = new ResponseReader(false);
    for (const text of [RESPONSES.fate, RESPONSES.length, RESPONSES.chunked]) {
      reader.reset();
      expect(reader.feed(Buffer.from(text))).toBe(true);
    }
    expect(reader.fate).toBe("none");
  });

  test("a body without a length ends with the connection, and only such a one", () => {
    const open = new ResponseReader(false);
    expect(open.feed(Buffer.from("HTTP/1.1 200 OK\r\n\r\nsome"))).toBe(false);
    expect(open.end()).toBe(true);
    const cut = new ResponseReader(false);
    expect(cut.feed(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome"))).toBe(false);
    expect(cut.end()).toBe(false);
  });

  test("the answer to HEAD has no body whatever its length says", () => {
    expect(new ResponseReader(true).feed(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"))).toBe(true);
  });

  test.each([
    ["another protocol", "ACK-TCP and more\r\n"],
    ["another protocol without a line's end", "ACK-TCP"],
    ["a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n"],
    ["a line without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"],
    ["a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["octets after the end", `${RESPONSES.length}x`],
    ["a head without an end", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(70_000)}`],
  ])("refuses %s", (_what, text) => {
    expect(() => new ResponseReader(false).feed(Buffer.from(text))).toThrow(ProtocolError);
  });
});
