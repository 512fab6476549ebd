/** A load run in its own process: its states, its report and its failures. */
import { describe, expect, test } from "bun:test";
import { BusyError, Runner, SpawnError } from "../../src/runs/runner.ts";
import type { RunState } from "../../src/runs/shapes.ts";
import { startTestLab } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { collectLog } from "./support.ts";

function setUp(save: () => number | Promise<number>, program?: readonly string[]) {
  const { lines, log } = collectLog();
  const sent: RunState[] = [];
  const runner = new Runner({ save: async () => save() }, log, (_, data) => void sent.push(data as RunState), program); // the only event
  return { runner, sent, lines, [Symbol.dispose]: () => runner.kill() };
}

const ended = (runner: Runner) =>
  until(() => runner.state?.state === "done" || runner.state?.state === "failed", "the end of the run", 20_000);

describe("a run", () => {
  test("goes through its states to its report and sends each snapshot once", async () => {
    await using lab = await startTestLab();
    using run = setUp(() => 7);
    const target = `127.0.0.1:${lab.ports.udp}`;
    run.runner.start([{ protocol: "udp", target, control: false, rate: 100, duration: 2 }], 2, 2);
    expect(() => run.runner.start([], 1, 1)).toThrow(BusyError);
    await ended(run.runner);
    expect(run.runner.state).toMatchObject({ state: "done", number: 1, kept: 7, error: null, stopped: false });
    expect(run.runner.state?.reports[0]?.packets).toMatchObject({ sent: 200, answered: 200, lost: 0 });
    expect(run.runner.state?.details[0]?.explanation).toContain("packet accounting");
    const states = new Set(run.sent.map(({ state }) => state));
    expect([...states]).toEqual(expect.arrayContaining(["starting", "running", "settling", "done"]));
    const sent = run.sent.flatMap(({ snapshots }) => snapshots);
    expect(sent).toEqual([...(run.runner.state?.snapshots ?? [])]);
    expect(sent.length).toBeGreaterThanOrEqual(2);
    expect(run.sent.map(({ version }) => version)).toEqual(run.sent.map((_, i) => i + 1));
    expect(run.runner.version).toBe(run.sent.length);
  }, 30_000);

  test("that cannot be kept, as on a full disk, has its report and an error of one line", async () => {
    await using lab = await startTestLab();
    using run = setUp(() => {
      throw new Error("database or disk is full");
    });
    const target = `127.0.0.1:${lab.ports.udp}`;
    run.runner.start([{ protocol: "udp", target, control: false, rate: 50, duration: 0.2 }], 0.2, 2);
    await ended(run.runner);
    const error = "the run could not be kept: database or disk is full";
    expect(run.runner.state).toMatchObject({ state: "done", kept: null, error });
    expect(run.runner.state?.reports[0]?.packets.sent).toBe(10);
    expect(run.lines.filter((line) => line.includes(error))).toHaveLength(1);
  }, 30_000);

  test("that is kept later, because the file is locked, is done before, has its id then, and lets the next run start", async () => {
    await using lab = await startTestLab();
    const saved = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
    let saves = 0;
    using run = setUp(() => saved[saves++]?.promise ?? 0);
    const target = `127.0.0.1:${lab.ports.udp}`;
    const start = () =>
      run.runner.start([{ protocol: "udp", target, control: false, rate: 50, duration: 0.2 }], 0.2, 2);
    const error = "the run is not kept yet: the file of kept runs is locked";
    start();
    await ended(run.runner);
    expect(run.runner.state).toMatchObject({ state: "done", number: 1, kept: null, error });
    start();
    await ended(run.runner);
    saved[0]?.resolve(7); // of a run that is not shown any more
    expect(run.runner.state).toMatchObject({ state: "done", number: 2, kept: null, error });
    saved[1]?.resolve(8);
    await until(() => run.runner.state?.kept, "the run is kept");
    expect(run.runner.state).toMatchObject({ state: "done", number: 2, kept: 8, error: null });
    expect(run.sent.at(-1)).toMatchObject({ number: 2, kept: 8, error: null });
    expect(run.lines.filter((line) => line.includes("error"))).toEqual([]);
  }, 30_000);

  test("whose options the load generator refuses fails with its error", async () => {
    using run = setUp(() => 1);
    run.runner.start([{ protocol: "udp", target: "127.0.0.1:99999", rate: 10, duration: 1 }], 1, 2);
    await ended(run.runner);
    expect(run.runner.state?.state).toBe("failed");
    expect(run.runner.state?.error).toContain("99999");
  }, 30_000);

  test("whose process is killed fails with one line, and the next run can start", async () => {
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
    await until(() => run.sent.some(({ snapshots }) => snapshots.length > 0), "the first snapshot", 20_000);
    run.runner.kill();
    await ended(run.runner);
    expect(run.runner.state).toMatchObject({ state: "failed", error: "the run's process exited early (SIGKILL)" });
    run.runner.start([{ ...options, duration: 0.2 }], 0.2, 2);
    await ended(run.runner);
    expect(run.runner.state).toMatchObject({ state: "done", number: 2, error: null });
  }, 60_000);

  test("that is stopped before its process is ready ends with a report", async () => {
    await using lab = await startTestLab();
    using run = setUp(() => 1);
    run.runner.start(
      [{ protocol: "udp", target: `127.0.0.1:${lab.ports.udp}`, control: false, rate: 10, duration: 60 }],
      60,
      2,
    );
    expect(run.runner.stop()).toBe(true);
    await ended(run.runner);
    expect(run.runner.state).toMatchObject({ state: "done", stopped: true });
    expect(run.runner.state?.reports).toHaveLength(1);
    expect(run.runner.stop()).toBe(false);
  }, 30_000);

  test("whose process cannot be started fails, and is not in progress", () => {
    using run = setUp(() => 1, ["/nonexistent/program"]);
    const start = () => run.runner.start([{ protocol: "udp" }], 1, 2);
    expect(start).toThrow(SpawnError);
    expect(run.runner.state).toMatchObject({
      state: "failed",
      number: 1,
      error: expect.stringContaining("could not be started"),
    });
    expect(run.sent.at(-1)).toMatchObject({ state: "failed" });
    expect(run.runner.stop()).toBe(false);
    expect(start).toThrow(SpawnError); // not BusyError
    expect(run.runner.state?.number).toBe(2);
  });
});
