/** The waiting time: what is late, what is lost, and when a run ends. */
import { describe, expect, test } from "bun:test";
import { parseImpairments } from "../../src/faults/text.ts";
import type { LoadOptions } from "../../src/load/plan/options.ts";
import { runLoad } from "../../src/load/run.ts";
import { startTestLab } from "../support/lab.ts";
import { balanced } from "./support/sums.ts";
import { tcpTarget, udpTarget } from "./support/targets.ts";

async function report(options: LoadOptions) {
  return balanced(await runLoad({ rate: 500, count: 100, control: false, seed: 1, ...options }).report);
}

describe.each(["udp", "tcp", "http"] as const)("%s answers between the timeout and the waiting time", (protocol) => {
  test.each([true, false])("are late, not lost (with the lab's summary: %p)", async (hasControl) => {
    await using lab = await startTestLab({ impair: parseImpairments(`${protocol}:delay=160`), seed: 1 });
    const control = hasControl ? `127.0.0.1:${lab.ports.http}` : (false as const);
    const target = `127.0.0.1:${lab.ports[protocol]}`;
    const { packets, errors } = await report({ protocol, target, control, timeout: 0.05 });
    expect(packets).toMatchObject({ sent: 100, late: 100, answered: 0, lost: 0, unexplained: 0 });
    expect(errors).toEqual({});
  });
});

test("an answer after the waiting time leaves its packet lost, and is an unknown answer", async () => {
  await using target = await udpTarget("stateless", { delayMs: (arrival) => (arrival < 50 ? 400 : 0) });
  const options = { protocol: "udp", target: `127.0.0.1:${target.port}`, timeout: 0.1, wait: 0.3 } as const;
  const { packets, errors } = await report({ ...options, rate: 200, count: 200 });
  expect(packets).toMatchObject({ sent: 200, answered: 150, lost: 50, late: 0 });
  expect(errors).toEqual({ "unknown-answer": 50 });
});

test("packets answered after the waiting time are not lost upstream by a stateful reflector's numbers", async () => {
  const faults = {
    delayMs: (arrival: number) => (arrival % 4 === 1 ? 700 : 0),
    dropDown: (arrival: number) => arrival % 10 === 8,
  };
  await using target = await udpTarget("stateful", faults);
  const options = { protocol: "udp", target: `127.0.0.1:${target.port}`, timeout: 0.2, wait: 0.4 } as const;
  const { packets, errors, evidence } = await report({ ...options, rate: 200, count: 300 });
  expect(errors).toEqual({ "unknown-answer": expect.any(Number) });
  expect(evidence.kind).toBe("reflector");
  expect(packets).toMatchObject({ sent: 300, answered: 195, late: 0, lost: 105, lostUp: 0 });
});

test("a run in which every packet is answered ends without waiting", async () => {
  await using target = await udpTarget("stateful");
  const startedAt = performance.now();
  const { packets } = await report({ protocol: "udp", target: `127.0.0.1:${target.port}`, timeout: 20, wait: 60 });
  expect(packets.answered).toBe(100);
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

test("a run with an unanswered packet ends when the waiting time has passed", async () => {
  await using target = await udpTarget("stateful", { dropUp: (arrival) => arrival === 99 });
  const startedAt = performance.now();
  const options = { protocol: "udp", target: `127.0.0.1:${target.port}`, timeout: 0.1, wait: 0.7 } as const;
  const { packets } = await report(options);
  expect(packets).toMatchObject({ answered: 99, lost: 1 });
  expect(performance.now() - startedAt).toBeGreaterThan(890);
});

test("TCP answers that the lab still owes when the run ends are unexplained, not lost downstream", async () => {
  await using lab = await startTestLab({ impair: parseImpairments("tcp:delay=900"), seed: 1 });
  const control = `127.0.0.1:${lab.ports.http}`;
  const target = `127.0.0.1:${lab.ports.tcp}`;
  const { packets, evidence } = await report({ protocol: "tcp", target, control, timeout: 0.1, wait: 0.2 });
  expect(evidence.kind).toBe("lab");
  expect(packets).toMatchObject({ sent: 100, lost: 100, lostUp: 0, lostDown: 0, unexplained: 100 });
});

test("TCP packets whose connection the target closed are lost at once", async () => {
  await using target = tcpTarget("closes");
  const options = { protocol: "tcp", mode: "plain", target: `127.0.0.1:${target.port}`, timeout: 20 } as const;
  const startedAt = performance.now();
  const { packets } = await report({ ...options, count: 30, connections: 1 });
  expect(packets.lost).toBe(10);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});
