/**
 * Whole runs of the protocols above TCP against a lab, whose own account of each packet the report must agree with. They are
 * sent at the same time, because each waits two seconds for the answers to the packets that the lab drops.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { REGISTRY } from "../../src/base/protocol.ts";
import { parseImpairments } from "../../src/faults/text.ts";
import type { Lab } from "../../src/lab.ts";
import type { LoadOptions } from "../../src/load/plan/options.ts";
import { runLoad } from "../../src/load/run.ts";
import { ALL_FREE_PORTS, startTestLab } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { balanced } from "./support/sums.ts";

const LAYERS = ["tls", "https", "websocket"] as const;
const WITH_STAMP = ["tls", "websocket"] as const;
type Layer = (typeof LAYERS)[number];

const common = { rate: 300, count: 300, connections: 8, timeout: 1, wait: 2, seed: 3 } as const;

/** Runs without options about certificates: the lab's own authority is trusted on its machine. */
async function runOn(lab: Lab, protocol: Layer, options: Partial<LoadOptions> = {}) {
  const target = `127.0.0.1:${lab.ports[protocol]}`;
  const run = runLoad({ protocol, target, control: `127.0.0.1:${lab.ports.http}`, ...common, ...options });
  return { protocol, run, report: balanced(await run.report) };
}

/** Packets of a protocol that the lab has received, and those that its faults have dropped. */
async function counted(lab: Lab, protocol: Layer): Promise<{ readonly received: number; readonly dropped: number }> {
  const series = await scrape(lab);
  return {
    received: series.get("packets_total", { protocol }),
    dropped: series.get("dropped_packets_total", { protocol }),
  };
}

let lab: Lab;
beforeAll(async () => {
  const faults = LAYERS.map((name) => `${name}:drop=0.1/0.05,delay=2ms`).join(";");
  lab = await startTestLab({ ...ALL_FREE_PORTS, impair: parseImpairments(faults), seed: 11 });
});
afterAll(() => lab.stop());

test("drops in both directions are the losses of the runs, to the packet", async () => {
  for (const { protocol, report } of await Promise.all(LAYERS.map((name) => runOn(lab, name)))) {
    const { packets, evidence } = report;
    expect(packets).toMatchObject({
      sent: 300,
      lostUp: packets.droppedUp,
      lostDown: packets.droppedDown,
      unexplained: 0,
    });
    expect(packets.droppedUp).toBeGreaterThan(10);
    expect(packets.droppedDown).toBeGreaterThan(3);
    expect(evidence.kind).toBe(REGISTRY[protocol].stamp ? "lab" : "target");
    expect(await counted(lab, protocol)).toEqual({ received: 300, dropped: packets.lost });
  }
});

test("plain text: the packets that the lab dropped are lost", async () => {
  const before = await Promise.all(WITH_STAMP.map((protocol) => counted(lab, protocol)));
  const options = { mode: "plain", count: 100, connections: 64 } as const;
  const runs = await Promise.all(WITH_STAMP.map((protocol) => runOn(lab, protocol, options)));
  for (const [index, { protocol, report }] of runs.entries()) {
    const { received = 0, dropped = 0 } = before[index] ?? {};
    expect(report.packets).toMatchObject({ sent: 100, answered: 100 - report.packets.lost });
    expect(report.packets.lost).toBeGreaterThan(3);
    const expected = { received: received + 100, dropped: dropped + report.packets.lost };
    expect(await counted(lab, protocol)).toEqual(expected);
  }
});

test("copies of WebSocket messages are duplicates, each with its direction", async () => {
  const impair = parseImpairments("websocket:duplicate=0.2,drop=0.05/0.05,delay=uniform(0,5)");
  await using copying = await startTestLab({ impair, seed: 2 });
  const { packets, duplicates } = (await runOn(copying, "websocket")).report;
  const series = await scrape(copying);
  const made = series.sum("wirelab_impairments_total", { protocol: "websocket", kind: "duplicate" });
  expect(made).toBeGreaterThan(30);
  expect(packets).toMatchObject({ sent: 300, lost: packets.droppedUp + packets.droppedDown, duplicate: made });
  expect(duplicates).toEqual({ up: 0, down: made, unexplained: 0 });
});

test("copies of WebSocket messages that are made upstream are duplicates of that direction", async () => {
  const impair = parseImpairments("websocket:duplicate=0.2/0.2,delay=uniform(0,5)/uniform(0,5)");
  await using copying = await startTestLab({ impair, seed: 2 });
  const { packets, duplicates } = (await runOn(copying, "websocket")).report;
  const series = await scrape(copying);
  const made = (direction: string) =>
    series.get("wirelab_impairments_total", { protocol: "websocket", kind: "duplicate", direction });
  expect(packets).toMatchObject({ sent: 300, answered: 300, duplicate: made("up") + made("down") });
  expect(duplicates).toEqual({ up: made("up"), down: made("down"), unexplained: 0 });
  expect(made("up")).toBeGreaterThan(30);
});

test("connections are handshakes, with TLS and without, and without keep-alive all but the first resume a session", async () => {
  await using unimpaired = await startTestLab({ ...ALL_FREE_PORTS });
  const options = { connections: 3, count: 60, warmup: 0.1 } as const;
  for (const { protocol, run } of await Promise.all(LAYERS.map((name) => runOn(unimpaired, name, options)))) {
    const { handshakes } = run.measured.recorder();
    expect(handshakes.of("tls")?.full.count).toBe(REGISTRY[protocol].secure ? 3 : undefined);
    expect(handshakes.of("tcp")?.full.count).toBe(3);
  }
  const closing = { connections: 1, count: 30, rate: 100, http: { keepAlive: false } } as const;
  const { run, report } = await runOn(unimpaired, "https", closing);
  expect(report.packets).toMatchObject({ sent: 30, answered: 30 });
  const tls = run.measured.recorder().handshakes.of("tls");
  expect([tls?.full.count, tls?.resumed.count]).toEqual([1, 29]);
});
