/** The runs of a command: those of all protocols at the same time, one repetition after another. */
import type { Protocol } from "../../base/protocol.ts";
import type { MeasuredRun } from "../measure/measured-run.ts";
import type { PacketSink } from "../measure/packets/packet-log.ts";
import { Timeline } from "../measure/timeline.ts";
import type { LoadOptions } from "../plan/options.ts";
import { DEFAULT_TIMEOUT, planRun } from "../plan/run-plan.ts";
import type { CompletedRun } from "../report/files/run-charts.ts";
import type { Repetition } from "../report/report-plan.ts";
import { type LoadRun, runLoad } from "../run.ts";
import type { OpenRelay } from "../send/relays/relay-path.ts";
import type { Command } from "./parse.ts";
import type { MeteredRun } from "./run-metrics.ts";

/** The runs that are made at the same time. */
export interface Step {
  readonly runs: readonly LoadOptions[];
  /** Undefined for a command without `--repeat`. */
  readonly repetition: Repetition | undefined;
}

/** A run under way, and the data for its outputs. */
export interface RunInProgress {
  readonly run: LoadRun;
  readonly timeline: Timeline;
  readonly timeoutSeconds: number;
}

const SEEDS = 2 ** 32;

/**
 * The steps of a command in their order. Each repetition has the next seed, so that its random choices are its own. Two
 * targets swap their order from one repetition to the next (A B, B A, …), so that neither always comes first.
 */
export function stepsOf({ runs, repeat, against }: Pick<Command, "runs" | "repeat" | "against">): Step[] {
  if (repeat === 1) return [{ runs, repetition: undefined }];
  return Array.from({ length: repeat }, (_, index): Step[] => {
    const seeded = (options: readonly LoadOptions[]) => options.map((one) => withSeed(one, index));
    const repetition = { index: index + 1, of: repeat };
    if (against === undefined) return [{ runs: seeded(runs), repetition }];
    const sides: Step[] = [
      { runs: seeded(runs), repetition: { ...repetition, side: "target" } },
      { runs: seeded(against), repetition: { ...repetition, side: "against" } },
    ];
    return index % 2 === 0 ? sides : sides.reverse();
  }).flat();
}

function withSeed(options: LoadOptions, index: number): LoadOptions {
  return options.seed === undefined ? options : { ...options, seed: (options.seed + index) % SEEDS };
}

/** Makes the runs of all steps, and keeps what their outputs need. */
export class Repetitions {
  readonly #steps: readonly Step[];
  readonly #follow: boolean;
  readonly #completed: CompletedRun[] = [];
  readonly #ended: MeteredRun[] = [];
  #current: readonly RunInProgress[] = [];
  #isStopped = false;

  /**
   * Throws a UsageError for invalid options of any step.
   * @param follow whether losses are attributed during the runs
   * @param openRelay starts the relays of `--via`
   */
  constructor(
    steps: readonly Step[],
    follow: boolean,
    private readonly openRelay?: OpenRelay,
  ) {
    for (const { runs } of steps) for (const options of runs) planRun(options);
    this.#steps = steps;
    this.#follow = follow;
  }

  /** The runs that have ended, then those under way. */
  get measured(): readonly MeteredRun[] {
    return [...this.#ended, ...this.#current.map(({ run }) => run.measured)];
  }

  /** Ends the runs under way; no further ones are started. */
  stop(): void {
    this.#isStopped = true;
    for (const { run } of this.#current) run.stop();
  }

  /**
   * Makes the runs.
   * @param packets where the rows of a run's packets go, if anywhere
   * @param observe resolves when the runs that it is given have ended
   */
  async complete(
    packets: (protocol: Protocol) => PacketSink | undefined,
    observe: (runs: readonly RunInProgress[], step: Step) => Promise<void>,
  ): Promise<CompletedRun[]> {
    for (const step of this.#steps) {
      if (this.#isStopped) break;
      this.#current = step.runs.map((options) => this.#start(options, packets(options.protocol)));
      await observe(this.#current, step);
      const completed = await Promise.all(this.#current.map((run) => completedRun(run, step)));
      this.#completed.push(...completed);
      this.#ended.push(...this.#current.map(({ run }) => frozen(run.measured)));
      this.#current = [];
    }
    return this.#completed;
  }

  #start(options: LoadOptions, packets: PacketSink | undefined): RunInProgress {
    return {
      run: runLoad(this.#follow ? { ...options, follow: true } : options, undefined, packets, this.openRelay),
      timeline: new Timeline(),
      timeoutSeconds: options.timeout ?? DEFAULT_TIMEOUT,
    };
  }
}

async function completedRun({ run, timeline, timeoutSeconds }: RunInProgress, step: Step): Promise<CompletedRun> {
  const { repetition } = step;
  const report = await run.report;
  const { response, service } = run.measured.recorder();
  return {
    report: repetition === undefined ? report : { ...report, repetition },
    response,
    service,
    timeline: timeline.points,
    timeoutSeconds,
  };
}

/** The final measurements that the series need, without the rest of the recorder. */
function frozen({ protocol, recorder, directions }: MeasuredRun): MeteredRun {
  const { counts, response, service, handshakes } = recorder();
  const final = directions();
  return { protocol, recorder: () => ({ counts, response, service, handshakes }), directions: () => final };
}
