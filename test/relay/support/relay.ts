/** Relays on free ports, for tests. */
import { connect } from "node:net";
import { systemClock } from "../../../src/base/clock.ts";
import { parseLinkFaults } from "../../../src/faults/link-text.ts";
import { Relay, type RelayContext } from "../../../src/relay/relay.ts";
import type { RelayRoute } from "../../../src/relay/route/route.ts";

/** What a test can choose. */
export interface TestRelay extends Partial<RelayContext> {
  /** Where it listens; 127.0.0.1 by default. */
  readonly host?: string;
  readonly port?: number;
  readonly to?: string;
  /** As text. */
  readonly faults?: string;
}

/** A context with the system's clock and seed 1. */
export function contextOf(given: Partial<RelayContext> = {}): RelayContext {
  return { clock: systemClock(), seed: 1, ...given };
}

/** A route from a free port of 127.0.0.1 to a port of it. */
export function routeTo(protocol: RelayRoute["protocol"], upstreamPort: number, given: TestRelay = {}): RelayRoute {
  const { host = "127.0.0.1", port = 0, to = "127.0.0.1" } = given;
  return { name: "test", protocol, listen: { host, port }, upstream: { host: to, port: upstreamPort } };
}

/** Opens a relay to a port of 127.0.0.1. */
export async function relayTo(
  protocol: RelayRoute["protocol"],
  upstreamPort: number,
  given: TestRelay = {},
): Promise<Relay> {
  const { host: _host, port: _port, to: _to, faults, ...context } = given;
  const relay = await Relay.open(routeTo(protocol, upstreamPort, given), contextOf(context));
  if (faults) relay.setFaults(parseLinkFaults(protocol, faults));
  return relay;
}

/** What a client reads after it has sent `text` and half-closed; "reset" if the connection was reset. */
export function talk(port: number, text: string, host = "127.0.0.1"): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, host, () => socket.end(text));
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("error", () => resolve("reset"));
    socket.on("close", () => resolve(answer));
  });
}
