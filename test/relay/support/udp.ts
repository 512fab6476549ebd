/** UDP relays for tests: to an upstream whose address the test can change, with counts to read. */

import { Budget } from "../../../src/base/bounded.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { chance } from "../../../src/faults/decide.ts";
import { DelayQueue } from "../../../src/faults/delay-queue.ts";
import { parseLinkFaults } from "../../../src/faults/link-text.ts";
import { Tally } from "../../../src/metrics/counters.ts";
import { DirectionCounts } from "../../../src/relay/counts.ts";
import { RELAY_LIMITS, type RelayLimits, type RelayParts, UPSTREAM_ERRORS } from "../../../src/relay/relay-port.ts";
import { openUdpRelay } from "../../../src/relay/udp/relay.ts";
import { openUdp, type UdpPeer } from "../../support/udp.ts";

/** An upstream whose address can change; undefined for a name without one. */
export interface TestUpstream {
  address: string | undefined;
  port: number;
}

/** What a test of a relay can choose. */
interface Options {
  readonly host?: string;
  readonly faults?: string;
  readonly limits?: Partial<RelayLimits>;
}

/** Opens a relay on a free port. */
export async function openRelayTo(upstream: TestUpstream, { host = "127.0.0.1", faults = "", ...rest }: Options = {}) {
  const clock = systemClock();
  const limits = { ...RELAY_LIMITS, ...rest.limits };
  const counts = { up: new DirectionCounts(), down: new DirectionCounts() };
  const upstreamErrors = new Tally(UPSTREAM_ERRORS);
  const errors: unknown[] = [];
  const memory = new Budget(limits.delayedBytes);
  const delayQueue = new DelayQueue(limits.delayed, clock, memory);
  const parts: RelayParts = {
    counts,
    upstream: Object.assign(upstream, { addresses: [], [Symbol.dispose]() {} }),
    upstreamErrors,
    clock,
    delayQueue,
    memory,
    limits,
    newChance: () => chance(1, "relay/test"),
    failed: (error) => errors.push(error),
  };
  const relay = await openUdpRelay(parts, host, 0);
  relay.setFaults(parseLinkFaults("udp", faults));
  const close = async () => {
    await relay.close();
    await delayQueue.flush();
  };
  return { relay, port: relay.port, counts, upstreamErrors, errors, close, [Symbol.asyncDispose]: close };
}

/** A relay for tests. */
export type TestRelay = Awaited<ReturnType<typeof openRelayTo>>;

/** An echo server that answers each datagram `copies` times, and counts what it gets. */
export async function openEcho(copies = 1, hostname = "127.0.0.1", port = 0) {
  const peers = new Set<number>();
  const state = { packets: 0, bytes: 0, peers };
  const socket = await Bun.udpSocket({
    hostname,
    port,
    socket: {
      data(socket, data, port, address) {
        state.packets++;
        state.bytes += data.length;
        peers.add(port);
        for (let i = 0; i < copies; i++) socket.send(data, port, address);
      },
      error() {},
    },
  });
  return Object.assign(state, {
    port: socket.port,
    address: hostname,
    upstream: { address: hostname, port: socket.port } as TestUpstream,
    close: () => socket.close(),
    [Symbol.dispose]: () => socket.close(),
  });
}

/** Opens `count` clients, which the returned stack closes. */
export async function openClients(count: number): Promise<{ clients: UdpPeer[]; [Symbol.dispose](): void }> {
  const clients = await Promise.all(Array.from({ length: count }, () => openUdp()));
  return {
    clients,
    [Symbol.dispose]() {
      for (const client of clients) client.close();
    },
  };
}

/** Whether a direction balances, in packets and octets: in + copies = out + dropped + waiting. */
export function isBalanced({ counts }: Pick<TestRelay, "counts">): boolean {
  return [counts.up, counts.down].every(
    (each) =>
      each.packetsIn + each.copies === each.packetsOut + each.dropped + each.waiting &&
      each.bytesIn + each.copiedBytes === each.bytesOut + each.droppedBytes + each.waitingBytes &&
      each.waiting >= 0,
  );
}
