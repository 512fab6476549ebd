/** Percentiles over all packets sent: those without a valid answer within the timeout are infinitely slow (RFC 7679). */
import { describe, expect, test } from "bun:test";
import { parseImpairments } from "../../src/faults/text.ts";
import { renderReport } from "../../src/load/report/text/text.ts";
import { runLoad } from "../../src/load/run.ts";
import { startTestLab } from "../support/lab.ts";
import { unwrapped } from "./support/reports.ts";
import { balanced } from "./support/sums.ts";
import { udpTarget } from "./support/targets.ts";

/** A run of 200 packets with a timeout of 300 ms over a target that treats each arrival by its number. */
async function runWith(behaviour: Parameters<typeof udpTarget>[1]) {
  await using target = await udpTarget("stateful", behaviour);
  const options = { protocol: "udp", target: `127.0.0.1:${target.port}`, control: false, seed: 1 } as const;
  const objectives = ["p50<50ms", "p99<50ms"];
  return balanced(await runLoad({ ...options, rate: 500, count: 500, timeout: 0.3, wait: 3, objectives }).report);
}

/** 40 % of the arrivals. */
function isFast(arrival: number): boolean {
  return arrival % 5 < 2;
}

describe("a target that answers 40 % at once", () => {
  test.concurrent.each([
    ["and loses the others", { dropUp: (arrival: number) => !isFast(arrival) }],
    ["and answers the others after the timeout", { delayMs: (arrival: number) => (isFast(arrival) ? 0 : 700) }],
  ])("%s has a median over the timeout", async (_, behaviour) => {
    const report = await runWith(behaviour);
    expect(report.responseTime).toMatchObject({
      count: 200,
      packets: 500,
      p50: null,
      p90: null,
      p99: null,
      p999: null,
    });
    expect(report.responseTime.over).toEqual({ p50: 0.3, p90: 0.3, p95: 0.3, p99: 0.3 });
    expect(report.serviceTime.over).toEqual(report.responseTime.over);
    expect(report.serviceTime.max).toBeLessThan(0.3);
    expect(report.objectives.map(({ met, value, over }) => [met, value, over])).toEqual([
      [false, null, 0.3],
      [false, null, 0.3],
    ]);
    const text = renderReport([report]);
    expect(text).toMatch(/^ +min +mean +p50 +p90 +p95 +p99 +p99\.9 +max$/m);
    expect(text).toMatch(/^response +[\d.]+ µs +[\d.]+ [mµ]s( +> 300 ms){4} +– +[\d.]+ ms$/m);
    expect(unwrapped(text)).toContain("percentiles of response and service are of all packets sent");
    expect(unwrapped(text)).toContain("objective p50<50ms: MISSED: > 300 ms (over the timeout: 300 of 500 packets ");
  });
});

test.concurrent("a median of 700 ms is not hidden by a timeout of 300 ms", async () => {
  const { responseTime, packets } = await runWith({ delayMs: (arrival) => (isFast(arrival) ? 5 : 700) });
  expect(packets).toMatchObject({ answered: 200, late: 300 });
  expect([responseTime.p50, responseTime.over.p50]).toEqual([null, 0.3]);
});

test.concurrent("the percentiles below the unanswered packets are those of all packets", async () => {
  await using lab = await startTestLab({ impair: parseImpairments("udp:drop=0.2"), seed: 1 });
  const target = `127.0.0.1:${lab.ports.udp}`;
  const run = runLoad({ protocol: "udp", target, control: false, rate: 2000, count: 2000, timeout: 0.3, seed: 1 });
  const { responseTime, packets } = await run.report;
  const { response } = run.measured.recorder();
  expect(responseTime).toMatchObject({
    count: packets.answered,
    packets: 2000,
    p90: null,
    over: { p90: 0.3, p99: 0.3 },
  });
  // The median of all packets is above that of the answered ones, at rank 1,000 of 2,000.
  expect(Math.abs((responseTime.p50 ?? 0) / (response.atRank(1000) ?? 0) - 1)).toBeLessThan(0.002);
});

test
  .if(process.platform === "linux")
  .concurrent("answers from another address are lost downstream, and the reason names it", async () => {
    await using lab = await startTestLab({ host: "0.0.0.0" });
    const target = { target: `127.0.0.5:${lab.ports.udp}`, control: `127.0.0.1:${lab.ports.http}` };
    const run = runLoad({ protocol: "udp", ...target, rate: 200, count: 20, timeout: 0.3 });
    const { packets, verdict } = balanced(await run.report);
    expect(packets).toMatchObject({ answered: 0, lostDown: 20, droppedDown: 0 });
    expect(verdict.reasons[0]).toBe(
      `127.0.0.5:${lab.ports.udp} has answered, but no answer arrived: the way back loses all, or a target on 0.0.0.0 or [::] answers from another of its addresses; --host 127.0.0.5 of a lab prevents that`,
    );
  });
