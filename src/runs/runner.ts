/** Load runs that are started from the page: one at a time, each in a process of its own. */
import { join } from "node:path";
import { within } from "../base/clock.ts";
import { runtimePath } from "../base/kernel.ts";
import type { Log } from "../base/log.ts";
import { messageOf } from "../base/message.ts";
import type { IntervalSnapshot } from "../load/measure/snapshot.ts";
import type { LoadOptions } from "../load/plan/options.ts";
import type { RunReport } from "../load/report/report.ts";
import type { KeptRuns } from "./kept/kept-runs.ts";
import type { RunCommand, RunEvent } from "./messages.ts";
import type { NewRun, RunDetail, RunState } from "./shapes.ts";

const CHILD = join(import.meta.dir, "child.ts");
/** Time that a run may take in addition to its duration: to connect, warm up and receive the last answers, ms. */
const GRACE_MS = 30_000;
/** Time that the end of a run waits until it is kept; it is kept later if the file is locked. ms */
const KEEP_WAIT_MS = 1000;
const NOT_KEPT_YET = "the run is not kept yet: the file of kept runs is locked";

/** A run was requested while another is in progress. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

/** The process of a run could not be started, for instance because too many files are open. */
export class SpawnError extends Error {
  override readonly name = "SpawnError";
}

/** Sends an event to every viewer of the page. */
export type Broadcast = (event: string, data: unknown) => void;

type Child = Bun.Subprocess<"ignore", "ignore", "ignore">;

/** Starts and stops load runs, follows their progress and keeps their reports. */
export class Runner {
  #state: RunState | undefined;
  /** The process of the run in progress. */
  #child: Child | undefined;
  #deadline: Timer | undefined;
  /** Whether the report of the last run is being kept. */
  #isKeeping = false;

  /**
   * `store` keeps the reports; `broadcast` receives each change of the state, with the snapshots that are new; `program`
   * is the command of a run's process.
   */
  constructor(
    private readonly store: Pick<KeptRuns, "save">,
    private readonly log: Log,
    private readonly broadcast: Broadcast,
    private readonly program: readonly string[] = [runtimePath, CHILD],
  ) {}

  /** The state of the run in progress or of the last one; undefined before the first. */
  get state(): RunState | undefined {
    return this.#state;
  }

  /** The version of that state; 0 before the first run. */
  get version(): number {
    return this.#state?.version ?? 0;
  }

  /**
   * Starts all of `runs` at the same time, in one process; throws BusyError and SpawnError.
   * @param waitSeconds how long after its sending the last packet is waited for
   */
  start(runs: readonly LoadOptions[], seconds: number, waitSeconds: number): RunState {
    if (this.#child || this.#isKeeping) throw new BusyError("a run is in progress; stop it first");
    this.#state = {
      number: (this.#state?.number ?? 0) + 1,
      version: this.version,
      state: "starting",
      startedAt: Date.now(),
      seconds,
      stopped: false,
      snapshots: [],
      reports: [],
      details: [],
      kept: null,
      error: null,
    };
    const child = this.#spawn(runs);
    this.#child = child;
    this.#deadline = setTimeout(() => child.kill("SIGKILL"), seconds * 1000 + waitSeconds * 2000 + GRACE_MS);
    this.#deadline.unref();
    this.log.write("info", "load run started", { protocols: runs.map((run) => run.protocol).join(), seconds });
    this.#publish();
    return this.#state;
  }

  /** Stops sending; the report covers the packets sent until then. False if no run is in progress. */
  stop(): boolean {
    if (!this.#child || !this.#state) return false;
    this.#send({ kind: "stop" });
    this.#update({ stopped: true, state: "settling" });
    return true;
  }

  /** Kills the process of the run, without a report; called when the lab stops. */
  kill(): void {
    clearTimeout(this.#deadline);
    this.#child?.kill("SIGKILL");
  }

  /** Starts the process; if that fails, the state is that of a failed run. */
  #spawn(runs: readonly LoadOptions[]): Child {
    try {
      return this.#startProcess(runs);
    } catch (cause) {
      const error = `the run's process could not be started: ${messageOf(cause)}`;
      this.#fail(error);
      throw new SpawnError(error);
    }
  }

  #startProcess(runs: readonly LoadOptions[]): Child {
    const child: Child = Bun.spawn([...this.program], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
      env: {}, // the process needs none of the lab's configuration and must not get the token
      ipc: (event: RunEvent) => {
        if (this.#child === child) this.#receive(event, runs);
      },
      onExit: (_, code, signal) => {
        if (this.#child === child) this.#fail(`the run's process exited early (${signal ?? code})`);
      },
    });
    return child;
  }

  #send(command: RunCommand): void {
    this.#child?.send(command);
  }

  #receive(event: RunEvent, runs: readonly LoadOptions[]): void {
    switch (event.kind) {
      case "ready":
        this.#send({ kind: "start", runs });
        if (this.#state?.stopped) this.#send({ kind: "stop" });
        break;
      case "snapshot":
        this.#addSnapshot(event.snapshot);
        break;
      case "done":
        void this.#finish(event.reports, event.details);
        break;
      case "failed":
        this.#fail(event.error);
    }
  }

  #addSnapshot(snapshot: IntervalSnapshot): void {
    if (!this.#state) return;
    const isLast = snapshot.seconds >= this.#state.seconds - 0.5;
    this.#state = {
      ...this.#state,
      state: this.#state.stopped || isLast ? "settling" : "running",
      snapshots: [...this.#state.snapshots, snapshot],
    };
    this.#publish([snapshot]);
  }

  async #finish(reports: readonly RunReport[], details: readonly RunDetail[]): Promise<void> {
    this.#isKeeping = true;
    this.#release();
    this.#update({ state: "settling" });
    const keeping = this.#keep({ source: "page", reports, details });
    const outcome = await within(keeping, KEEP_WAIT_MS);
    this.#isKeeping = false;
    this.#update({ state: "done", reports, details, ...(outcome ?? { error: NOT_KEPT_YET }) });
    if (outcome) return;
    const number = this.#state?.number;
    const late = await keeping;
    if (this.#state?.number === number) this.#update({ error: null, ...late });
  }

  /** Keeps a run; the id or the error, which is logged. */
  async #keep(run: NewRun): Promise<Partial<RunState>> {
    try {
      return { kept: await this.store.save(run) };
    } catch (cause) {
      const error = `the run could not be kept: ${messageOf(cause)}`;
      this.log.write("error", error);
      return { error };
    }
  }

  #fail(error: string): void {
    this.log.write("warn", "load run failed", { error });
    this.#release();
    this.#update({ state: "failed", error });
  }

  /** Ends the process, if it has not exited, and allows the next run. */
  #release(): void {
    clearTimeout(this.#deadline);
    this.#child?.kill();
    this.#child = undefined;
  }

  #update(change: Partial<RunState>): void {
    if (!this.#state) return;
    this.#state = { ...this.#state, ...change };
    this.#publish();
  }

  /** Sends the next version of the state to the viewers with the given snapshots in place of all, because they have the earlier ones. */
  #publish(snapshots: readonly IntervalSnapshot[] = []): void {
    if (!this.#state) return;
    this.#state = { ...this.#state, version: this.#state.version + 1 };
    this.broadcast("run", { ...this.#state, snapshots });
  }
}
