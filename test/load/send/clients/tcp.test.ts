import { expect, test } from "bun:test";
import { runLoad } from "../../../../src/load/run.ts";
import { CUT_OFF, NO_CONNECTION } from "../../../../src/load/send/stamp/stream-client.ts";
import { startTestLab, urlOf } from "../../../support/lab.ts";
import { balanced } from "../../support/sums.ts";
import { deadTcpPort, tcpTarget } from "../../support/targets.ts";

/** Options of all runs: short, fast, and without a lab to query. */
const common = { protocol: "tcp", control: false, rate: 2000, count: 300, timeout: 0.5, seed: 7 } as const;

test.each(["stamp", "echo"] as const)("a %s server answers every frame, on each connection", async (answering) => {
  await using target = tcpTarget(answering);
  const report = balanced(await runLoad({ ...common, connections: 3, target: `127.0.0.1:${target.port}` }).report);
  expect(report.packets).toMatchObject({ sent: 300, answered: 300, lost: 0, corrupt: 0 });
  expect(report.serverTime.count).toBe(answering === "stamp" ? 300 : 0);
  expect(target.accepted.count).toBe(3);
});

test("a closed loop sends large frames on several connections", async () => {
  await using target = tcpTarget("stamp");
  const report = balanced(
    await runLoad({
      protocol: "tcp",
      control: false,
      rate: "max",
      count: 2000,
      connections: 4,
      size: 30_000,
      target: `127.0.0.1:${target.port}`,
    }).report,
  );
  expect(report.packets).toMatchObject({ sent: 2000, answered: 2000, lost: 0 });
});

test("plain text: a connection that is closed instead of an answer is a loss, and the next packet opens another one", async () => {
  await using target = tcpTarget("closes");
  const report = balanced(
    await runLoad({ ...common, mode: "plain", connections: 1, target: `127.0.0.1:${target.port}` }).report,
  );
  expect(report.packets).toMatchObject({ sent: 300, answered: 200, lost: 100, unexplained: 100, failed: 0 });
  expect(report.errors).toEqual({ closed: 100 });
});

test("plain text of 100,000 octets is answered completely by an echo server", async () => {
  await using target = tcpTarget("echo");
  const report = balanced(
    await runLoad({ ...common, mode: "plain", size: 100_000, count: 20, rate: 200, target: `127.0.0.1:${target.port}` })
      .report,
  );
  expect(report.packets).toMatchObject({ sent: 20, answered: 20 });
  expect(report.bytes).toEqual({ sent: 2_000_000, received: 2_000_000 });
});

test("a server without STAMP and a silent server have different reasons", async () => {
  await using plain = tcpTarget("plain");
  const unframed = balanced(await runLoad({ ...common, count: 20, target: `127.0.0.1:${plain.port}` }).report);
  expect(unframed.packets).toMatchObject({ answered: 0, lost: 20 });
  expect(unframed.verdict.reasons[0]).toBe(
    `127.0.0.1:${plain.port} answers, but not in the protocol; --mode plain accepts any answer`,
  );
  await using silent = tcpTarget("silent");
  const unanswered = balanced(await runLoad({ ...common, count: 20, target: `127.0.0.1:${silent.port}` }).report);
  expect(unanswered.verdict.reasons[0]).toBe(`127.0.0.1:${silent.port} answered nothing within the timeout`);
});

test.each(["stamp", "plain"] as const)("a refused %s connection is one line", async (mode) => {
  const port = deadTcpPort();
  const report = balanced(await runLoad({ ...common, mode, target: `127.0.0.1:${port}` }).report);
  expect(report.packets.sent).toBe(0);
  expect(report.errors).toEqual({ ECONNREFUSED: 1 });
  expect(report.verdict).toMatchObject({
    valid: false,
    reasons: [`nothing listens at 127.0.0.1:${port} (ECONNREFUSED)`],
  });
});

test("a target that closes: packets without a connection within the timeout are lost, not unsent", async () => {
  const target = tcpTarget("stamp");
  const options = { ...common, rate: 50, count: 60, timeout: 0.2, interval: 0.1, target: `127.0.0.1:${target.port}` };
  const run = runLoad(options);
  for await (const { answered } of run) if (answered > 0) await target[Symbol.asyncDispose]();
  const { packets, errors } = balanced(await run.report);
  expect(packets).toMatchObject({ planned: 60, sent: 60, unsent: 0 });
  expect(packets.lost).toBeGreaterThan(30);
  expect(packets.answered + packets.lost).toBe(60);
  expect(errors.ECONNREFUSED).toBeGreaterThan(0);
  expect((errors[NO_CONNECTION] ?? 0) + (errors[CUT_OFF] ?? 0)).toBe(packets.lost);
});

test("packets on a connection that the target resets are counted as cut off, and those that a fault drops are not", async () => {
  await using lab = await startTestLab({ impair: { tcp: { reset: 0.05, delay: { kind: "fixed", ms: 3 } } } });
  const options = { ...common, count: 600, control: `127.0.0.1:${lab.ports.http}` };
  const run = { ...options, target: `127.0.0.1:${lab.ports.tcp}`, timeout: 1, wait: 1, seed: 3 };
  const { packets, errors } = balanced(await runLoad(run).report);
  // Mostly resets; without octets under way the runtime reports an end.
  expect((errors.ECONNRESET ?? 0) + (errors.closed ?? 0)).toBeGreaterThan(0);
  expect(errors[CUT_OFF]).toBe(packets.lost);
  expect(packets.lost - packets.droppedDown).toBeGreaterThan(0); // in flight beside the packets that were reset

  await fetch(urlOf(lab, "/impairments"), { method: "PUT", body: "tcp:drop=0.2/0.2" });
  const dropped = balanced(await runLoad(run).report);
  expect(dropped.packets.lost).toBe(dropped.packets.droppedUp + dropped.packets.droppedDown);
  expect(dropped.errors).toEqual({});
});
