/** The relay command, without the process: relays from the arguments until a signal, then their counts. */
import { systemClock } from "../../base/clock.ts";
import { fileProblem } from "../../base/file-errors.ts";
import type { Variables } from "../../base/variables.ts";
import { UsageError } from "../../load/plan/errors.ts";
import { portProblem } from "../../servers/listener.ts";
import type { Relay } from "../relay.ts";
import { Relays } from "../relays.ts";
import { RelayError } from "../route/route.ts";
import { relaySnapshot } from "../snapshot.ts";
import { type PlannedRelay, parseRelayCommand, type RelayCommand } from "./arguments.ts";
import { HELP } from "./help.ts";
import { progressLine, startLine, summaryText, targetLine } from "./summary.ts";

/** What the command needs of its process. */
export interface RelayProcess {
  readonly variables: Variables;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether lines of standard error can be rewritten. */
  readonly isTerminal: boolean;
  readonly columns: () => number;
  /** Throw the system's error. */
  readonly checkWritable: (path: string) => void;
  readonly writeFile: (path: string, text: string) => void;
  /** Reports an error of the relays themselves, which ends nothing. */
  readonly failed: (error: unknown) => void;
  /** Resolves when the process is asked to stop. */
  readonly stopped: () => Promise<void>;
}

/** Interval of the line of progress, ms. */
const PROGRESS_MS = 1000;
const CLEAR_LINE = "\r\u001b[K";

/** An error of the command: its line and its exit status. */
class Failure extends Error {
  constructor(
    readonly status: 1 | 2,
    line: string,
  ) {
    super(line);
  }
}

type Run = Extract<RelayCommand, { kind: "run" }>;

function read(words: readonly string[], { variables }: RelayProcess): RelayCommand {
  try {
    return parseRelayCommand(words, variables);
  } catch (error) {
    throw error instanceof UsageError ? new Failure(2, `relay: ${error.message}`) : error;
  }
}

/** Reports a file that cannot be written before the relays open. */
function checkFile({ json }: Run, { checkWritable }: RelayProcess): void {
  if (json === undefined || json === "-") return;
  try {
    checkWritable(json);
  } catch (error) {
    throw new Failure(2, `relay: --json ${json}: ${fileProblem(error)}`);
  }
}

async function open(relays: Relays, { route, title, flag, faults }: PlannedRelay): Promise<void> {
  const { host, port } = route.listen;
  try {
    const relay = await relays.put(route);
    if (faults) relay.setFaults(faults);
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    const { code } = error.problem;
    if (code === undefined) throw new Failure(2, error.message);
    const line = `relay: ${title} port ${port} on ${host} ${portProblem(code, host)}`;
    throw new Failure(1, `${line}; choose another with --${flag}`);
  }
}

/** Rewrites a line of standard error until it is disposed of. */
function showProgress(relays: Relays, elapsed: () => number, { isTerminal, columns, err }: RelayProcess): Disposable {
  const show = () => err(`${CLEAR_LINE}${progressLine(relays.list(), elapsed()).slice(0, columns() - 1)}`);
  const timer = isTerminal ? setInterval(show, PROGRESS_MS) : undefined;
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      if (isTerminal) err(CLEAR_LINE);
    },
  };
}

function startLines({ target, relays: planned, seed }: Run, relays: readonly Relay[]): string[] {
  const isLab = target !== undefined && planned.every(({ faults, flag }) => faults === undefined && flag !== "relay");
  return isLab ? [targetLine(target, planned, relays)] : relays.map((relay) => startLine(relay, seed));
}

async function forward(command: Run, io: RelayProcess): Promise<void> {
  const clock = systemClock();
  const stopped = io.stopped(); // who reads the first line may ask to stop at once
  const { seed, json } = command;
  // With counts for a program on standard output, the lines for a person are on standard error.
  const say = json === "-" ? io.err : io.out;
  await using relays = new Relays({ clock, seed, failed: io.failed });
  for (const planned of command.relays) await open(relays, planned);
  for (const line of startLines(command, relays.list())) say(`${line}\n`);
  const startedAt = clock.now();
  const elapsed = () => (clock.now() - startedAt) / 1000;
  {
    using _progress = showProgress(relays, elapsed, io);
    await stopped;
  }
  const seconds = elapsed();
  const snapshots = relays.list().map(relaySnapshot);
  for (const snapshot of snapshots) say(summaryText(snapshot, seconds));
  writeCounts(json, `${JSON.stringify({ seconds, seed, relays: snapshots }, null, 2)}\n`, io);
}

function writeCounts(json: string | undefined, text: string, { out, writeFile }: RelayProcess): void {
  if (json === "-") out(text);
  else if (json !== undefined) {
    try {
      writeFile(json, text);
    } catch (error) {
      throw new Failure(2, `relay: --json ${json}: ${fileProblem(error)}`);
    }
  }
}

/** Runs the command until it is stopped; returns the exit status. */
export async function runRelayCommand(words: readonly string[], io: RelayProcess): Promise<number> {
  try {
    const command = read(words, io);
    if (command.kind === "help") {
      io.out(`${HELP}\n`);
      return 0;
    }
    checkFile(command, io);
    await forward(command, io);
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    io.err(`${error.message}\n`);
    return error.status;
  }
}
