/** Starts a relay in front of the target of a load run, in the process of the run. */
import { systemClock } from "../base/clock.ts";
import { perDirection } from "../faults/faults.ts";
import { printLinkFaults } from "../faults/link-text.ts";
import type { RelayReading, WayReading } from "../load/measure/relays/reading.ts";
import type { OpenRelay } from "../load/send/relays/relay-path.ts";
import { readTally } from "../metrics/delta.ts";
import { RELAY_AMOUNTS } from "../metrics/relay-counters.ts";
import type { DirectionCounts } from "./counts.ts";
import { Relay } from "./relay.ts";

/** Where it listens: only this machine can use it. */
const LOOPBACK = "127.0.0.1";

/** Upper bounds of the added delay: each 5 % above the one before it, from 10 µs to 60 s. */
const DELAY_BOUNDS: readonly number[] = Array.from({ length: 321 }, (_, i) => 10e-6 * 1.05 ** i);

function readWay(counts: DirectionCounts): WayReading {
  const { sum, count, bounds, counts: buckets } = counts.added;
  // Has every amount.
  const totals = Object.fromEntries(RELAY_AMOUNTS.map((name) => [name, counts[name]])) as WayReading["totals"];
  return {
    totals,
    drops: readTally(counts.drops),
    dropBytes: readTally(counts.dropBytes),
    effects: readTally(counts.effects),
    added: { sum, count, bounds, counts: [...buckets] },
  };
}

/** The counters of a relay, as a load run reads them. */
export function readRelayCounts({ counts, faults, faultChanges, upstreamErrors, route }: Relay): RelayReading {
  return {
    ...perDirection((direction) => readWay(counts[direction])),
    faults: printLinkFaults(route.protocol, faults),
    faultChanges,
    upstreamErrors: readTally(upstreamErrors),
  };
}

/** Starts a relay on a free port of the loopback interface. */
export const openOwnRelay: OpenRelay = async ({ transport, host, port, faults, seed }) => {
  const listen = { host: LOOPBACK, port: 0 };
  const route = { name: "via", protocol: transport, listen, upstream: { host, port } };
  const relay = await Relay.open(route, { clock: systemClock(), seed, delayBounds: DELAY_BOUNDS });
  relay.setFaults(faults);
  return {
    name: undefined,
    transport,
    address: LOOPBACK,
    port: relay.port,
    read: async () => readRelayCounts(relay),
    close: () => relay[Symbol.asyncDispose](),
  };
};
