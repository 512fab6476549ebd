/** Runs over faults in bursts: the loss pattern and the 95 % intervals of the report. */
import { describe, expect, test } from "bun:test";
import { parseImpairments } from "../../src/faults/text.ts";
import { wilson } from "../../src/load/measure/statistics/estimates.ts";
import { runLoad } from "../../src/load/run.ts";
import { startTestLab } from "../support/lab.ts";
import { balanced } from "./support/sums.ts";

/** A UDP run of 4,000 packets over a lab with these faults. */
async function runOver(impair: string, seed: number, rate = 4000) {
  await using lab = await startTestLab({ impair: parseImpairments(impair), seed });
  const target = `127.0.0.1:${lab.ports.udp}`;
  return balanced(
    await runLoad({ protocol: "udp", target, control: false, rate, count: 4000, timeout: 0.2, seed: 1 }).report,
  );
}

describe("losses in bursts of 5 packets on average, 9 % of all", () => {
  const ratio = 0.02 / 0.22;

  test.each([1, 2, 3])("have a wider interval than independent losses, with seed %p", async (seed) => {
    const { loss, packets } = await runOver("udp:burst=gilbert(0.02,0.2)", seed);
    const independent = wilson(packets.lost, packets.sent);
    const { low, high, bursts, gilbert } = loss;
    if (low === null || high === null || gilbert === null) throw new Error(`no interval: ${loss.reason}`);
    expect(high - low).toBeGreaterThan(2 * (independent.high - independent.low));
    expect([low < ratio, high > ratio]).toEqual([true, true]);
    expect(loss.effectiveSampleSize).toBeGreaterThan(200);
    expect(loss.effectiveSampleSize).toBeLessThan(1000);
    // About 73 bursts of a geometric length: the standard error of their mean length is about 0.5.
    expect(Math.abs((bursts.mean ?? 0) - 5)).toBeLessThan(2);
    expect(Math.abs(bursts.count - 73)).toBeLessThan(35);
    expect(gilbert.p.low).toBeLessThan(0.02);
    expect(gilbert.p.high).toBeGreaterThan(0.02);
    expect(gilbert.r.low).toBeLessThan(0.2);
    expect(gilbert.r.high).toBeGreaterThan(0.2);
  });
});

test("independent losses have about the interval and the effective sample size of independent packets", async () => {
  const { loss, packets } = await runOver("udp:drop=0.1", 2);
  const independent = wilson(packets.lost, packets.sent);
  expect(loss.low).toBeCloseTo(independent.low, 2);
  expect(loss.high).toBeCloseTo(independent.high, 2);
  expect(loss.effectiveSampleSize).toBeGreaterThan(2800);
  expect(loss.bursts.mean).toBeCloseTo(1 / 0.9, 0);
});

test("a run without losses has no interval, but a limit for independent losses", async () => {
  const { loss } = await runOver("udp:delay=1", 1);
  expect(loss).toMatchObject({ ratio: 0, low: null, high: null, reason: "no losses", gilbert: null });
  expect(loss.highIfIndependent).toBeCloseTo(1 - 0.05 ** (1 / 4000), 9);
});

test("the median of independent delays has an interval that contains the true one, or a reason", async () => {
  // At a rate at which a busy machine is not late for half of the packets: response times contain the lateness.
  const { responseTime, serverTime, scheduleError, receiveDelay } = await runOver("udp:delay=uniform(20,60)", 1, 1000);
  const { p50, intervals, noInterval } = responseTime;
  // Other processes on the machine can delay many packets at once, which is dependence.
  expect(noInterval.p50 === undefined).toBe(intervals.p50 !== undefined);
  // The lab measures its own delays, and the sender its lateness: a busy machine adds to both.
  const truth = serverTime.p50 ?? 0;
  const [low, high] = intervals.p50 ?? [truth, truth];
  const late = (scheduleError.p99 ?? 0) + (receiveDelay.p99 ?? 0);
  expect(truth).toBeGreaterThan(0.039);
  // Delays on the busy machine that last for many packets widen the interval by about as much as they delay.
  expect([low < truth + late + 0.002, (high ?? 1) > truth - 0.001, (high ?? 1) - low < 0.005 + late]).toEqual([
    true,
    true,
    true,
  ]);
  expect(p50).toBeGreaterThan(0.038);
}, 20_000);

test("TCP behind Pareto delays has no intervals, and the reasons are given", async () => {
  await using lab = await startTestLab({ impair: parseImpairments("tcp:delay=pareto(2,1.5)"), seed: 1 });
  const target = `127.0.0.1:${lab.ports.tcp}`;
  const options = { protocol: "tcp", target, control: false, connections: 1, rate: 2000, count: 4000 } as const;
  const { responseTime } = await runLoad({ ...options, seed: 1 }).report;
  expect(responseTime.p50).toBeGreaterThan(0.002);
  expect(responseTime.intervals).toEqual({});
  expect(Object.keys(responseTime.noInterval)).toEqual(["mean", "p50", "p90", "p95", "p99", "p999"]);
});
