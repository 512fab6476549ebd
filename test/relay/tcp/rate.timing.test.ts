/** The rate that connections share, measured against the clock. */
import { expect, test } from "bun:test";
import { until } from "../../support/until.ts";
import { connectPeer, listenPeers, openTestRelay } from "../support/tcp.ts";

/** Sends on all connections for about `seconds`; returns the octets of each and the bit/s of all. */
async function measureRate(faults: string, bits: number, connections: number, seconds: number) {
  using upstream = listenPeers();
  await using relay = await openTestRelay(upstream.port, { faults });
  const clients = await Promise.all(Array.from({ length: connections }, () => connectPeer(relay.port)));
  await until(() => upstream.peers.length === connections, "all connections");
  const payload = Buffer.alloc(bits / 8);
  for (const client of clients) client.send(payload);
  const lengthsNow = () => upstream.peers.map(({ length }) => length);
  const sum = (lengths: readonly number[]) => lengths.reduce((sum, length) => sum + length, 0);
  await until(() => sum(lengthsNow()) > bits / 80, "the first tenth of a second");
  const [startedAt, before] = [performance.now(), lengthsNow()];
  await until(() => sum(lengthsNow()) > sum(before) + (bits / 8) * seconds, "the octets", 20_000);
  const elapsed = (performance.now() - startedAt) / 1000;
  const lengths = lengthsNow().map((length, n) => length - (before[n] ?? 0));
  for (const peer of [...clients, ...upstream.peers]) peer.reset();
  await until(() => relay.open.size === 0, "no connection");
  expect([relay.isBalanced, relay.counts.up.waitingBytes]).toEqual([true, 0]);
  return { lengths, rate: (sum(lengths) * 8) / elapsed };
}

test.each([
  [1, 20e6],
  [1, 2e6],
  [10, 20e6],
  [100, 80e6],
])("%d connections share the rate %d, exact to 5 %", async (connections, rate) => {
  const { lengths, rate: measured } = await measureRate(`rate=${rate}/0`, rate, connections, 0.8);
  expect(measured / rate).toBeGreaterThan(0.95);
  expect(measured / rate).toBeLessThan(1.05);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / connections;
  expect(Math.min(...lengths) / mean).toBeGreaterThan(0.7);
  expect(Math.max(...lengths) / mean).toBeLessThan(1.3);
});
