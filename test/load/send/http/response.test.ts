import { describe, expect, test } from "bun:test";
import { ProtocolError } from "../../../../src/load/send/http/head.ts";
import { ResponseReader } from "../../../../src/load/send/http/response.ts";

const RESPONSES = {
  length: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer-Timing: db;dur=9, app;dur=1.25\r\n\r\nhello",
  chunked:
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n",
  empty: "HTTP/1.1 204 No Content\r\n\r\n",
  dropped:
    "HTTP/1.1 503 Service Unavailable\r\nx-wirelab-FATE: dropped-down\r\ncontent-length: 0\r\nconnection: Close\r\n\r\n",
  interim: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length:0\r\n\r\n",
  bareLines: "HTTP/1.0 200 OK\nContent-Length: 2\n\nok",
};

/** What the reader reports of its present response. */
function headOf({ head: { status, dropped, serverMs, closes } }: ResponseReader) {
  return { status, dropped, serverMs, closes };
}

/** Feeds one octet at a time; returns the number of octets after which the response is complete. */
function feedSingly(text: string, reader: ResponseReader): number {
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at++) if (reader.feed(bytes.subarray(at, at + 1))) return at + 1;
  return -1;
}

describe("ResponseReader", () => {
  test.each(Object.entries(RESPONSES))("reads a %s response the same whole and octet by octet", (_name, text) => {
    const whole = new ResponseReader(false);
    expect(whole.feed(Buffer.from(text))).toBe(true);
    const singly = new ResponseReader(false);
    expect(feedSingly(text, singly)).toBe(text.length);
    expect(headOf(singly)).toEqual(headOf(whole));
  });

  test.each([
    ["length", { status: 200, dropped: undefined, serverMs: 1.25, closes: false }],
    ["dropped", { status: 503, dropped: "down", serverMs: undefined, closes: true }],
    ["interim", { status: 201, dropped: undefined, serverMs: undefined, closes: false }],
    ["bareLines", { status: 200, dropped: undefined, serverMs: undefined, closes: true }],
  ] as const)("reads the head of a %s response", (name, head) => {
    const reader = new ResponseReader(false);
    reader.feed(Buffer.from(RESPONSES[name]));
    expect(headOf(reader)).toEqual(head);
  });

  test("reads one response after the other", () => {
    const reader = new ResponseReader(false);
    for (const text of [RESPONSES.dropped, RESPONSES.length, RESPONSES.chunked]) {
      reader.reset();
      expect(reader.feed(Buffer.from(text))).toBe(true);
    }
    expect(headOf(reader)).toEqual({ status: 200, dropped: undefined, serverMs: undefined, closes: false });
  });

  test("the close of the connection completes a body without a length, and no other", () => {
    const open = new ResponseReader(false);
    expect(open.feed(Buffer.from("HTTP/1.1 200 OK\r\n\r\nsome"))).toBe(false);
    expect(open.end()).toBe(true);
    const cut = new ResponseReader(false);
    expect(cut.feed(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome"))).toBe(false);
    expect(cut.end()).toBe(false);
  });

  test("a response to HEAD has no body, whatever its length is", () => {
    expect(new ResponseReader(true).feed(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"))).toBe(true);
  });

  test.each([
    ["another protocol", "ACK-TCP and more\r\n"],
    ["another protocol without the end of a line", "ACK-TCP"],
    ["a length that is not a number", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n"],
    ["a line without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"],
    ["a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["octets after the response", `${RESPONSES.length}x`],
    ["a head without an end", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(70_000)}`],
  ])("rejects %s", (_what, text) => {
    expect(() => new ResponseReader(false).feed(Buffer.from(text))).toThrow(ProtocolError);
  });
});
