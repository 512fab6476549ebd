/**
 * Send times on the wire: what the kernel of the receiver saw, compared with the plan and with the reported schedule
 * error. Nothing here depends on how busy the machine is: a sender that is late has to report that it is.
 */
import { describe, expect, test } from "bun:test";
import { CLASSICS } from "../../src/base/protocol.ts";
import type { Histogram } from "../../src/load/measure/histograms/histogram.ts";
import { type Arrival, type Stage, startSchedule } from "../../src/load/plan/schedule.ts";
import { runLoad } from "../../src/load/run.ts";
import { startLabProcess } from "../servers/support/lab-process.ts";
import { until } from "../support/until.ts";

const RECEIVER = new URL("../support/udp_times.py", import.meta.url).pathname;
const CAN_CAPTURE = process.platform === "linux" && Bun.which("python3") !== null;
/**
 * Longest time from the reading of the send time to the kernel's receive time on loopback, s, and the share of packets
 * that may exceed it: on a busy machine the kernel defers some of its work.
 */
const LONGEST_CALL = 0.001;
const LONGER_CALLS = 0.05;

/** Sends by a plan; returns the planned, sent and received times of all packets in s, and the measurements of the run. */
async function capture(plan: { arrival: Arrival; stages: readonly Stage[]; seed: number }) {
  const all = plannedTimes(plan);
  const child = Bun.spawn(["python3", RECEIVER, `${all.length}`], { stdout: "pipe" });
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: port = "" } = await output.read();
  const run = runLoad({ protocol: "udp", target: `127.0.0.1:${port.trim()}`, control: false, timeout: 1, ...plan });
  const { packets } = await run.report;
  // A machine that stops the sender at the end of the plan makes it leave out the last packets.
  const planned = all.slice(0, packets.sent);
  let text = "";
  for (let part = await output.read(); !part.done; part = await output.read()) text += part.value;
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  expect(rows).toHaveLength(planned.length);
  const { scheduleError, handOver } = run.measured.recorder();
  return { planned, received: column(rows, 0), sent: column(rows, 1), scheduleError, handOver };
}

function plannedTimes(plan: { arrival: Arrival; stages: readonly Stage[]; seed: number }): number[] {
  const schedule = startSchedule(plan);
  const times: number[] = [];
  for (let time = schedule.next(); time !== undefined; time = schedule.next()) times.push(time);
  return times;
}

function column(rows: readonly (readonly number[])[], index: number): number[] {
  return rows.map((row) => row[index] ?? Number.NaN);
}

/** The deviations of `times` from the plan in rising order, moved so that the least one is `least`. */
function deviations(times: readonly number[], planned: readonly number[], least: number): number[] {
  const all = times.map((time, index) => time - (planned[index] ?? 0)).sort((a, b) => a - b);
  const shift = least - (all[0] ?? 0);
  return all.map((deviation) => deviation + shift);
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-9) - 1)] ?? Number.NaN;
}

/** The Kolmogorov-Smirnov distance of the gaps between `times` from the exponential distribution of a rate. */
function distance(times: readonly number[], rate: number): number {
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  gaps.sort((a, b) => a - b);
  const below = (gap: number) => 1 - Math.exp(-rate * Math.max(0, gap));
  return gaps.reduce((most, gap, index) => {
    const [low, high] = [index / gaps.length, (index + 1) / gaps.length];
    return Math.max(most, Math.abs(below(gap) - low), Math.abs(below(gap) - high));
  }, 0);
}

/**
 * By how much late packets can change that distance at most, by the reported schedule errors: a gap changes by more than
 * `by` only if one of its two packets was later than that.
 */
function explained(errors: Histogram, rate: number): number {
  const limits = [0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01];
  const within = errors.countsUpTo(limits);
  return Math.min(...limits.map((by, i) => rate * by + 2 * (1 - (within[i] ?? 0) / errors.count)));
}

/** The same of the time in the kernel, from the reading of the send time to the receive time. */
function inKernel(calls: readonly number[], rate: number): number {
  const by = 0.00005;
  return rate * by + (2 * calls.filter((call) => call > (calls[0] ?? 0) + by).length) / calls.length;
}

