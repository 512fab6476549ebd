/** Sockets whose send buffer is full, behind a slow interface: the event loop waits until it is free, and does nothing else. */
import { expect, test } from "bun:test";
import { runInNamespace } from "../../support/namespace.ts";

/** An interface of 4 Mbit/s; nobody receives at its other end. */
const SLOW_INTERFACE = `
  ip link add slow0 type veth peer name slow1
  ip addr add 10.9.0.1/24 dev slow0
  ip link set slow0 up
  ip link set slow1 up
  ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev slow0
  tc qdisc add dev slow0 root tbf rate 4mbit burst 10000 limit 100mb`;

function slowInterfacesRun(): boolean {
  try {
    const { success, stderr } = Bun.spawnSync(["unshare", "--net", "bash", "-ec", SLOW_INTERFACE], { stderr: "pipe" });
    if (!success) console.warn(`SKIPPED: tests with a slow interface: ${stderr.toString().trim()}`);
    return success;
  } catch (error) {
    console.warn(`SKIPPED: tests with a slow interface: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

test.if(slowInterfacesRun())(
  "a full send buffer of an interrupted socket does not occupy the event loop afterwards",
  async () => {
    const script = `${SLOW_INTERFACE}\nexec "$BUN" test/servers/support/full-send-buffer.ts`;
    const { out, status } = await runInNamespace(script);
    expect([status, JSON.parse(out)]).toEqual([
      0,
      [
        { isFilled: true, isHeld: true, isIdle: true },
        { isFilled: true, isHeld: true, isIdle: true },
        { isFilled: true, isHeld: false, isIdle: true },
      ],
    ]);
  },
  20_000,
);
