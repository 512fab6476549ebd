/** How a run ends: at its end, by an interruption, or because the target refuses every packet. */
import { expect, test } from "bun:test";
import type { LoadOptions } from "../../src/load/plan/options.ts";
import { renderReport } from "../../src/load/report/text/text.ts";
import { runLoad } from "../../src/load/run.ts";
import { until } from "../support/until.ts";
import { balanced } from "./support/sums.ts";
import { deadUdpPort, udpTarget } from "./support/targets.ts";

const COMMON = { protocol: "udp", control: false, seed: 1, timeout: 0.2, wait: 0.2 } as const;

async function report(options: Partial<LoadOptions>) {
  const startedAt = performance.now();
  const made = balanced(await runLoad({ ...COMMON, ...options }).report);
  return { ...made, tookSeconds: (performance.now() - startedAt) / 1000 };
}

test("an impossible rate ends with the duration, and the rate is what was sent over the time it took", async () => {
  await using target = await udpTarget("stateless");
  const { packets, rate, ended, durationSeconds, verdict, tookSeconds } = await report({
    target: `127.0.0.1:${target.port}`,
    rate: 5e6,
    duration: 0.5,
  });
  expect(ended).toBe("completed");
  expect(packets.planned).toBe(2_500_000);
  expect(packets.unsent).toBeGreaterThan(500_000);
  expect(durationSeconds).toBeGreaterThanOrEqual(0.5);
  expect(durationSeconds).toBeLessThan(1);
  expect(rate.achieved).toBeCloseTo(packets.sent / durationSeconds, 6);
  expect(tookSeconds).toBeLessThan(5);
  expect(verdict.valid).toBe(false);
  expect(verdict.reasons.join()).toContain("the sender could not reach the rate");
}, 20_000);

test("a run against a dead port says that it gave up, and when", async () => {
  const target = `127.0.0.1:${await deadUdpPort()}`;
  const made = await report({ target, rate: 200, duration: 30, timeout: 2, wait: 20 });
  const { packets, rate, ended, durationSeconds, verdict, tookSeconds } = made;
  expect(ended).toBe("gave-up");
  expect(durationSeconds).toBeGreaterThanOrEqual(1);
  expect(durationSeconds).toBeLessThan(4);
  expect(tookSeconds).toBeLessThan(8);
  expect(packets).toMatchObject({ answered: 0, lost: packets.sent });
  expect(rate.achieved).toBeCloseTo(packets.sent / durationSeconds, 6);
  expect(verdict.reasons[0]).toStartWith("nothing listens at 127.0.0.1:");
  expect(verdict.reasons[1]).toMatch(/^the run gave up after .* of 30 s, because every packet was refused$/);
  const lines = renderReport([made]).trimEnd().split("\n");
  expect(lines[0]).toMatch(/^udp {2}gave up {2}0 of [\d,]+ answered, nothing could be measured$/);
  expect(lines[1]).toStartWith("  reason: nothing listens at");
  expect(lines.at(-1)).toContain("; gave up: nothing could be measured: nothing listens at");
}, 20_000);

test("an interrupted run says so, and its rate is that of the time it took", async () => {
  await using target = await udpTarget("stateful");
  const run = runLoad({ ...COMMON, target: `127.0.0.1:${target.port}`, rate: 200, duration: 60, interval: 0.1 });
  for await (const { sent } of run) if (sent > 50) run.stop();
  const made = balanced(await run.report);
  expect(made.ended).toBe("interrupted");
  expect(made.verdict).toMatchObject({ valid: false, interrupted: true });
  expect(made.durationSeconds).toBeLessThan(30);
  expect(made.rate.achieved).toBeCloseTo(made.packets.sent / made.durationSeconds, 6);
  expect(made.verdict.reasons[0]).toMatch(/^the run was interrupted after .* of 60 s/);
  const lines = renderReport([made]).trimEnd().split("\n");
  expect(lines[0]).toMatch(/^udp {2}interrupted {2}\d+ of \d+ answered/);
  expect(lines.at(-1)).toEndWith("; interrupted; NOT VALID, see above");
}, 20_000);

test("a run without an end is stopped, which does not make it invalid", async () => {
  await using target = await udpTarget("stateful");
  const options = { rate: 200, duration: Number.POSITIVE_INFINITY, interval: 0.1 };
  const run = runLoad({ ...COMMON, ...options, target: `127.0.0.1:${target.port}` });
  for await (const { sent } of run) if (sent > 50) run.stop();
  const { ended, verdict } = await run.report;
  expect(ended).toBe("interrupted");
  expect(verdict.reasons.filter((reason) => reason.includes("interrupted"))).toEqual([]);
});

test("a stop after the last packet does not interrupt the run", async () => {
  await using target = await udpTarget("stateful", { dropUp: (arrival) => arrival === 9 });
  const options = { rate: 200, count: 10, interval: 0.05, wait: 0.6, timeout: 0.5 };
  const run = runLoad({ ...COMMON, ...options, target: `127.0.0.1:${target.port}` });
  for await (const { seconds } of run) if (seconds > 0.2) run.stop();
  expect((await run.report).ended).toBe("completed");
});

test.each(["https", "http2", "http3", "websocket", "tls"] as const)(
  "a run that is stopped while it connects ends at once: %s",
  async (protocol) => {
    const sockets = new Set<Bun.Socket>();
    using silent = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { open: (socket) => void sockets.add(socket), close: (socket) => void sockets.delete(socket), data() {} },
    });
    const target = `127.0.0.1:${protocol === "http3" ? await deadUdpPort() : silent.port}`;
    const startedAt = performance.now();
    const run = runLoad({ protocol, target, control: false });
    if (protocol !== "http3") await until(() => sockets.size > 0, "the run connects");
    run.stop();
    const made = balanced(await run.report);
    expect(performance.now() - startedAt).toBeLessThan(4000);
    expect(made).toMatchObject({ ended: "interrupted", packets: { planned: 0 }, verdict: { interrupted: true } });
  },
);
