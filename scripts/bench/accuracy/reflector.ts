/** A minimal foreign reflector of the tests as a process: bun reflector.ts PORT stateful|stateless|echo|by-address. */
import { udpTarget } from "../../../test/load/support/targets.ts";

const [port, kind = ""] = process.argv.slice(2);
const at = { hostname: "0.0.0.0", port: Number(port) };
if (kind === "by-address") await udpTarget("stateful", { keyedByAddress: true }, at);
else if (kind === "stateful" || kind === "stateless" || kind === "echo") await udpTarget(kind, {}, at);
else throw new Error(`no reflector ${kind}`);
