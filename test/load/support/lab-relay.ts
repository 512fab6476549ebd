/** A relay with the response of a lab's `GET /relays/{name}` in front of it. */

import { formatHostPort } from "../../../src/base/address.ts";
import { systemClock } from "../../../src/base/clock.ts";
import type { Transport } from "../../../src/faults/link-faults.ts";
import { parseLinkFaults } from "../../../src/faults/link-text.ts";
import { readRelayCounts } from "../../../src/relay/own-relay.ts";
import { Relay } from "../../../src/relay/relay.ts";

/** The relay `slow`, and the control address at which its state can be read. */
export interface LabRelay extends AsyncDisposable {
  relay: Relay;
  readonly control: string;
  /** Closes the relay; the control address then has none. */
  end(): Promise<void>;
  /** Closes the relay and opens another one in its place, with counters that begin again. */
  again(): Promise<void>;
}

/** The response of a lab. */
function stateOf(relay: Relay): object {
  const { faults, faultChanges, ...counts } = readRelayCounts(relay);
  const { name, protocol, listen, upstream } = relay.route;
  return {
    ...{ name, protocol, ...counts, faults: { text: faults, changes: faultChanges, seconds: 1 } },
    listen: formatHostPort(listen.host, relay.port),
    upstream: formatHostPort(upstream.host, upstream.port),
  };
}

/** Opens the relay `slow` to a port of this machine with these faults. */
export async function labRelay(protocol: Transport, upstream: number, faults: string): Promise<LabRelay> {
  const open = async (port: number) => {
    const ends = { listen: { host: "127.0.0.1", port }, upstream: { host: "127.0.0.1", port: upstream } };
    const relay = await Relay.open({ name: "slow", protocol, ...ends }, { clock: systemClock(), seed: 5 });
    relay.setFaults(parseLinkFaults(protocol, faults));
    return relay;
  };
  let isOpen = true;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    routes: {
      "/relays": () => Response.json({ relays: isOpen ? [stateOf(own.relay)] : [], limit: 64 }),
      "/relays/slow": () => (isOpen ? Response.json(stateOf(own.relay)) : new Response("", { status: 404 })),
    },
    fetch: () => new Response("", { status: 404 }),
  });
  const own: LabRelay = {
    relay: await open(0),
    control: `127.0.0.1:${server.port}`,
    async end() {
      isOpen = false;
      await own.relay[Symbol.asyncDispose]();
    },
    async again() {
      const { port } = own.relay;
      await own.relay[Symbol.asyncDispose]();
      own.relay = await open(port);
    },
    async [Symbol.asyncDispose]() {
      await own.relay[Symbol.asyncDispose]();
      await server.stop(true);
    },
  };
  return own;
}
