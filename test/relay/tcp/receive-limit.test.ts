/** How much a source with a rate may have in the kernel, and what then waits in a relay. */
import { expect, test } from "bun:test";
import type { Relay } from "../../../src/relay/relay.ts";
import { ReceiveLimit, receiveLimit } from "../../../src/relay/tcp/receive-limit.ts";
import { until } from "../../support/until.ts";
import { connectPeer, listenPeers, octets, openTestRelay, tcpFaults } from "../support/tcp.ts";

const ETHERNET = { segmentBytes: 1448, roundTripMs: 0.1 };
const LOOPBACK = { segmentBytes: 65_483, roundTripMs: 0.02 };

test.each([
  ["a quarter of the queue", { queueBytes: 400_000, rate: 8e6 }, ETHERNET, 100_000],
  ["what leaves in 10 ms and two round trips", { queueBytes: 20_000, rate: 80e6 }, ETHERNET, 102_000],
  [
    "what leaves in the round trips of a distant client",
    { queueBytes: 20_000, rate: 80e6 },
    { segmentBytes: 1448, roundTripMs: 45 },
    1e6,
  ],
  ["twelve segments, four and what the kernel adds to them", { queueBytes: 20_000, rate: 1e6 }, ETHERNET, 17_376],
  ["at most 32 KiB for them", { queueBytes: 20_000, rate: 1e6 }, { segmentBytes: 8948, roundTripMs: 0.1 }, 32_768],
  ["two segments of the loopback interface", { queueBytes: 64_000, rate: 1e6 }, LOOPBACK, 130_966],
])("a source may have in the kernel: %s", (_, share, peer, bytes) => {
  expect(receiveLimit(share, peer)).toBeCloseTo(bytes, 3);
});

test("a source without a rate has no limit, and needs no socket for it", () => {
  const limit = new ReceiveLimit();
  limit.set({}, undefined);
  expect(limit.bytes).toBe(0);
});

test("where the kernel cannot limit it, a reading has as much as the runtime reads", () => {
  const limit = new ReceiveLimit();
  limit.set({}, { queueBytes: 64_000, rate: 1e6 });
  expect(limit.bytes).toBe(512 * 1024);
});

/** The most that waits in a direction until `bytes` octets have left it. */
async function mostWaiting({ counts: { up } }: Relay, bytes: number): Promise<number> {
  const end = up.bytesOut + bytes;
  let most = 0;
  await until(() => {
    most = Math.max(most, up.waitingBytes);
    return up.bytesOut >= end;
  }, `${bytes} octets`);
  return most;
}

test.skipIf(process.platform !== "linux")(
  "a queue bounds what waits: of connections that were open before, and of later ones",
  async () => {
    using upstream = listenPeers();
    await using relay = await openTestRelay(upstream.port);
    using before = await connectPeer(relay.port);
    for (const faults of ["rate=40M/0,queue=64kB", "rate=30M/0,queue=64kB"]) {
      relay.setFaults(tcpFaults(faults));
      using client = faults === "rate=30M/0,queue=64kB" ? await connectPeer(relay.port) : before;
      client.send(octets(1 << 20));
      // Half of the queue, and what two segments of the loopback interface can be; without a limit 512 KiB are read at once.
      expect(await mostWaiting(relay, 500_000)).toBeLessThan(32_000 + 2 * 65_483 + 65_483);
      relay.setFaults(tcpFaults("none"));
      await until(() => upstream.peers.at(-1)?.length === 1 << 20, "all octets");
    }
  },
);

test("without its rate a connection is as fast as before", async () => {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port, { faults: "rate=40M/0,queue=10kB" });
  using client = await connectPeer(relay.port);
  const server = await upstream.peer();
  client.send(Buffer.alloc(32 << 20));
  await until(() => server.length > 200_000, "octets at the rate");
  relay.setFaults(tcpFaults("none"));
  const startedAt = performance.now();
  await until(() => server.length === 32 << 20, "all octets");
  // A fraction of what the loopback interface passes; a window that stays small passes some Mbit/s.
  expect(performance.now() - startedAt).toBeLessThan(1000);
});
