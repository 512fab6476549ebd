/** Servers that use all of HTTP/2, or violate it: what the client counts. */
import { describe, expect, test } from "bun:test";
import type { LoadOptions } from "../../../../src/load/plan/options.ts";
import { runLoad } from "../../../../src/load/run.ts";
import { FLAG, frame, SETTING, settings, TYPE, uint32 } from "../../../../src/load/send/http2/frames.ts";
import { encodeHuffman } from "../../../../src/load/send/http2/huffman.ts";
import { until } from "../../../support/until.ts";
import { ca, valid } from "../../support/certificates.ts";
import { type Behaviour, http2Target, type Peer, response } from "../../support/http2-target.ts";
import { balanced } from "../../support/sums.ts";

const answer: Behaviour["onRequest"] = (peer, stream) => peer.write(response(stream));

/** The report of a run of 60 requests, and the counts of the server. */
async function runOn(behaviour: Partial<Behaviour>, options: Partial<LoadOptions> = {}) {
  using target = http2Target({ onRequest: answer, ...behaviour });
  const common = { rate: 600, count: 60, timeout: 5, wait: 5, connections: 1 };
  const report = balanced(await runLoad({ ...target.options, ...common, ...options }).report);
  return { report, ...report.packets, counts: target.counts };
}

describe("answers", () => {
  test("of every shape are read: a body in frames with padding, an interim response, trailer fields, a priority", async () => {
    const shapes: ((peer: Peer, stream: number) => void)[] = [
      (peer, stream) =>
        peer.write(
          response(stream, { flags: FLAG.endHeaders }),
          frame(TYPE.data, FLAG.padded, stream, Buffer.from("\x03hello\0\0\0", "latin1")),
          frame(TYPE.data, FLAG.endStream, stream, Buffer.alloc(0)),
        ),
      (peer, stream) =>
        peer.write(
          response(stream, { block: Buffer.from("\x48\x03103", "latin1"), flags: FLAG.endHeaders }),
          response(stream),
        ),
      (peer, stream) =>
        peer.write(
          response(stream, { flags: FLAG.endHeaders }),
          frame(TYPE.data, 0, stream, Buffer.from("x")),
          response(stream, { block: Buffer.from("\0\x01a\x01b", "latin1") }),
        ),
      (peer, stream) =>
        peer.write(
          frame(
            TYPE.headers,
            FLAG.endHeaders | FLAG.endStream | FLAG.priority,
            stream,
            Buffer.from("\0\0\0\0\x10\x88", "latin1"),
          ),
          frame(0xfa, 0, stream, Buffer.from("a type of frame that is not known")),
        ),
    ];
    const { report, answered } = await runOn({
      onRequest: (peer, stream, index) => shapes[index % shapes.length]?.(peer, stream),
    });
    expect(answered).toBe(60);
    expect(report.statuses).toEqual({ "200": 60 });
  });

  test("with a large header block are read from HEADERS and CONTINUATION", async () => {
    const field = Buffer.concat([Buffer.from("\0\x01a\x7f\x91\x4d", "latin1"), Buffer.alloc(10_000, "b")]);
    const block = Buffer.concat([Buffer.of(0x88), field, field]);
    const { answered } = await runOn({
      onRequest: (peer, stream) =>
        peer.write(
          response(stream, { block: block.subarray(0, 10), flags: FLAG.endStream }),
          frame(TYPE.continuation, 0, stream, block.subarray(10, 10_000)),
          frame(TYPE.continuation, FLAG.endHeaders, stream, block.subarray(10_000)),
        ),
    });
    expect(answered).toBe(60);
  });

  test("are counted by their status, also those that the static table does not contain", async () => {
    const statuses = [
      Buffer.from("\x48\x03201", "latin1"),
      Buffer.concat([Buffer.of(0x08, 0x83), encodeHuffman("429")]),
      Buffer.from("\x48\x03503", "latin1"),
    ];
    const { report, answered, failed } = await runOn({
      onRequest: (peer, stream, index) => peer.write(response(stream, { block: statuses[index % 3] as Buffer })),
    });
    expect([answered, failed]).toEqual([20, 40]);
    expect(report.statuses).toEqual({ "201": 20, "429": 20, "503": 20 });
  });

  test("that arrive cut into two writes at each octet are read", async () => {
    const { answered } = await runOn(
      {
        onRequest(peer, stream, index) {
          const bytes = Buffer.concat([
            response(stream, { flags: FLAG.endHeaders }),
            frame(TYPE.data, FLAG.endStream, stream, Buffer.from("hello")),
          ]);
          peer.writeCut(bytes, 1 + (index % (bytes.length - 1)));
        },
      },
      { rate: 100, count: 24, streams: 1 },
    );
    expect(answered).toBe(24);
  });
});

