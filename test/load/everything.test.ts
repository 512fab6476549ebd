/**
 * Runs of all protocols at the same time: against a lab with faults, and against one that is killed and started again. The file
 * takes 9 s: it waits for lost packets, and for the start of two processes.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { PORT_PROTOCOLS, PROTOCOLS, type Protocol, REGISTRY } from "../../src/base/protocol.ts";
import { parseImpairments } from "../../src/faults/text.ts";
import { runLoad } from "../../src/load/run.ts";
import { ALL_FREE_PORTS, startTestLab } from "../support/lab.ts";
import { startMain } from "../support/process.ts";
import { scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { balanced } from "./support/sums.ts";

setDefaultTimeout(20_000);

/** By kind; each protocol has those that it accepts. */
const FAULTS: Readonly<Record<string, string>> = {
  drop: "drop=0.1/0.1",
  delay: "delay=uniform(0,20)/uniform(0,20)",
  duplicate: "duplicate=0.05",
  reset: "reset=0.02",
  status: "status=500:0.05",
};
/** Not on a connection that also carries other packets, which would be lost with it. */
const CLOSE = "close=0.03/0.03";
/** Those that count as losses of packets. */
const LOSSES = ["drop", "close", "reset"];

function faultsOf(protocol: Protocol): string {
  const { faults, requests, streams } = REGISTRY[protocol];
  const close = requests && !streams ? [CLOSE] : [];
  return `${protocol}:${[...faults.flatMap((kind) => FAULTS[kind] ?? []), ...close].join(",")}`;
}

/** Flags of a lab that serves all protocols. */
function portFlags(portOf: (protocol: Protocol) => number | undefined): string[] {
  const flags = PORT_PROTOCOLS.flatMap((protocol) => [`--${protocol}-port`, `${portOf(protocol)}`]);
  return [...flags, "--tls", "on"];
}

test("the counts of runs over all protocols at the same time are the lab's own, to the packet", async () => {
  const impair = parseImpairments(PROTOCOLS.map(faultsOf).join(";"));
  await using lab = await startTestLab({ ...ALL_FREE_PORTS, impair, seed: 5 });
  const load = { rate: 200, count: 200, timeout: 4, wait: 4.1, seed: 1, labPorts: lab.ports } as const;
  const runs = PROTOCOLS.map((protocol) => runLoad({ protocol, ...load }));
  const reports = await Promise.all(runs.map((run) => run.report));
  const series = await scrape(lab);
  for (const report of reports) {
    const { protocol, packets, evidence } = balanced(report);
    const { requests, connections } = REGISTRY[protocol];
    const faults = (kinds: readonly string[], labels = {}) =>
      kinds.reduce((sum, kind) => sum + series.sum("wirelab_impairments_total", { protocol, kind, ...labels }), 0);
    const [droppedUp, droppedDown] = [faults(LOSSES, { direction: "up" }), faults(LOSSES, { direction: "down" })];
    // On a machine that has no time for all handshakes, a packet can have had no connection: it has not reached the lab.
    const failed = faults(["status"]) + (report.errors.ETIMEDOUT ?? 0);
    const counts = { sent: 200, droppedUp, droppedDown, failed, late: 0, corrupt: 0 };
    expect({ protocol, evidence: evidence.kind, ...packets }).toMatchObject({ protocol, evidence: "lab", ...counts });
    expect(droppedUp * droppedDown).toBeGreaterThan(0);
    // A connection that is reset takes packets with it that were not read yet, and copies that are still delayed.
    const { lostUp, lostDown } = packets;
    if (requests || !connections) expect([protocol, lostUp, lostDown]).toEqual([protocol, droppedUp, droppedDown]);
    if (requests || !connections) expect(packets.duplicate).toBe(faults(["duplicate"]));
    expect(packets.duplicate).toBeLessThanOrEqual(faults(["duplicate"]));
  }
});

test("runs go on with new connections when the lab was killed and started again, with another certificate", async () => {
  const first = await startMain(portFlags(() => 0));
  const { ports } = first;
  const load = { rate: 100, timeout: 0.5, wait: 0.6, connections: 1, labPorts: ports } as const;
  const runs = PROTOCOLS.map((protocol) => runLoad({ protocol, duration: 20, ...load }));
  const answered = (index: number) => runs[index]?.measured.recorder().counts.answered ?? 0;
  const allAnswered = (more: readonly number[]) =>
    runs.every((_run, index) => answered(index) > (more[index] ?? 0) + 20);
  await until(() => allAnswered([]), "each run has answers");
  process.kill(first.pid, "SIGKILL");
  await first.exited;
  const before = runs.map((_run, index) => answered(index));
  await using _second = await startMain(portFlags((protocol) => ports[protocol]));
  await until(() => allAnswered(before), "each run has answers again", 10_000);
  for (const run of runs) run.stop();
  const reports = (await Promise.all(runs.map((run) => run.report))).map(balanced);
  for (const { protocol, packets, handshakes } of reports) {
    // Nobody has the counts of the lab that was killed: a direction would be a guess.
    expect({ protocol, ...packets }).toMatchObject({ protocol, unexplained: packets.lost, corrupt: 0 });
    // Packets that wait for a connection are answered by the second lab if it starts within the timeout; datagrams never wait.
    if (protocol === "udp") expect(packets.lost + packets.failed).toBeGreaterThan(0);
    const kind = REGISTRY[protocol].secure ? (protocol === "http3" ? "quic" : "tls") : "tcp";
    if (protocol !== "udp") expect(handshakes?.[kind]?.full.count).toBeGreaterThanOrEqual(2);
  }
});
