/**
 * A program: UDP relays to ports of this host, which are its arguments. Sends the ports on which they listen as a message, and
 * the state of each for each message that it gets.
 */
import { systemClock } from "../../../src/base/clock.ts";
import { Relay } from "../../../src/relay/relay.ts";

/** The state of a relay. */
export interface RelayState {
  readonly flows: number;
  readonly overflows: number;
  readonly packetsIn: number;
  /** Flows for which no descriptor was left. */
  readonly limitErrors: number;
  readonly isBalanced: boolean;
}

const host = "127.0.0.1";
const relays = await Promise.all(
  process.argv.slice(2).map((port, i) => {
    const route = { name: `r${i}`, protocol: "udp", listen: { host, port: 0 }, upstream: { host, port: Number(port) } };
    return Relay.open({ ...route, protocol: "udp" }, { clock: systemClock(), seed: 1 });
  }),
);
process.on("message", () => {
  process.send?.(
    relays.map(
      ({ open, counts, upstreamErrors, isBalanced }): RelayState => ({
        flows: open.size,
        overflows: open.overflows,
        packetsIn: counts.up.packetsIn,
        limitErrors: upstreamErrors.get("limit"),
        isBalanced,
      }),
    ),
  );
});
process.send?.(relays.map(({ port }) => port));