describe("limits of the server", () => {
  test("one stream at a time: requests wait for it", async () => {
    let open = 0;
    let most = 0;
    const { answered } = await runOn({
      greeting: frame(TYPE.settings, 0, 0, settings([[SETTING.streams, 1]])),
      onRequest(peer, stream) {
        most = Math.max(most, ++open);
        setTimeout(() => {
          open--;
          peer.write(response(stream));
        }, 1);
      },
    });
    expect([answered, most]).toEqual([60, 1]);
  });

  test("a window of 10 octets: bodies are sent in parts as it grows", async () => {
    let largest = 0;
    const { answered } = await runOn(
      {
        greeting: frame(TYPE.settings, 0, 0, settings([[SETTING.window, 10]])),
        onFrame(peer, type, flags, stream, payload) {
          if (type !== TYPE.data) return;
          largest = Math.max(largest, payload.length);
          if ((flags & FLAG.endStream) === 0) peer.write(frame(TYPE.window, 0, stream, uint32(10)));
        },
      },
      { count: 20, http: { body: "x".repeat(64) } },
    );
    expect([answered, largest]).toEqual([20, 10]);
  });

  test("a body larger than the window of the connection", async () => {
    const { answered, counts } = await runOn(
      {
        onFrame(peer, type, _flags, stream, payload) {
          if (type !== TYPE.data || payload.length === 0) return;
          const update = uint32(payload.length);
          peer.write(frame(TYPE.window, 0, 0, update), frame(TYPE.window, 0, stream, update));
        },
      },
      { count: 5, rate: 50, http: { body: Buffer.alloc(1_000_000) } },
    );
    expect([answered, counts.connections]).toEqual([5, 1]);
  });

  test("a window that grows with SETTINGS: streams that are open send the rest of their bodies", async () => {
    const windows: number[] = [];
    const { answered } = await runOn(
      {
        greeting: frame(TYPE.settings, 0, 0, settings([[SETTING.window, 0]])),
        onFrame(peer, type, _flags, stream) {
          if (type !== TYPE.headers || windows.push(stream) !== 3) return;
          peer.write(frame(TYPE.settings, 0, 0, settings([[SETTING.window, 20]])));
        },
      },
      { count: 5, timeout: 1, wait: 1, http: { body: "x".repeat(20) } },
    );
    expect([answered, windows]).toEqual([5, [1, 3, 5, 7, 9]]);
  });

  test("a response before the end of the body: the rest is not sent, and the stream cancelled", async () => {
    const cancelled: (readonly [number, number])[] = [];
    let octets = 0;
    const { answered } = await runOn(
      {
        greeting: frame(TYPE.settings, 0, 0, settings([[SETTING.window, 10]])),
        onFrame(peer, type, _flags, stream, payload) {
          if (type === TYPE.reset) cancelled.push([stream, payload.readUInt32BE(0)]);
          if (type !== TYPE.data) return;
          octets += payload.length;
          peer.write(response(stream));
        },
      },
      { count: 4, http: { body: "x".repeat(64) } },
    );
    await until(() => cancelled.length === 4, "every stream cancelled");
    expect([answered, octets, cancelled]).toEqual([4, 40, [1, 3, 5, 7].map((stream) => [stream, 8])]);
  });

  test("after 16 MiB of bodies the window of the connection is extended by them", async () => {
    const updates: (readonly [number, number])[] = [];
    const body = Buffer.alloc(16_384);
    const { answered } = await runOn(
      {
        onRequest(peer, stream) {
          peer.write(response(stream, { flags: FLAG.endHeaders }), frame(TYPE.data, FLAG.endStream, stream, body));
        },
        onFrame(_peer, type, _flags, stream, payload) {
          if (type === TYPE.window) updates.push([stream, payload.readUInt32BE(0)]);
        },
      },
      { rate: "max", count: 1100, streams: 1 },
    );
    expect(answered).toBe(1100);
    expect(updates).toEqual([
      [0, 2 ** 31 - 1 - 65_535],
      [0, 2 ** 24],
    ]);
  });
});

