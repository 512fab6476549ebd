/** The help text of the relay command. */
import { PORT_PROTOCOLS, REGISTRY } from "../../base/protocol.ts";
import { LINK_KINDS, nameOf, TRANSPORTS } from "../../faults/link-faults.ts";
import { ROUTE_FORM } from "../route/text.ts";

/** Width of the column of flags. */
const WIDTH = 22;

const row = (left: string, text: string) => `  ${left.padEnd(WIDTH)} ${text}`;

const portRows = PORT_PROTOCOLS.map((protocol) => {
  const { title, port } = REGISTRY[protocol];
  return row(`--${protocol}-port PORT`, `${title} port to listen on (${port}); 0 picks a free one`);
});

const faultRows = TRANSPORTS.map((transport) => row(transport, LINK_KINDS[transport].map(nameOf).join(" ")));

/** The output of `--help`. */
export const HELP = `relay: forwards a TCP or UDP port to a service and back, with faults in both directions

usage: bun scripts/relay.ts --listen PROTOCOL:PORT --to HOST:PORT [flags]
       bun scripts/relay.ts --relay '${ROUTE_FORM}' [flags]
       bun scripts/relay.ts --target LAB [flags]

${row("--listen PROTO:PORT", "tcp or udp, then PORT or ADDRESS:PORT; 127.0.0.1 unless named, 0 picks a free port")}
${row("--to HOST:PORT", "where to forward; a name is looked up once a second")}
${row("--impair FAULTS", "faults of the relay of --listen: drop=0.05/0.05,delay=20")}
${row("--name NAME", "its name (relay), which selects its random numbers")}
${row("--relay RELAY", "another relay; several flags or commas for several")}
${row("--relay-impair FAULTS", "faults by the name of a relay: api:delay=20;db:rate=1M")}
${row("--seed N", "the same seed and the same packets have the same fates (1)")}
${row("--json FILE", "writes the counts at the end; - is standard output")}
${row("-h, --help", "this text")}

in front of a lab that publishes no ports, as in compose.yml:
${row("--target NAME", "name or address of the lab; its relays have the names of the protocols")}
${row("--host ADDRESS", "address to listen on (127.0.0.1, or WIRELAB_HOST)")}
${portRows.join("\n")}

faults: UP/DOWN, up from the client to the service; docs/CONTRACT.md has the values
${faultRows.join("\n")}

Ctrl-C prints what came in, went out and was dropped, and by which fault.

examples:
  bun scripts/relay.ts --listen udp:7443 --to 127.0.0.1:443 --impair 'drop=0.05/0.05,delay=20'
  bun scripts/relay.ts --listen tcp:5433 --to db.example:5432 --impair 'rate=1M/10M,delay=normal(20,5)/normal(20,5)'
  bun scripts/relay.ts --listen tcp:0.0.0.0:8080 --to '[::1]:80' --impair 'stall=0.1@10s,reset=5%@2s' --json counts.json
  bun scripts/relay.ts --relay 'api=tcp:8080>127.0.0.1:80' --relay 'dns=udp:5353>9.9.9.9:53' --relay-impair 'dns:drop=0.3'
  bun scripts/relay.ts --target lab --host 0.0.0.0
`;
