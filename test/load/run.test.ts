/** Whole runs against a lab, whose own account of each packet the report must agree with. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CLASSICS, type Protocol, REGISTRY } from "../../src/base/protocol.ts";
import { parseImpairments } from "../../src/faults/text.ts";
import type { Lab } from "../../src/lab.ts";
import type { LoadOptions } from "../../src/load/plan/options.ts";
import { runLoad } from "../../src/load/run.ts";
import { startTestLab } from "../support/lab.ts";
import { balanced } from "./support/sums.ts";
import { udpTarget } from "./support/targets.ts";

const STAMP_PROTOCOLS = CLASSICS.filter((protocol) => REGISTRY[protocol].stamp);

/** A lab with these faults. */
function startFaultyLab(faults: string, seed = 1): Promise<Lab> {
  return startTestLab({ impair: parseImpairments(faults), seed });
}

async function runOn(lab: Lab, protocol: Protocol, options: Partial<LoadOptions> = {}) {
  const run = runLoad({
    protocol,
    target: `127.0.0.1:${lab.ports[protocol]}`,
    control: `127.0.0.1:${lab.ports.http}`,
    rate: 2000,
    count: 500,
    timeout: 0.8,
    wait: 0.8,
    seed: 3,
    ...options,
  });
  return balanced(await run.report);
}

