/** The outgoing direction of an HTTP/2 connection. */
import { expect, test } from "bun:test";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import { HEADER, MAX_31_BITS, MAX_PAYLOAD } from "../../../../src/load/send/http2/frames.ts";
import { Requests } from "../../../../src/load/send/http2/requests.ts";
import { Exchange } from "../../../../src/load/send/streams/connection.ts";

const BODY = 1_000_000;
/** Octets that may wait to be written, and the frame that exceeds them. */
const MOST = 2 ** 18 + HEADER + MAX_PAYLOAD;

test("a body that the target accepts at once waits in parts, so that few octets of it are copied", () => {
  const head = { frames: Buffer.alloc(HEADER), idsAt: [HEADER - 4] };
  const url = new URL("https://127.0.0.1/");
  const request = { method: "POST", url, headers: [], body: Buffer.alloc(BODY, "x"), keepAlive: true };
  const requests = new Requests({ request, ofRun: head, ofWarmUp: head });
  requests.setWindow(MAX_31_BITS, []);
  requests.extendWindow(MAX_31_BITS - 65_535);
  const exchange = new Exchange(new Recorder());
  requests.add(exchange);
  const written: number[] = [];
  const socket = { write: (_bytes: unknown, _at?: number, length = 0) => written.push(length) && length };
  for (;;) {
    requests.writeTo(socket);
    if (exchange.bodySent === BODY) break;
    expect(requests.isFull).toBe(false);
    requests.resume();
  }
  expect(Math.max(...written)).toBeLessThanOrEqual(MOST);
  expect(written).toHaveLength(4);
  const frames = Math.ceil(BODY / MAX_PAYLOAD);
  expect(written.reduce((sum, length) => sum + length)).toBe(HEADER + BODY + frames * HEADER);
});
