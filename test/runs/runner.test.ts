/** A load run in its own process, and what can go wrong with it. */
import { describe, expect, test } from "bun:test";
import { createLog } from "../../src/base/log.ts";
import { BusyError, Runner } from "../../src/runs/runner.ts";
import type { RunState } from "../../src/runs/shapes.ts";
import { startTestLab } from "../support/lab.ts";
import { until } from "../support/until.ts";

function setUp(save: () => number) {
  const lines: string[] = [];
  const told: RunState[] = [];
  const log = createLog({ level: "info", readable: false, sink: (line) => void lines.push(line) });
  const runner = new Runner({ store: { save }, log, tell: (_, data) => void told.push(data as RunState) }); // the only event
  return { runner, told, lines, [Symbol.dispose]: () => runner.kill() };
}

const over = (runner: Runner) =>
  until(() => runner.state?.state === "done" || runner.state?.state === "failed", "the end of the run", 20_000);

describe("a run", () => {
  test("goes from its start to its report, and tells each interval once", async () => {
    await using lab = await startTestLab();
    using run = setUp(() => 7);
    const target = `127.0.0.1:${lab.ports.udp}`;
    run.runner.start([{ protocol: "udp", target, control: false, rate: 100, duration: 2 }], 2, 2);
    expect(() => run.runner.start([], 1, 1)).toThrow(BusyError);
    await over(run.runner);
    expect(run.runner.state).toMatchObject({ state: "done", number: 1, kept: 7, error: null, stopped: false });
    expect(run.runner.state?.reports[0]?.packets).toMatchObject({ sent: 200, answered: 200, lost: 0 });
    expect(run.runner.state?.details[0]?.explanation).toContain("packet accounting");
    const states = new Set(run.told.map(({ state }) => state));
    expect([...states]).toEqual(expect.arrayContaining(["starting", "running", "settling", "done"]));
    const told = run.told.flatMap(({ snapshots }) => snapshots);
    expect(told).toEqual([...(run.runner.state?.snapshots ?? [])]);
    expect(run.runner.busy).toBe(false);
  }, 30_000);

  test("that cannot be kept, as on a full disk, still gives its report, with one line that says so", async () => {
    await using lab = await startTestLab();
    using run = setUp(() => {
      throw new Error("database or disk is full");
    });
    const target = `127.0.0.1:${lab.ports.udp}`;
    run.runner.start([{ protocol: "udp", target, control: false, rate: 50, duration: 0.2 }], 0.2, 2);
    await over(run.runner);
    const error = "the run could not be kept: database or disk is full";
    expect(run.runner.state).toMatchObject({ state: "done", kept: null, error });
    expect(run.runner.state?.reports[0]?.packets.sent).toBe(10);
    expect(run.lines.filter((line) => line.includes(error))).toHaveLength(1);
  }, 30_000);

  test("whose process dies fails with one line, and the next one can start", async () => {
    await using lab = await startTestLab();
    using run = setUp(() => 1);
    const options = {
      protocol: "tcp",
      target: `127.0.0.1:${lab.ports.tcp}`,
      control: false,
      rate: 10,
      duration: 60,
    } as const;
    run.runner.start([options], 60, 2);
    await until(() => run.told.some(({ snapshots }) => snapshots.length > 0), "the first interval", 20_000);
    run.runner.kill();
    await over(run.runner);
    expect(run.runner.state).toMatchObject({ state: "failed", error: "the run's process ended early (SIGKILL)" });
    run.runner.start([{ ...options, duration: 0.2 }], 0.2, 2);
    await over(run.runner);
    expect(run.runner.state).toMatchObject({ state: "done", number: 2, error: null });
  }, 60_000);

  test("that is stopped before its process is ready ends too", async () => {
    await using lab = await startTestLab();
    using run = setUp(() => 1);
    run.runner.start(
      [{ protocol: "udp", target: `127.0.0.1:${lab.ports.udp}`, control: false, rate: 10, duration: 60 }],
      60,
      2,
    );
    expect(run.runner.stop()).toBe(true);
    await over(run.runner);
    expect(run.runner.state).toMatchObject({ state: "done", stopped: true });
    expect(run.runner.stop()).toBe(false);
  }, 30_000);
});
