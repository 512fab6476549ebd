/** The readings of the relay of a run, some of which have no response. */
import { expect, test } from "bun:test";
import { systemClock } from "../../../../src/base/clock.ts";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import type { RelayReading, WayReading } from "../../../../src/load/measure/relays/reading.ts";
import { planRun } from "../../../../src/load/plan/run-plan.ts";
import { RunRelay } from "../../../../src/load/send/relays/run-relay.ts";
import { RELAY_AMOUNTS, type RelayAmount } from "../../../../src/metrics/relay-counters.ts";

function readingOf(instance: string): RelayReading {
  const totals = Object.fromEntries(RELAY_AMOUNTS.map((name) => [name, 0])) as Record<RelayAmount, number>; // of all names
  const way: WayReading = { totals, drops: {}, dropBytes: {}, effects: {}, added: { sum: 0, count: 0 } };
  return { instance, faults: "none", faultChanges: 0, upstreamErrors: {}, up: way, down: way };
}

const [ONE, OTHER] = [readingOf("one"), readingOf("other")];

test.each([
  ["with every response", [ONE, ONE, ONE], undefined],
  ["without one before the first packet", [ONE, undefined, ONE], "the relay did not respond before the first packet"],
  ["without one at the end", [ONE, ONE, undefined, undefined], "the relay did not respond at the end of the run"],
  ["of two relays", [ONE, ONE, OTHER], "the relay was made again during the run"],
])("%s", async (_, readings, reason) => {
  const waiting = [...readings];
  const read = async () => waiting.shift();
  const path = { name: "slow", transport: "udp", address: "127.0.0.1", port: 9, read, close: async () => {} } as const;
  const end = { hostname: "127.0.0.1", address: "127.0.0.1", port: 9, sameHost: true };
  const relay = await RunRelay.open(planRun({ protocol: "udp", via: "none" }), end, async () => path);
  await relay?.start(systemClock(), () => false);
  await relay?.end();
  const result = relay?.result(new Recorder());
  expect([result?.reason, result?.gain === undefined]).toEqual([reason, reason !== undefined]);
});
