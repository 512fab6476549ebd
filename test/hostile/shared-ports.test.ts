/** Clients of a relay whose local address and port a connection of the relay has too, which Linux allows. */
import { expect, test } from "bun:test";
import { runInNamespace } from "../support/namespace.ts";

const NAMESPACE = `ip addr add 10.9.9.9/32 dev lo; echo '40000 40003' > /proc/sys/net/ipv4/ip_local_port_range;`;
const REDIRECT = "iptables -t nat -A OUTPUT -p tcp -d 10.9.9.9 --dport 7000 -j DNAT --to-destination 10.9.9.9:8000;";
const PROGRAM = "$BUN test/hostile/support/shared-ports.ts";

/** Whether a script runs in a network namespace; where it does not, prints why. */
async function runs(script: string): Promise<boolean> {
  const { status } = await runInNamespace(script).catch(() => ({ status: -1 }));
  if (status !== 0) console.warn("SKIPPED: clients with ports of a relay: needs root, iproute2 and iptables on Linux");
  return status === 0;
}

test.if(await runs(NAMESPACE))("are no loop: each is answered", async () => {
  const { out } = await runInNamespace(`${NAMESPACE} ${PROGRAM}`);
  expect(JSON.parse(out)).toEqual({ answers: [1, 1, 1, 1], loops: 0, open: 0 });
});

test.if(await runs(`${NAMESPACE} ${REDIRECT}`))(
  "a loop through a redirected port is cut and counted once",
  async () => {
    const { out } = await runInNamespace(`${NAMESPACE} ${REDIRECT} ${PROGRAM} loop`);
    expect(JSON.parse(out)).toEqual({ answers: ["reset"], loops: 1, open: 0 });
  },
);
