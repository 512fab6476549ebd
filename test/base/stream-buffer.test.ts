import { expect, test } from "bun:test";
import { limitStreamBuffer, releaseStreamBuffer, streamPeer } from "../../src/base/stream-buffer.ts";
import { connectPeer, listenPeers, type TestPeer } from "../relay/support/tcp.ts";
import { until } from "../support/until.ts";

const isLinux = process.platform === "linux";
if (!isLinux) console.warn("SKIPPED: the receive buffer of a TCP connection is limited on Linux only");

/** Connects a client; returns both ends of its connection. */
async function pair(): Promise<{ client: TestPeer; server: TestPeer; socket: object } & Disposable> {
  const upstream = listenPeers();
  const client = await connectPeer(upstream.port);
  const server = await upstream.peer();
  return { client, server, socket: server.socket, [Symbol.dispose]: () => upstream[Symbol.dispose]() };
}

/** Sends to a peer that does not read until the kernel accepts no more; returns what the peer reads first. */
async function firstReading({ client, server }: { client: TestPeer; server: TestPeer }): Promise<number> {
  server.pause();
  const { length } = server;
  client.send(Buffer.alloc(16 << 20));
  await until(() => client.unsent > 0, "a full buffer");
  await Bun.sleep(0);
  server.resume();
  return until(() => server.length - length, "octets");
}

test.skipIf(!isLinux)(
  "a limit bounds what the kernel receives ahead, and its end lets all pass as fast as before",
  async () => {
    using ends = await pair();
    const { segmentBytes, roundTripMs } = streamPeer(ends.socket) ?? {};
    expect(segmentBytes).toBe(65_483); // of the loopback interface
    expect(roundTripMs).toBeWithin(0.001, 1000);
    // A small one, so that the window would stay small if the kernel did not adapt it again.
    expect(limitStreamBuffer(ends.socket, 16_384)).toBe(true);
    expect(await firstReading(ends)).toBeWithin(1, 40_000);
    releaseStreamBuffer(ends.socket);
    await until(() => ends.server.length === 16 << 20, "all octets");
  },
);

test("an object without a file descriptor has no peer and no limit", () => {
  expect(streamPeer({})).toBeUndefined();
  expect(limitStreamBuffer({}, 1000)).toBe(false);
  releaseStreamBuffer({});
});
