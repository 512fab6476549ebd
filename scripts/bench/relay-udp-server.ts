/** A UDP relay to a port of this host: bun relay-udp-server.ts PORT [FAULTS]. Prints the port on which it listens. */
import { systemClock } from "../../src/base/clock.ts";
import { parseLinkFaults } from "../../src/faults/link-text.ts";
import { Relay } from "../../src/relay/relay.ts";

const [upstreamPort, faults = "none"] = process.argv.slice(2);
const host = "127.0.0.1";
const route = {
  name: "bench",
  protocol: "udp",
  listen: { host, port: 0 },
  upstream: { host, port: Number(upstreamPort) },
} as const;
const relay = await Relay.open(route, { clock: systemClock(), seed: 1 });
if (faults !== "none") relay.setFaults(parseLinkFaults("udp", faults));
console.log(relay.port);
