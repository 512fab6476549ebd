/** A DNS server behind a UDP relay that loses datagrams: each loss costs the client one retry. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { installed, outcome, relayTo, type Service, startService } from "./support.ts";

setDefaultTimeout(30_000);

const withDns = test.skipIf(!installed({ dnsmasq: "dnsmasq-base", dig: "bind9-dnsutils" }, "DNS behind a relay"));

const ADDRESS = "192.0.2.53";
/** Clients side by side, the names that each asks for one after another, and the tries for each name. */
const [CLIENTS, NAMES, TRIES] = [6, 5, 12] as const;

/** Asks for the addresses of names; a try without an answer takes a second. */
const dig = (port: number, ...names: readonly string[]) =>
  outcome("dig", "@127.0.0.1", "-p", `${port}`, `+tries=${TRIES}`, "+time=1", ...names);

/** Starts a DNS server that knows the names below `test`. */
function startDns(): Promise<Service> {
  const answers = async (port: number) => (await dig(port, "up.test")).out.includes(ADDRESS);
  return startService(
    (port) => [
      ...[
        "dnsmasq",
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--user=",
        "--pid-file=",
      ],
      ...["--listen-address=127.0.0.1", "--bind-interfaces", `--port=${port}`, `--address=/test/${ADDRESS}`],
    ],
    answers,
  );
}

withDns("every query is answered, and the client's retries are the relay's drops", async () => {
  await using dns = await startDns();
  await using relay = await relayTo("udp", dns.port, "drop=0.2/0.2");
  const namesOf = (client: number) => Array.from({ length: NAMES }, (_, index) => `name-${client}-${index}.test`);
  const runs = await Promise.all(Array.from({ length: CLIENTS }, (_, client) => dig(relay.port, ...namesOf(client))));
  const printed = runs.map(({ out }) => out).join("\n");
  const answered = [...printed.matchAll(/^(name-\d-\d\.test)\.\s.*\sA\s+192\.0\.2\.53$/gm)].map(([, name]) => name);
  expect(answered.sort()).toEqual(Array.from({ length: CLIENTS }, (_, client) => namesOf(client)).flat());
  const retries = printed.match(/: timed out$/gm)?.length ?? 0;
  const { up, down } = relay.counts;
  expect(up.drops.get("drop")).toBeGreaterThan(0);
  expect(down.drops.get("drop")).toBeGreaterThan(0);
  // A query that is lost has no answer that could be lost too.
  expect(retries).toBe(up.dropped + down.dropped);
  expect(up.packetsIn).toBe(CLIENTS * NAMES + retries);
  expect(down.packetsIn).toBe(up.packetsOut);
  expect(down.packetsOut).toBe(CLIENTS * NAMES);
  expect(relay.isBalanced).toBe(true);
});