/** The value of a series in the lab's exposition. */
async function metric(lab: Lab, series: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${lab.ports.http}/metrics`)).text();
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

describe("a lab without faults", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startFaultyLab("none");
  });
  afterAll(() => lab.stop());

  test.each(CLASSICS)("answers every packet of %s", async (protocol) => {
    const report = await runOn(lab, protocol);
    expect(report.packets).toMatchObject({ sent: 500, answered: 500, lost: 0, duplicate: 0, unexplained: 0 });
    const { stamp, urlSchemes } = REGISTRY[protocol]; // STAMP timestamps and Server-Timing report the server time
    expect(report.serverTime.count).toBe(stamp || urlSchemes.length > 0 ? 500 : 0);
  });

  test.each(STAMP_PROTOCOLS)("answers plain text on %s", async (protocol) => {
    const report = await runOn(lab, protocol, { mode: "plain", count: 100 });
    expect(report.packets).toMatchObject({ sent: 100, answered: 100, lost: 0 });
  });

  test("packets of the warm-up are not counted", async () => {
    const report = await runOn(lab, "udp", { warmup: 0.2, count: 200 });
    expect(report.packets).toMatchObject({ planned: 200, sent: 200, answered: 200, lost: 0, unexplained: 0 });
    expect(report.errors).toEqual({});
    expect(report.evidence.kind).toBe("lab");
  });

  test("snapshots have the totals of the run", async () => {
    const run = runLoad({
      protocol: "udp",
      target: `127.0.0.1:${lab.ports.udp}`,
      count: 200,
      rate: 1000,
      interval: 0.05,
    });
    const snapshots = await Array.fromAsync(run);
    expect(snapshots.length).toBeGreaterThanOrEqual(3);
    expect(snapshots.at(-1)).toMatchObject({ planned: 200, sent: 200, answered: 200 });
    expect((await run.report).packets.answered).toBe(200);
    expect(run.measured.recorder().counts.answered).toBe(200);
  });
});

describe("the report agrees with the lab, to the packet", () => {
  test.each([
    ["udp", "udp:drop=0.1/0.15"],
    ["tcp", "tcp:drop=0.1/0.15"],
    ["http", "http:drop=0.1/0.15"],
    ["udp", "udp:drop=0.1/0.1,duplicate=0.2,reorder=0.1,delay=uniform(0,20)"],
    ["udp", "udp:burst=gilbert(0.05,0.3)/gilbert(0.05,0.3)"],
    ["tcp", "tcp:drop=0.05/0.05,delay=uniform(0,20)"],
  ] as const)("%s with %s", async (protocol, faults) => {
    await using lab = await startFaultyLab(faults, 4);
    const { reportsDrops } = REGISTRY[protocol];
    const { packets, evidence } = await runOn(lab, protocol, { connections: reportsDrops ? 64 : 2 });
    expect(packets.lost).toBeGreaterThan(20);
    expect(packets).toMatchObject({
      sent: 500,
      lostUp: packets.droppedUp,
      lostDown: packets.droppedDown,
      unexplained: 0,
      late: 0,
    });
    expect(evidence.kind).toBe(reportsDrops ? "target" : "lab");
    expect(await metric(lab, `packets_total{protocol="${protocol}"}`)).toBeGreaterThanOrEqual(500);
    if (!faults.includes("duplicate")) {
      expect(await metric(lab, `packets_total{protocol="${protocol}"}`)).toBe(500);
      expect(await metric(lab, `dropped_packets_total{protocol="${protocol}"}`)).toBe(packets.lost);
    }
  });

  test("answers are reordered on one path, and not counted as reordered on many connections", async () => {
    await using lab = await startFaultyLab("http:delay=uniform(0,20);udp:delay=uniform(0,20)", 4);
    expect((await runOn(lab, "udp")).packets.reordered).toBeGreaterThan(100);
    expect((await runOn(lab, "http", { connections: 64 })).packets.reordered).toBe(0);
  });

  test("the same seed of the lab repeats the losses, another seed does not", async () => {
    const lost = async (seed: number) => {
      await using lab = await startFaultyLab("udp:drop=0.2", seed);
      return (await runOn(lab, "udp")).packets.lostUp;
    };
    const [first, again, other] = [await lost(1), await lost(1), await lost(2)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  test("corrupt answers are counted as corrupt, neither lost nor answered", async () => {
    await using lab = await startFaultyLab("udp:corrupt=0.2", 5);
    const { packets } = await runOn(lab, "udp");
    const injected = await metric(lab, 'wirelab_impairments_total{protocol="udp",kind="corrupt",direction="down"}');
    expect(packets.lost).toBe(0);
    expect(injected).toBeGreaterThan(60);
    expect(packets.corrupt).toBe(injected);
  });

  test("packets in flight on a reset connection are lost, and the run continues", async () => {
    await using lab = await startFaultyLab("tcp:reset=0.02", 5);
    const { packets, errors } = await runOn(lab, "tcp", { rate: 500 });
    expect(packets.lost).toBeGreaterThan(0);
    expect(packets.answered).toBeGreaterThan(100); // with each reset, more are in flight on a busy machine
    expect(Object.values(errors).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  });

  test("a closed loop continues after losses, and attributes each of them", async () => {
    await using lab = await startFaultyLab("udp:drop=0.02/0.02,duplicate=0.1", 7);
    const { packets, duplicates, evidence } = await runOn(lab, "udp", {
      rate: "max",
      count: 3000,
      timeout: 0.1,
      inFlight: 32,
    });
    expect(packets).toMatchObject({ planned: 3000, sent: 3000, unsent: 0, unexplained: 0 });
    expect(packets).toMatchObject({ lostUp: packets.droppedUp, lostDown: packets.droppedDown });
    expect(packets.lost).toBeGreaterThan(50);
    expect(packets.duplicate).toBeGreaterThan(150);
    expect(duplicates).toEqual({ up: 0, down: packets.duplicate, unexplained: 0 });
    expect(evidence.kind).toBe("lab");
  });

  test("the summary of a lab that evicted some of the sessions is not used", async () => {
    await using lab = await startTestLab({ limits: { sessions: 2 } });
    const { packets, evidence } = await runOn(lab, "udp", { connections: 6, count: 60, rate: 1000 });
    expect(packets).toMatchObject({ sent: 60, answered: 60, lost: 0 });
    expect(evidence.kind).not.toBe("lab");
  }, 15_000);

  test("the interval of the loss contains the probability of the fault", async () => {
    await using lab = await startFaultyLab("classroom", 5);
    const { loss } = await runOn(lab, "udp", { count: 2000 });
    expect(loss.low).toBeLessThan(0.2);
    expect(loss.high).toBeGreaterThan(0.2);
  });
});

test("a run against the STAMP port, where every datagram is a test packet", async () => {
  await using lab = await startTestLab({ stampPort: 0 });
  const options = { target: `127.0.0.1:${lab.ports.stamp}`, size: 44, count: 200 };
  const { packets, evidence } = await runOn(lab, "udp", options);
  expect(packets).toMatchObject({ sent: 200, answered: 200 });
  expect(evidence.kind).toBe("lab");
});

describe.each(CLASSICS)("%s over IPv6", (protocol) => {
  test.each([
    ["by address", "[::1]", {}],
    ["by name", "localhost", { family: 6 }],
  ] as const)("%s", async (_how, host, options) => {
    await using lab = await startTestLab({ host: "::1" });
    const target = `${host}:${lab.ports[protocol]}`;
    const report = await runOn(lab, protocol, { ...options, count: 50, target, control: `[::1]:${lab.ports.http}` });
    expect(report.packets).toMatchObject({ sent: 50, answered: 50 });
    expect(report.address).toBe("::1");
  });
});

test("stop() ends the sending, and the report covers the packets sent so far", async () => {
  await using target = await udpTarget("stateful");
  const run = runLoad({
    protocol: "udp",
    control: false,
    rate: 500,
    duration: 60,
    interval: 0.05,
    target: `127.0.0.1:${target.port}`,
  });
  let snapshots = 0;
  for await (const snapshot of run) {
    if (++snapshots !== 3) continue;
    expect(snapshot.sent).toBeGreaterThan(0);
    run.stop();
  }
  const report = balanced(await run.report);
  expect(report.packets.answered).toBe(report.packets.sent);
  expect(report.durationSeconds).toBeLessThan(30);
});

test("stages are sent as scheduled, and Poisson arrivals by the seed", async () => {
  await using target = await udpTarget("stateful");
  const shared = { protocol: "udp", control: false, timeout: 0.3, target: `127.0.0.1:${target.port}` } as const;
  const stages = [
    { from: 0, to: 1000, seconds: 0.4 },
    { from: 500, to: 500, seconds: 0.2 },
  ];
  const ramp = balanced(await runLoad({ ...shared, stages }).report);
  expect(ramp.packets).toMatchObject({ planned: 300, sent: 300, answered: 300 });
  // The end of the plan, or later if the last packet left later on a busy machine.
  expect(ramp.durationSeconds).toBeGreaterThan(0.6 - 1e-9);
  expect(ramp.durationSeconds).toBeLessThan(0.65 + (ramp.scheduleError.max ?? 0));
  const poisson = async (seed: number) =>
    balanced(await runLoad({ ...shared, rate: 500, arrival: "poisson", duration: 0.5, seed }).report).packets.planned;
  const [first, again, other] = [await poisson(1), await poisson(1), await poisson(2)];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});
