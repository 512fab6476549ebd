/** iperf3 behind relays: what it measures is what their rate and queue make of its traffic. */
import { expect, setDefaultTimeout, test } from "bun:test";
import type { Relay } from "../../../src/relay/relay.ts";
import { freePort } from "../../support/free-port.ts";
import { installed, outcome, relayTo, type Service, startService } from "./support.ts";

setDefaultTimeout(60_000);

const withIperf = test.skipIf(!installed({ iperf3: "iperf3", ss: "iproute2" }, "iperf3 behind a relay"));

/** The parts of iperf3's report that are compared. */
interface Report {
  readonly error?: string;
  readonly intervals: readonly { readonly sum: Sum }[];
  readonly end: Readonly<Record<"sum_sent" | "sum_received", Sum>>;
  /** The server's report, on request. */
  readonly server_output_json?: Pick<Report, "intervals">;
}

interface Sum {
  readonly bits_per_second: number;
  readonly bytes: number;
  readonly packets: number;
  readonly lost_packets: number;
}

/** Starts a server. It serves one test at a time, so that it is not asked whether it answers. */
function startIperf(): Promise<Service> {
  return startService(
    (port) => ["iperf3", "--server", "--json", "--bind", "127.0.0.1", "--port", `${port}`],
    async (port) => (await outcome("ss", "-Hltn", `sport = :${port}`)).out !== "",
  );
}

/** Runs a client; returns its report. */
async function iperf(port: number, ...args: readonly string[]): Promise<Report> {
  const { out } = await outcome("iperf3", "--client", "127.0.0.1", "--port", `${port}`, "--json", ...args);
  const report: Report = JSON.parse(out);
  expect(report.error).toBeUndefined();
  return report;
}

/** Relays of both transports on the same number: iperf3 has its control connection and its datagrams on one port. */
async function relaysTo(port: number, tcp: string, udp: string): Promise<{ tcp: Relay; udp: Relay } & AsyncDisposable> {
  for (;;) {
    const own = freePort();
    const control = await relayTo("tcp", port, tcp, own);
    try {
      const data = await relayTo("udp", port, udp, own);
      const close = async () => void (await Promise.all([control, data].map((relay) => relay[Symbol.asyncDispose]())));
      return { tcp: control, udp: data, [Symbol.asyncDispose]: close };
    } catch {
      await control[Symbol.asyncDispose](); // the port is free on TCP only
    }
  }
}

/** The median of the throughput in the intervals of a report, bit/s. */
function medianRate({ intervals }: Pick<Report, "intervals">): number {
  const rates = intervals.map(({ sum }) => sum.bits_per_second).sort((a, b) => a - b);
  return rates[rates.length >> 1] ?? 0;
}

withIperf.each([
  ["up", "rate=20M/0", "--get-server-output"],
  ["down", "rate=0/20M", "--reverse"],
] as const)("TCP %s: the throughput is the rate within 5 %%", async (direction, faults, option) => {
  await using server = await startIperf();
  await using relay = await relayTo("tcp", server.port, faults);
  const report = await iperf(relay.port, "--time", "3", "--interval", "0.25", option);
  const { bytes, bits_per_second } = report.end.sum_received;
  // The receiver's. A busy machine can stop the relay for a while: that is one interval, and the median is another.
  expect(medianRate(report.server_output_json ?? report)).toBeWithin(19e6, 21e6);
  expect(bits_per_second).toBeWithin(0, 21e6);
  // Besides the measured octets, the relay carries those of the control connection, and what came after the end.
  expect(relay.counts[direction].bytesIn).toBeGreaterThanOrEqual(bytes);
  expect(relay.isBalanced).toBe(true);
});

withIperf("UDP: iperf3 loses as many packets as the relay's queue drops", async () => {
  await using server = await startIperf();
  // The end of the test passes the control connection, so late that the queue is empty before.
  await using relays = await relaysTo(server.port, "delay=500/0", "rate=8M/0,queue=50kB");
  const args = ["--udp", "--bitrate", "10M", "--length", "1000", "--time", "2"];
  const { end } = await iperf(relays.udp.port, ...args);
  const { up } = relays.udp.counts;
  const { packets: sent } = end.sum_sent;
  // The receiver counts gaps: packets lost behind the last one that arrived have none.
  const { packets: latest, lost_packets: gaps } = end.sum_received;
  const delivered = latest - gaps;
  expect(up.packetsIn).toBe(sent + 1); // and the first datagram, which opens the flow
  expect(up.dropped).toBe(up.drops.get("queue-full"));
  expect(up.dropped).toBe(sent - delivered);
  expect(delivered * 8000).toBeWithin(8e6 * 2 * 0.95, 8e6 * 2 * 1.05);
  expect(up.dropped / sent).toBeWithin(0.15, 0.25);
  // A full queue of 50 kB takes 50 ms at this rate: that is the delay of most packets.
  expect(up.added.sum / up.added.count).toBeWithin(0.04, 0.06);
});
