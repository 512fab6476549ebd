/** An HTTP/3 connection on a session of the test: the outcome of its requests. */
import { expect, test } from "bun:test";
import { Http3Connection, preparedRequest } from "../../../../src/load/send/http3/connection.ts";
import type { Session } from "../../../../src/load/send/http3/quic.ts";
import type { Outcome } from "../../../../src/load/send/serial/connection.ts";
import { Exchange } from "../../../../src/load/send/streams/connection.ts";
import { until } from "../../../support/until.ts";
import { clientSettings } from "../../support/client-settings.ts";

/** Receives the header fields of a response, with its stream as `this`. */
type OnHeaders = (this: object, fields: object) => void;

/** The stream of a request, which the test answers and ends. */
function fakeStream(onheaders: OnHeaders) {
  const { promise: closed, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const resets: bigint[] = [];
  const stream = {
    closed,
    stats: { bytesReceived: 0n },
    destroyed: false,
    stopSending: () => undefined,
    resetStream: (code: bigint) => void resets.push(code),
  };
  return { stream, resets, end, fail, respond: (fields: object) => onheaders.call(stream, fields) };
}

/** An open session, what it counts, and its streams. */
function fakeSession() {
  const stats = { bytesReceived: 0n, createdAt: 0n, handshakeCompletedAt: 3_000_000n };
  const streams: ReturnType<typeof fakeStream>[] = [];
  const session = {
    stats,
    endpoint: undefined,
    opened: Promise.resolve({}),
    closed: new Promise<void>(() => undefined),
    close: async () => undefined,
    destroy: () => undefined,
    async createBidirectionalStream({ onheaders }: { onheaders: OnHeaders }) {
      const made = fakeStream(onheaders);
      streams.push(made);
      return made.stream;
    },
  };
  return { session: session as unknown as Session, stats, streams }; // the part that the connection uses
}

/** An open connection with a request of this method, its stream, its outcomes, and the turns that have ended. */
async function openConnection(method = "GET") {
  const { settings, recorder } = clientSettings({ protocol: "http3", http: { verify: false } });
  const { session, stats, streams } = fakeSession();
  const request = { method, url: new URL("https://a/"), headers: [], body: Buffer.alloc(0), keepAlive: true };
  const prepared = preparedRequest(request, "");
  const outcomes: Outcome[] = [];
  const turns = { count: 0 };
  const connection = new Http3Connection(
    { settings, connect: async () => session, prepared, streams: 2 },
    {
      onRead() {},
      onOutcome: (_exchange, outcome) => void outcomes.push(outcome),
      onTurnEnd: () => void turns.count++,
      onClosed() {},
    },
  );
  await connection.connect(1000);
  const exchange = new Exchange(recorder);
  connection.request(exchange);
  const stream = await until(() => streams[0], "the stream");
  return { connection, exchange, stats, stream, outcomes, turns };
}

test.each([
  ["all of its length", "GET", 5n, { kind: "answered", status: 200 }],
  ["less than its length", "GET", 3n, { kind: "failed", code: "closed" }],
  ["no body, to HEAD", "HEAD", 0n, { kind: "answered", status: 200 }],
] as const)("a response with %s", async (_name, method, received, expected) => {
  const { stream, outcomes } = await openConnection(method);
  stream.respond({ ":status": "200", "content-length": "5" });
  stream.stream.stats.bytesReceived = received;
  stream.end();
  await until(() => outcomes.length === 1, "the outcome");
  expect(outcomes[0]).toMatchObject(expected);
});

test.each([
  ["H3_REQUEST_REJECTED", { errorCode: 0x10bn }, { kind: "failed", code: "refused-stream" }],
  ["another code", { errorCode: 0x10cn }, { kind: "lost", code: "reset" }],
  ["the end of the connection", { errorCode: 0n, type: "transport" }, { kind: "lost", code: "closed" }],
] as const)("a stream that ends with %s", async (_name, error, expected) => {
  const { stream, outcomes } = await openConnection();
  stream.fail(Object.assign(new Error("ended"), error));
  await until(() => outcomes.length === 1, "the outcome");
  expect(outcomes).toEqual([expected]);
});

test.each([
  ["nothing has arrived since: the connection opens no more streams", 0n, true],
  ["something has arrived since: the connection is used further", 40n, false],
])("a request is given up, and %s", async (_name, received, isSpent) => {
  const { connection, exchange, stats, stream, outcomes, turns } = await openConnection();
  await Promise.resolve(); // the connection gets the stream
  stats.bytesReceived = received;
  connection.cancel(exchange);
  await Promise.resolve();
  expect([connection.isSpent, connection.free, turns.count]).toEqual([isSpent, isSpent ? 0 : 2, isSpent ? 1 : 0]);
  expect([stream.resets, outcomes, connection.active]).toEqual([[0x10cn], [], 0]);
});