describe("the server ends", () => {
  test("every third stream with RST_STREAM: lost; refused ones failed", async () => {
    const { report, answered, lost, failed } = await runOn({
      onRequest(peer, stream, index) {
        if (index % 3 === 0) peer.write(frame(TYPE.reset, 0, stream, uint32(2)));
        else if (index % 3 === 1) peer.write(frame(TYPE.reset, 0, stream, uint32(7)));
        else answer(peer, stream, index);
      },
    });
    expect([answered, lost, failed]).toEqual([20, 20, 20]);
    expect(report.errors).toEqual({ reset: 20, "refused-stream": 20 });
  });

  test("the connection with GOAWAY: streams above the last one failed, the others are answered, then a new connection", async () => {
    let first: Peer | undefined;
    const held: Buffer[] = [];
    const { report, answered, failed, counts } = await runOn(
      {
        onRequest(peer, stream, index) {
          first ??= peer;
          if (index === 9) peer.write(frame(TYPE.goaway, 0, 0, uint32(stream - 4, 0)));
          else if (index < 10) held.push(response(stream));
          else answer(peer, stream, index);
          // A request on the next connection: the first one has the streams up to the last one of GOAWAY.
          if (peer !== first) first.write(...held.splice(0));
        },
      },
      { rate: 5000 },
    );
    expect(answered + failed).toBe(60);
    // The streams above the last one that had been sent when GOAWAY arrived.
    expect(failed).toBeGreaterThanOrEqual(2);
    expect(report.errors).toEqual({ goaway: failed });
    expect(counts.connections).toBe(2);
  });

  test("the connection in place of an answer: lost, and the next request opens another one", async () => {
    const { report, answered, lost, counts } = await runOn(
      {
        onRequest(peer, stream, index) {
          if (index % 20 === 10) peer.end();
          else answer(peer, stream, index);
        },
      },
      { rate: 100, count: 40, streams: 1 },
    );
    expect([answered, lost]).toEqual([38, 2]);
    expect(report.errors).toEqual({ closed: 2 });
    expect(counts.connections).toBe(3);
    expect(report.handshakes?.tls?.full.count).toBe(1);
    expect(report.handshakes?.tls?.resumed?.count).toBe(2);
  });

  test("connections while requests wait for a stream: they are sent on the next connection, also after the last packet", async () => {
    const { report, answered, lost, failed, counts } = await runOn(
      {
        greeting: frame(TYPE.settings, 0, 0, settings([[SETTING.streams, 1]])),
        onRequest(peer, stream, index) {
          if (index < 2) peer.end();
          else answer(peer, stream, index);
        },
      },
      { rate: 5000, count: 30 },
    );
    expect([answered, lost, failed]).toEqual([28, 2, 0]);
    expect(report.errors).toEqual({ closed: 2 });
    expect(counts).toMatchObject({ connections: 3, requests: 30 });
  });

  test("nothing: requests without an answer are lost, and their streams cancelled", async () => {
    const cancelled: number[] = [];
    using target = http2Target({
      onRequest() {},
      onFrame(_peer, type, _flags, stream, payload) {
        if (type === TYPE.reset && payload.readUInt32BE() === 8) cancelled.push(stream);
      },
    });
    const { packets } = await runLoad({ ...target.options, count: 5, timeout: 0.05, wait: 0.1 }).report;
    expect(packets).toMatchObject({ sent: 5, lost: 5 });
    await until(() => cancelled.length === 5, "every stream cancelled");
  });
});

test("PING and SETTINGS are acknowledged", async () => {
  const seen = new Set<string>();
  const { answered } = await runOn({
    onRequest(peer, stream, index) {
      if (index === 0)
        peer.write(
          frame(TYPE.ping, 0, 0, Buffer.from("12345678")),
          frame(TYPE.ping, FLAG.ack, 0, Buffer.from("an ack, ")), // it is not acknowledged itself
          frame(TYPE.settings, 0, 0, settings([[99, 1]])),
        );
      answer(peer, stream, index);
    },
    onFrame(_peer, type, flags, _stream, payload) {
      if ((type === TYPE.ping || type === TYPE.settings) && (flags & FLAG.ack) !== 0) seen.add(`${type} ${payload}`);
    },
  });
  expect(answered).toBe(60);
  expect([...seen].sort()).toEqual([`${TYPE.settings} `, `${TYPE.ping} 12345678`]);
});

test.each([
  ["octets that are no frame", () => Buffer.alloc(100, 0xff)],
  ["a header block that is not HPACK", (stream: number) => response(stream, { block: Buffer.of(0xff) })],
  [
    "a response without a status",
    (stream: number) => response(stream, { block: Buffer.from("\0\x01a\x01b", "latin1") }),
  ],
  ["a body without header fields", (stream: number) => frame(TYPE.data, FLAG.endStream, stream, Buffer.from("x"))],
  [
    "a second response",
    (stream: number) =>
      Buffer.concat([response(stream, { flags: FLAG.endHeaders }), response(stream, { block: Buffer.of(0x8d) })]),
  ],
  ["a frame of a stream that is not open", () => response(9999)],
  ["a frame of a stream that only the server could open", () => response(2)],
  ["a pushed response", (stream: number) => frame(TYPE.push, FLAG.endHeaders, stream, uint32(2))],
  [
    "a block that never ends",
    (stream: number) =>
      Buffer.concat([
        response(stream, { flags: 0 }),
        ...Array.from({ length: 9 }, () => frame(TYPE.continuation, 0, stream, Buffer.alloc(8000))),
      ]),
  ],
] as const)("%s: the packet is corrupt, and the next one has a new connection", async (_name, bytesOf) => {
  const { report, answered, corrupt } = await runOn(
    { onRequest: (peer, stream, index) => peer.write(index % 2 === 0 ? bytesOf(stream) : response(stream)) },
    { rate: 50, count: 4, streams: 1 },
  );
  expect([answered, corrupt]).toEqual([2, 2]);
  expect(report.errors).toEqual({ "not-http2": 2 });
});

test("a server without HTTP/2 is one clear line", async () => {
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls: valid, fetch: () => new Response("ok") });
  const target = `127.0.0.1:${server.port}`;
  const { verdict, packets } = await runLoad({ protocol: "http2", target, ca, control: false, count: 5 }).report;
  expect(packets.sent).toBe(0);
  expect(verdict.reasons).toEqual([
    `no connection to ${target}: the target does not have this version of HTTP (ALPN h2) (no-alpn)`,
  ]);
});
