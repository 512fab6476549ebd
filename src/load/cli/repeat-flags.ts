/** The flags of repeated runs: `--repeat` with a number or a report, and `--against`. */
import { UsageError } from "../plan/errors.ts";
import type { LoadOptions } from "../plan/options.ts";
import { checkTarget } from "../plan/protocols.ts";
import { parseNumber, readNumber } from "../plan/values.ts";
import { isLabRelay } from "../plan/via.ts";
import { type EarlierPlan, readEarlierPlan } from "./earlier-plan.ts";
import type { GivenFlags } from "./flags.ts";
import type { ReadFile } from "./input-files.ts";
import { textOf } from "./read-flags.ts";

const MAX_REPEAT = 100;

/** The plan of the report that `--repeat` names; undefined for a number, and without the flag. Throws a UsageError. */
export function earlierPlan(given: GivenFlags, readFile: ReadFile): EarlierPlan | undefined {
  const text = textOf(given, "repeat");
  return text === undefined || isNumber(text) ? undefined : readEarlierPlan(text, readFile);
}

/** Whether the text is a number, which can be negative, and not the name of a file. */
function isNumber(text: string): boolean {
  return /^[-\d.]/.test(text) && readNumber(text.replace("-", "")) !== undefined;
}

/** The number of `--repeat`; 1 without the flag. Throws a UsageError, also for a run that has no end. */
export function repetitions(given: GivenFlags, duration: number | undefined): number {
  const text = textOf(given, "repeat");
  if (text === undefined) return 1;
  const repeat = parseNumber("repeat", text);
  if (!(Number.isInteger(repeat) && repeat >= 2 && repeat <= MAX_REPEAT)) {
    throw new UsageError(`--repeat ${text}: expected a whole number from 2 to ${MAX_REPEAT}`);
  }
  if (duration === Number.POSITIVE_INFINITY && !given.has("count")) {
    throw new UsageError("--repeat and --duration forever exclude each other: the first run would not end");
  }
  return repeat;
}

/** Throws a UsageError for a flag that a repeated run cannot have. */
export function checkRepeated(given: GivenFlags, repeat: number): void {
  if (repeat === 1 || !given.has("packets")) return;
  throw new UsageError("--repeat and --packets exclude each other: the file has the packets of one run");
}

/**
 * The runs of `--against`; undefined without the flag. `--control` is that of `--target`, unless it disables the session
 * summary. Throws a UsageError.
 */
export function againstRuns(
  given: GivenFlags,
  runs: readonly LoadOptions[],
  repeat: number,
): readonly LoadOptions[] | undefined {
  const target = textOf(given, "against");
  if (target === undefined) return undefined;
  const via = textOf(given, "via");
  if (via !== undefined && isLabRelay(via))
    throw new UsageError(`--via ${via} and --against exclude each other: the relay has one target behind it`);
  if (repeat === 1) throw new UsageError("--against requires --repeat");
  checkTarget(
    "against",
    target,
    runs.map(({ protocol }) => protocol),
  );
  return runs.map(({ control, ...options }) => ({ ...options, target, ...(control === false ? { control } : {}) }));
}
