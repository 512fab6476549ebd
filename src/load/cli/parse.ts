/** Parses the command line of the load command. */
import { PROTOCOLS, type Protocol } from "../../base/protocol.ts";
import { UsageError } from "../plan/errors.ts";
import type { LoadOptions } from "../plan/options.ts";
import { GROUPS, parseProtocols } from "../plan/protocols.ts";
import { alternatives } from "../plan/values.ts";
import { again, type EarlierPlan } from "./earlier-plan.ts";
import { flagWords, readFlags } from "./flags.ts";
import type { ReadFile } from "./input-files.ts";
import { runOptions } from "./option-flags.ts";
import { type MetricsAddress, type Outputs, parseMetrics, parseOutputs } from "./output-flags.ts";
import { textOf } from "./read-flags.ts";
import { againstRuns, checkRepeated, earlierPlan, repetitions } from "./repeat-flags.ts";

/** A parsed command line. */
export interface Command {
  /** One run for each protocol, in the order of the report. */
  readonly runs: readonly LoadOptions[];
  /** How often the runs are made, one time after another. */
  readonly repeat: number;
  /** The same runs against a second target, which alternate with the others in each repetition. */
  readonly against: readonly LoadOptions[] | undefined;
  /** The flags as they were given, for the report. */
  readonly flags: readonly string[];
  readonly outputs: Outputs;
  /** Whether a run that is not valid has an exit status of its own. */
  readonly requireValid: boolean;
  readonly explain: boolean;
  /** Whether the run is kept for the lab's page. */
  readonly save: boolean;
  readonly metrics: MetricsAddress | undefined;
  readonly quiet: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

/**
 * Parses a command line. Throws a UsageError, which is one line for a person.
 * @param labPorts reads the ports of the lab on this machine, unless only the help or the version is asked for
 */
export function parseCommand(
  words: readonly string[],
  readFile: ReadFile,
  labPorts: () => LoadOptions["labPorts"] = () => undefined,
): Command {
  const given = readFlags(words);
  const [help, version] = [given.has("help"), given.has("version")];
  const earlier = earlierPlan(given, readFile);
  const proto = help || version ? PROTOCOLS : parseProto(textOf(given, "proto"), earlier);
  const options = runOptions(given, proto, readFile, help || version ? () => undefined : labPorts);
  const runs = earlier === undefined ? options : again(earlier, earlier.runs, options);
  const repeat = earlier?.repeat ?? repetitions(given, options[0]?.duration);
  checkRepeated(given, repeat);
  return {
    runs,
    against: againstRuns(given, runs, repeat) ?? (earlier?.against && again(earlier, earlier.against, options)),
    repeat,
    flags: flagWords(given),
    outputs: parseOutputs(given),
    requireValid: given.has("require-valid"),
    explain: given.has("explain"),
    save: given.has("save"),
    metrics: parseMetrics(given),
    quiet: given.has("quiet"),
    help,
    version,
  };
}

/** The protocols of the flag, or those of the earlier runs. */
function parseProto(text: string | undefined, earlier: EarlierPlan | undefined): readonly Protocol[] {
  if (text !== undefined) return parseProtocols(text);
  if (earlier !== undefined) return earlier.runs.map(({ options }) => options.protocol);
  throw new UsageError(`--proto is required: ${alternatives([...PROTOCOLS, ...Object.keys(GROUPS)])}`);
}