const poisson = (rate: number, seconds: number, seed: number) =>
  ({ arrival: "poisson", stages: [{ from: rate, to: rate, seconds }], seed }) as const;
const CASES = [
  { what: "Poisson arrivals at 500/s", plan: poisson(500, 3, 3) },
  { what: "Poisson arrivals at 2,000/s", plan: poisson(2000, 1.5, 1) },
  { what: "a constant rate", plan: { arrival: "constant", stages: [{ from: 1000, to: 1000, seconds: 1 }], seed: 1 } },
  { what: "a ramp", plan: { arrival: "constant", stages: [{ from: 0, to: 4000, seconds: 1 }], seed: 1 } },
] as const;

test.if(CAN_CAPTURE).each(CASES)("$what: the wire is late by what the report says", async ({ plan }) => {
  const { planned, received, sent, scheduleError, handOver } = await capture(plan);
  const calls = received.map((time, index) => time - (sent[index] ?? 0)).sort((a, b) => a - b);
  expect(quantile(calls, 1 - LONGER_CALLS)).toBeLessThan(LONGEST_CALL);
  const least = scheduleError.min ?? Number.NaN;
  expect(scheduleError.count).toBe(planned.length);
  const bySendTime = deviations(sent, planned, least);
  const onWire = deviations(received, planned, least);
  for (const q of [0.5, 0.9, 0.99, 1]) {
    // The histogram has 3 digits; both clocks of this process are compared once a second.
    const reported = scheduleError.quantile(q) ?? Number.NaN;
    expect(Math.abs(quantile(bySendTime, q) - reported)).toBeLessThan(0.00002 + reported / 500);
    expect(quantile(onWire, q)).toBeGreaterThan(reported - 0.0001 - reported / 500);
    const latest = scheduleError.quantile(Math.min(1, q + LONGER_CALLS)) ?? Number.NaN;
    if (q < 1) expect(quantile(onWire, q)).toBeLessThan(latest * 1.002 + LONGEST_CALL);
  }
  expect(handOver.largestBurst).toBeGreaterThan(0);
  if (plan.arrival !== "poisson") return;
  const { from: rate } = plan.stages[0];
  const critical = 1.63 / Math.sqrt(planned.length); // 1 % level
  expect(distance(planned, rate)).toBeLessThan(critical);
  expect(distance(received, rate)).toBeLessThan(
    Math.max(critical, distance(planned, rate) + explained(scheduleError, rate) + inKernel(calls, rate)),
  );
});

describe("a process that stalls for 30 ms", () => {
  const STALL_MS = 30;
  const RATE = 1000;

  test.each(CLASSICS)("%s: the schedule error has the whole delay of all packets that were due", async (protocol) => {
    await using lab = await startLabProcess();
    const target = `127.0.0.1:${lab.ports[protocol]}`;
    const run = runLoad({ protocol, target, control: false, rate: RATE, count: 600, timeout: 1 });
    const { scheduleError, handOver, counts } = await stallDuring(run);
    await run.report;
    expect(scheduleError.count).toBe(counts.sent);
    expect(scheduleError.max).toBeGreaterThan((STALL_MS - 1.5) / 1000);
    // The n-th packet that was due in the stall left when it was over: at least STALL_MS - n ms late.
    for (const ms of [2, 5, 10, 20, 25]) {
      const [within = 0] = scheduleError.countsUpTo([ms / 1000]);
      expect(counts.sent - within).toBeGreaterThanOrEqual(STALL_MS - ms - 2);
    }
    expect(handOver.bunched).toBeGreaterThanOrEqual(STALL_MS - 3);
    expect(handOver.largestBurst).toBeGreaterThanOrEqual(STALL_MS - 2);
  });

  /** Blocks this process once the run has sent 100 packets. */
  async function stallDuring(run: ReturnType<typeof runLoad>) {
    const recorder = await until(() => {
      const present = run.measured.recorder();
      return present.counts.sent >= 100 && present;
    }, "100 packets");
    const end = performance.now() + STALL_MS;
    while (performance.now() < end) {
      // The event loop does not run meanwhile.
    }
    return recorder;
  }
});
