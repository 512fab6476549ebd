/** Runs load from the page: one run at a time, in a process of its own, within the caps that the operator set. */
import { join } from "node:path";
import { runtimePath } from "../base/kernel.ts";
import type { Log } from "../base/log.ts";
import type { Snapshot } from "../load/measure/snapshot.ts";
import type { LoadOptions } from "../load/plan/options.ts";
import type { RunReport } from "../load/report/report.ts";
import type { News, Order } from "./messages.ts";
import type { RunDetail, RunState } from "./shapes.ts";
import type { RunStore } from "./store.ts";

const CHILD = join(import.meta.dir, "child.ts");
/** What a run may take beside its duration, to open, to warm up, to wait for the last answers and to settle, ms. */
const GRACE_MS = 30_000;

/** A second run was asked for while one is under way. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

/** What a runner stands on. */
export interface RunnerParts {
  readonly store: Pick<RunStore, "save">;
  readonly log: Log;
  /** Called with what is new: the state without what went before. */
  readonly tell: (event: string, data: unknown) => void;
}

type Child = Bun.Subprocess<"ignore", "ignore", "ignore">;

/** Starts, follows and stops the one run. */
export class Runner {
  #state: RunState | undefined;
  #child: Child | undefined;
  #deadline: Timer | undefined;

  constructor(private readonly parts: RunnerParts) {}

  /** The run under way or the last one; undefined before the first. */
  get state(): RunState | undefined {
    return this.#state;
  }

  get busy(): boolean {
    return this.#child !== undefined;
  }

  /** Starts a run of each of `runs` at the same time; throws BusyError. */
  start(runs: readonly LoadOptions[], seconds: number, timeoutSeconds: number): RunState {
    if (this.#child) throw new BusyError("a run is under way; stop it first");
    this.#state = {
      number: (this.#state?.number ?? 0) + 1,
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
    const child: Child = Bun.spawn([runtimePath, CHILD], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
      env: {}, // nothing of the lab's configuration is its business, least of all the token
      ipc: (news: News) => {
        if (this.#child === child) this.#hear(news, runs);
      },
      onExit: (_, code, signal) => this.#ended(child, `the run's process ended early (${signal ?? code})`),
    });
    this.#child = child;
    this.#deadline = setTimeout(() => child.kill("SIGKILL"), seconds * 1000 + timeoutSeconds * 3000 + GRACE_MS);
    this.#deadline.unref();
    this.parts.log.write("info", "a load run starts", { protocols: runs.map((run) => run.protocol).join(), seconds });
    this.#show();
    return this.#state;
  }

  /** Ends the sending; the report covers what ran. False where no run is under way. */
  stop(): boolean {
    if (!this.#child || !this.#state) return false;
    this.#order({ kind: "stop" });
    this.#change({ stopped: true, state: "settling" });
    return true;
  }

  /** Ends the run's process at once, as the lab stops. */
  kill(): void {
    clearTimeout(this.#deadline);
    this.#child?.kill("SIGKILL");
  }

  #order(order: Order): void {
    this.#child?.send(order);
  }

  #hear(news: News, runs: readonly LoadOptions[]): void {
    switch (news.kind) {
      case "ready":
        this.#order({ kind: "start", runs });
        if (this.#state?.stopped) this.#order({ kind: "stop" });
        break;
      case "snapshot":
        this.#progress(news.snapshot);
        break;
      case "done":
        this.#done(news.reports, news.details);
        break;
      case "failed":
        this.#failed(news.error);
    }
  }

  #progress(snapshot: Snapshot): void {
    if (!this.#state) return;
    const isLast = snapshot.seconds >= this.#state.seconds - 0.5;
    this.#state = {
      ...this.#state,
      state: this.#state.stopped || isLast ? "settling" : "running",
      snapshots: [...this.#state.snapshots, snapshot],
    };
    this.#show([snapshot]);
  }

  #done(reports: readonly RunReport[], details: readonly RunDetail[]): void {
    try {
      const kept = this.parts.store.save({ source: "page", reports, details });
      this.#change({ state: "done", reports, details, kept });
    } catch (error) {
      const why = `the run could not be kept: ${error instanceof Error ? error.message : String(error)}`;
      this.parts.log.write("error", why);
      this.#change({ state: "done", reports, details, error: why });
    }
    this.#release();
  }

  /** Lets go of the process, whose work is done. */
  #release(): void {
    clearTimeout(this.#deadline);
    this.#child?.kill();
    this.#child = undefined;
  }

  #ended(child: Child, why: string): void {
    if (this.#child === child) this.#failed(why);
  }

  #failed(error: string): void {
    this.parts.log.write("warn", "a load run failed", { error });
    this.#release();
    this.#change({ state: "failed", error });
  }

  #change(change: Partial<RunState>): void {
    if (!this.#state) return;
    this.#state = { ...this.#state, ...change };
    this.#show();
  }

  /** Tells the viewers; of the intervals only those that are new. */
  #show(snapshots: readonly Snapshot[] = []): void {
    this.parts.tell("run", { ...this.#state, snapshots });
  }
}
