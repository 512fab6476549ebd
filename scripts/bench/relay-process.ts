/** A relay without faults unless they are given: bun relay-process.ts PROTOCOL PORT [FAULTS]. Prints its port. */
import { systemClock } from "../../src/base/clock.ts";
import { TRANSPORTS } from "../../src/faults/link-faults.ts";
import { parseLinkFaults } from "../../src/faults/link-text.ts";
import { Relay } from "../../src/relay/relay.ts";

const [name = "tcp", port, faults = "none"] = process.argv.slice(2);
const protocol = TRANSPORTS.find((transport) => transport === name) ?? "tcp";
const host = "127.0.0.1";
const relay = await Relay.open(
  { name: "bench", protocol, listen: { host, port: 0 }, upstream: { host, port: Number(port) } },
  { clock: systemClock(), seed: 1 },
);
relay.setFaults(parseLinkFaults(protocol, faults));
console.log(relay.port);
