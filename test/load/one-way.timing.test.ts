/** Whole runs against reflectors with clocks of their own. */
import { describe, expect, test } from "bun:test";
import { CLASSICS, type Protocol, REGISTRY } from "../../src/base/protocol.ts";
import { renderReport } from "../../src/load/report/text/text.ts";
import { runLoad } from "../../src/load/run.ts";
import { readTimestamp, writeTimestamp } from "../../src/stamp/packet.ts";
import { startLabProcess } from "../servers/support/lab-process.ts";
import { until } from "../support/until.ts";
import { udpTarget } from "./support/targets.ts";

const common = { protocol: "udp", control: false, rate: 1000, count: 400, timeout: 0.4, seed: 7 } as const;

/** The report of a run against a reflector whose clock differs from this machine's by `offsetMs` at the n-th answer. */
async function runAgainst(offsetMs: (arrival: number) => number) {
  await using target = await udpTarget("stateful", {
    modify(arrival, answer) {
      for (const at of [4, 16]) writeTimestamp(answer, at, readTimestamp(answer, at) + offsetMs(arrival));
    },
  });
  return await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report;
}

test("one clock is comparable", async () => {
  const { oneWay, clockSteps, reflectorClock, jitter } = await runAgainst(() => 0);
  expect(oneWay.comparable).toBe(true);
  expect(Math.abs(oneWay.clockOffset?.seconds ?? 1)).toBeLessThanOrEqual(oneWay.clockOffset?.error ?? 0);
  expect(Math.abs(oneWay.drift ?? 1)).toBeLessThan(0.05);
  expect(clockSteps).toEqual([]);
  expect(reflectorClock).toEqual({ synchronized: false, format: "ntp", errorSeconds: 1 / 1024 });
  expect(jitter.up?.ipdv.p50).toBeWithin(0, 0.02);
  expect(jitter.down?.rfc3550Mean).toBeGreaterThan(0);
});

describe("another clock on the same host", () => {
  test.each([7200, -7200])(
    "that differs by %d s is not comparable, and the times contain the offset",
    async (offset) => {
      const report = await runAgainst(() => offset * 1000);
      const { oneWay } = report;
      expect(report.packets).toMatchObject({ answered: 400, corrupt: 0 });
      expect(oneWay.comparable).toBe(false);
      expect(oneWay.clockOffset?.seconds).toBeCloseTo(offset, 1);
      expect(oneWay.up.p50).toBeCloseTo(offset, 0);
      expect(oneWay.down.p50).toBeCloseTo(-offset, 0);
      expect(report.jitter.up?.ipdv.p50).toBeWithin(0, 0.02);
      expect(renderReport([report])).toContain("one-way delays: the two clocks differ");
    },
  );

  test("that is set during the run is noticed", async () => {
    const report = await runAgainst((arrival) => (arrival < 200 ? 0 : 5000));
    expect(report.packets).toMatchObject({ answered: 400, corrupt: 0 });
    expect(report.oneWay.comparable).toBe(false);
    expect(report.clockSteps.map(({ side, seconds }) => [side, Math.round(seconds)])).toEqual([["reflector", 5]]);
    expect(report.jitter.up?.ipdv.max).toBeLessThan(4);
    expect(renderReport([report])).toMatch(/clock: the reflector's was set by (4\.9\d*|5(\.0\d*)?) s after /);
  });
});

test("a delay that varies downstream appears in the downstream jitter alone", async () => {
  await using target = await udpTarget("stateful", {
    // Every second T3 is 50 ms early, as if the way back took 50 ms more.
    modify: (arrival, answer) => writeTimestamp(answer, 4, readTimestamp(answer, 4) - (arrival % 2) * 50),
    delayMs: () => 60,
  });
  const { jitter } = await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report;
  expect(jitter.down?.ipdv.p50).toBeWithin(0.03, 0.1);
  expect(jitter.down?.ipdv.min).toBeLessThan(-0.03);
  expect(jitter.up?.ipdv.p50).toBeLessThan(0.03);
});

test("a lab's delay upstream is in the delays of that direction alone", async () => {
  const delay = { up: { kind: "uniform", minMs: 40, maxMs: 60 } } as const;
  await using lab = await startLabProcess({ impair: { udp: { delay } } });
  const { oneWay, serverTime, packets } = await runLoad({ ...common, target: `127.0.0.1:${lab.ports.udp}` }).report;
  expect(packets).toMatchObject({ answered: 400, corrupt: 0 });
  // On a busy machine every time can be longer, but not the shortest of 400.
  expect(oneWay.up.min).toBeWithin(0.0399, 0.06);
  expect(oneWay.down.min).toBeLessThan(0.02);
  expect(serverTime.min).toBeLessThan(0.02);
});

test("an echo server has neither clocks nor jitter by direction", async () => {
  await using target = await udpTarget("echo");
  const { oneWay, jitter, reflectorClock } = await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report;
  expect([oneWay.clockOffset, oneWay.drift, oneWay.comparable, reflectorClock]).toEqual([null, null, false, null]);
  expect([jitter.up, jitter.down]).toEqual([null, null]);
  expect(jitter.rfc3550Mean).toBeGreaterThan(0);
});

describe.if(process.platform === "linux")("a client that stalls for 50 ms once", () => {
  const modes = (protocol: Protocol) => (REGISTRY[protocol].stamp ? (["stamp", "plain"] as const) : [undefined]);
  const cases = CLASSICS.flatMap((protocol) =>
    modes(protocol).map((mode) => ({ what: mode === undefined ? protocol : `${protocol}, ${mode}`, protocol, mode })),
  );
  test.each(cases)("$what: the verdict names the late reading of the answers", async ({ protocol, mode }) => {
    await using lab = await startLabProcess({ impair: { [protocol]: { delay: { kind: "fixed", ms: 20 } } } });
    const target = `127.0.0.1:${lab.ports[protocol]}`;
    const run = runLoad({
      protocol,
      target,
      ...(mode && { mode }),
      control: false,
      rate: 1000,
      count: 600,
      timeout: 1,
      connections: 200,
    });
    await until(() => run.measured.recorder().counts.answered >= 200, "200 answers");
    const end = performance.now() + 50;
    while (performance.now() < end) {
      // About 20 answers arrive and are not read.
    }
    const { receiveDelay, verdict, packets } = await run.report;
    expect(run.measured.recorder().receiveDelay.count).toBe(packets.answered);
    expect(receiveDelay.max).toBeGreaterThan(0.025);
    expect(receiveDelay.p99).toBeGreaterThan(0.015);
    expect(verdict.valid).toBe(false);
    expect(verdict.reasons.join("; ")).toMatch(/of reading late (?!0 s)/);
  });
});

test.if(process.platform === "linux")("a receiver that is late is reported, and the run is not valid", async () => {
  await using lab = await startLabProcess({ impair: { udp: { delay: { kind: "fixed", ms: 20 } } } });
  const options = { ...common, rate: 500, count: 600, target: `127.0.0.1:${lab.ports.udp}` };
  const busy = setInterval(() => {
    const until = performance.now() + 40;
    while (performance.now() < until) {
      // The event loop reads nothing meanwhile.
    }
  }, 80);
  const { receiveDelay, verdict } = await runLoad(options).report;
  clearInterval(busy);
  expect(receiveDelay.max).toBeGreaterThan(0.02);
  expect(receiveDelay.p99).toBeGreaterThan(0.01);
  expect(verdict.valid).toBe(false);
  expect(verdict.reasons.join()).toMatch(/delays of this load generator/);
});
