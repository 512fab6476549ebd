import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { WebSocketHandshake } from "../../../../src/load/send/websocket/handshake.ts";

const URL_OF_TEST = new URL("ws://host.test:5000/ws?a=b");

function fieldsOf(request: Buffer): Map<string, string> {
  const lines = request.toString("latin1").trimEnd().split("\r\n").slice(1);
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
}

/** The response to a handshake, with other lines in place of some. */
function responseTo({ request }: WebSocketHandshake, lines: Record<string, string | undefined> = {}, status = "101 x") {
  const key = fieldsOf(request).get("Sec-WebSocket-Key");
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const fields = { Upgrade: "WebSocket", Connection: "keep-alive, Upgrade", "Sec-WebSocket-Accept": accept, ...lines };
  const text = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Buffer.from(`HTTP/1.1 ${status}\r\n${text.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
}

test("the request is that of RFC 6455 section 4.1, with a new key and the given fields", () => {
  const [one, other] = [
    new WebSocketHandshake(URL_OF_TEST),
    new WebSocketHandshake(URL_OF_TEST, [
      ["host", "x"],
      ["Origin", "o"],
    ]),
  ];
  expect(one.request.toString()).toStartWith("GET /ws?a=b HTTP/1.1\r\nHost: host.test:5000\r\n");
  const fields = fieldsOf(one.request);
  expect(Object.fromEntries(fields)).toMatchObject({
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": "13",
  });
  expect(Buffer.from(fields.get("Sec-WebSocket-Key") ?? "", "base64").length).toBe(16);
  expect(fields.has("Sec-WebSocket-Extensions")).toBe(false);
  const others = fieldsOf(other.request);
  expect([others.get("Host"), others.get("host"), others.get("Origin")]).toEqual([undefined, "x", "o"]);
  expect(others.get("Sec-WebSocket-Key")).not.toBe(fields.get("Sec-WebSocket-Key"));
});

test("the response is complete at the end of its head, in one piece and octet by octet", () => {
  const whole = new WebSocketHandshake(URL_OF_TEST);
  const response = responseTo(whole);
  expect(whole.read(Buffer.concat([response, Buffer.of(0x81, 0)]))).toBe(response.length);
  const slow = new WebSocketHandshake(URL_OF_TEST);
  const octets = responseTo(slow);
  for (let at = 0; at < octets.length - 1; at++) expect(slow.read(octets.subarray(at, at + 1))).toBeUndefined();
  expect(slow.read(Buffer.concat([octets.subarray(-1), Buffer.of(1, 2)]))).toBe(1);
});

test.each([
  ["another status", {}, "404 Not Found", "the target answers the WebSocket handshake with status 404"],
  [
    "a wrong key",
    { "Sec-WebSocket-Accept": "x" },
    undefined,
    "the target's answer to the WebSocket handshake is not valid",
  ],
  [
    "no key",
    { "Sec-WebSocket-Accept": undefined },
    undefined,
    "the target's answer to the WebSocket handshake is not valid",
  ],
  ["another protocol", { Upgrade: "h2c" }, undefined, "the target's answer to the WebSocket handshake is not valid"],
  ["no upgrade", { Connection: "close" }, undefined, "the target's answer to the WebSocket handshake is not valid"],
  [
    "an extension",
    { "Sec-WebSocket-Extensions": "permessage-deflate" },
    undefined,
    "the target selects an extension, and none was offered",
  ],
  [
    "a subprotocol",
    { "Sec-WebSocket-Protocol": "chat" },
    undefined,
    "the target selects a subprotocol, and none was offered",
  ],
])("%s is refused", (_name, lines, status, reason) => {
  const handshake = new WebSocketHandshake(URL_OF_TEST);
  expect(() => handshake.read(responseTo(handshake, lines, status))).toThrow(reason);
});

test("another protocol, and a head without an end, are refused", () => {
  expect(() => new WebSocketHandshake(URL_OF_TEST).read(Buffer.from("SSH-2.0"))).toThrow(
    "the target does not speak HTTP/1.1",
  );
  const endless = new WebSocketHandshake(URL_OF_TEST);
  expect(endless.read(Buffer.from("HTTP/1.1 101 x\r\n"))).toBeUndefined();
  expect(() => endless.read(Buffer.alloc(20_000, "x"))).toThrow("too long");
});
