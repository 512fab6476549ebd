import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Protocol } from "../../src/base/protocol.ts";
import { parseImpairments } from "../../src/faults/text.ts";
import { type Lab, startLab } from "../../src/lab.ts";
import type { LoadOptions } from "../../src/load/plan/options.ts";
import { runLoad } from "../../src/load/run.ts";
import { balanced } from "./support/sums.ts";

/** A lab with these faults on free ports. */
function broken(faults: string, seed = 1): Promise<Lab> {
  return startLab({ httpPort: 0, tcpPort: 0, udpPort: 0, impair: parseImpairments(faults), seed });
}

async function runOn(lab: Lab, protocol: Protocol, options: Partial<LoadOptions> = {}) {
  const run = runLoad({
    protocol,
    target: `127.0.0.1:${lab.ports[protocol]}`,
    control: `127.0.0.1:${lab.ports.http}`,
    rate: 2000,
    count: 500,
    timeout: 0.4,
    seed: 3,
    ...options,
  });
  return balanced(await run.report);
}

/** The number after `series` in the lab's exposition. */
async function metric(lab: Lab, series: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${lab.ports.http}/metrics`)).text();
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

describe("a lab without faults", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await broken("none");
  });
  afterAll(() => lab.stop());

  test.each(["udp", "tcp", "http"] as const)("answers every %s packet", async (protocol) => {
    const report = await runOn(lab, protocol);
    expect(report.packets).toMatchObject({ sent: 500, answered: 500, lost: 0, duplicate: 0, unexplained: 0 });
    expect(report.serverTime.count).toBe(500);
  });

  test.each(["udp", "tcp"] as const)("answers plain %s", async (protocol) => {
    const report = await runOn(lab, protocol, { mode: "plain", count: 100 });
    expect(report.packets).toMatchObject({ sent: 100, answered: 100, lost: 0 });
  });

  test("a warm-up counts neither here nor in the ledger", async () => {
    const report = await runOn(lab, "udp", { warmup: 0.2, count: 200 });
    expect(report.packets).toMatchObject({ planned: 200, sent: 200, answered: 200, lost: 0, unexplained: 0 });
    expect(report.errors).toEqual({});
    expect(report.evidence.kind).toBe("lab");
  });
});

describe("what the lab did to each packet is what the run reports, to the packet", () => {
  test.each([
    ["udp", "udp:drop=0.1/0.15"],
    ["tcp", "tcp:drop=0.1/0.15"],
    ["http", "http:drop=0.1/0.15"],
    ["udp", "udp:drop=0.1/0.1,duplicate=0.2,reorder=0.1,delay=uniform(0,20)"],
    ["udp", "udp:burst=gilbert(0.05,0.3)/gilbert(0.05,0.3)"],
    ["tcp", "tcp:drop=0.05/0.05,delay=uniform(0,20)"],
  ] as const)("%s with %s", async (protocol, faults) => {
    await using lab = await broken(faults, 4);
    const { packets, evidence } = await runOn(lab, protocol, { connections: protocol === "http" ? 64 : 2 });
    expect(packets.lost).toBeGreaterThan(20);
    expect(packets).toMatchObject({
      sent: 500,
      lostUp: packets.droppedUp,
      lostDown: packets.droppedDown,
      unexplained: 0,
      late: 0,
    });
    expect(evidence.kind).toBe(protocol === "http" ? "target" : "lab");
    expect(await metric(lab, `packets_total{protocol="${protocol}"}`)).toBeGreaterThanOrEqual(500);
    if (!faults.includes("duplicate")) {
      expect(await metric(lab, `packets_total{protocol="${protocol}"}`)).toBe(500);
      expect(await metric(lab, `dropped_packets_total{protocol="${protocol}"}`)).toBe(packets.lost);
    }
  });

  test("answers overtake one another on one way, not on many connections", async () => {
    await using lab = await broken("http:delay=uniform(0,20);udp:delay=uniform(0,20)", 4);
    expect((await runOn(lab, "udp")).packets.reordered).toBeGreaterThan(100);
    expect((await runOn(lab, "http", { connections: 64 })).packets.reordered).toBe(0);
  });

  test("two seeds of the lab differ, one repeats", async () => {
    const lost = async (seed: number) => {
      await using lab = await broken("udp:drop=0.2", seed);
      return (await runOn(lab, "udp")).packets.lostUp;
    };
    const [first, again, other] = [await lost(1), await lost(1), await lost(2)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  test("corrupt answers are corrupt, not lost and not answered", async () => {
    await using lab = await broken("udp:corrupt=0.2", 5);
    const { packets } = await runOn(lab, "udp");
    const injected = await metric(lab, 'wirelab_impairments_total{protocol="udp",kind="corrupt",direction="down"}');
    expect(packets.lost).toBe(0);
    expect(injected).toBeGreaterThan(60);
    expect(packets.corrupt).toBe(injected);
  });

  test("connections that are reset lose what was under way, and the run goes on", async () => {
    await using lab = await broken("tcp:reset=0.02", 5);
    const { packets, errors } = await runOn(lab, "tcp", { rate: 500 });
    expect(packets.lost).toBeGreaterThan(0);
    expect(packets.answered).toBeGreaterThan(300);
    expect(Object.values(errors).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  });

  test("a closed loop over a lossy way goes on, and loses count of nothing", async () => {
    await using lab = await broken("udp:drop=0.02/0.02,duplicate=0.1", 7);
    const { packets, evidence } = await runOn(lab, "udp", { rate: "max", count: 3000, timeout: 0.1, inFlight: 32 });
    expect(packets).toMatchObject({ planned: 3000, sent: 3000, unsent: 0, unexplained: 0 });
    expect(packets).toMatchObject({ lostUp: packets.droppedUp, lostDown: packets.droppedDown });
    expect(packets.lost).toBeGreaterThan(50);
    expect(packets.duplicate).toBeGreaterThan(150);
    expect(evidence.kind).toBe("lab");
  });

  test("a lab that has forgotten some of the sessions is no witness", async () => {
    await using lab = await startLab({ httpPort: 0, tcpPort: 0, udpPort: 0, limits: { sessions: 2 } });
    const { packets, evidence } = await runOn(lab, "udp", { connections: 6, count: 60, rate: 1000 });
    expect(packets).toMatchObject({ sent: 60, answered: 60, lost: 0 });
    expect(evidence.kind).not.toBe("lab");
  }, 15_000);

  test("classroom is seen as one packet in five", async () => {
    await using lab = await broken("classroom", 6);
    const { loss } = await runOn(lab, "udp", { count: 2000 });
    expect(loss.low).toBeLessThan(0.2);
    expect(loss.high).toBeGreaterThan(0.2);
  });
});
