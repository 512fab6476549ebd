/** The options of the soak, from its arguments. */
import { parseArgs } from "node:util";
import { messageOf } from "../../src/base/message.ts";
import { readDuration, readNumber } from "../../src/load/plan/values.ts";

/** The text of `--help`. */
export const HELP = `soak: keeps a lab under load while its faults change, and checks that it balances and holds its memory

usage: bun run soak [flags]

  --duration TIME   how long the load lasts: 10m (default), 60s. At least 10s
  --rate N          packets a second of each of HTTP, TCP and UDP. Default: a third of the maximum, measured at the start
                    with all three at the same time
  --memory SIZE     runs the lab in a control group with this memory limit: 512M, 1G (root, Linux)
  --starts N        how often a lab is started and stopped in one process afterwards. Default: 1000, and 200 if
                    --duration is less than 5m
  --seed N          repeats the changes of the faults (1)

It starts a lab in a process of its own, sends HTTP, TCP and UDP with the load command, changes the faults ten times a
second, scrapes /metrics every second, keeps viewers of /live open of which some never read, and starts runs as the page
does. Afterwards every report has to balance and to agree with the counters of the lab, and the memory, descriptors and
queues of the lab have to be back. The last line has the result.

exit status: 0 passed · 1 failed · 2 bad usage · 130 interrupted; the last line has what was measured until then

examples:
  bun run soak
  bun run soak --duration 60s
  bun run soak --memory 512M --rate 3000
`;

/** The options with their defaults. */
export interface SoakOptions {
  readonly seconds: number;
  /** Packets a second of each protocol; undefined for a third of the maximum. */
  readonly rate: number | undefined;
  /** Octets; undefined without a limit. */
  readonly memory: number | undefined;
  readonly starts: number;
  readonly seed: number;
}

/** Arguments that cannot be used; the message is one line. */
export class SoakUsageError extends Error {
  override readonly name = "SoakUsageError";
}

const LEAST_SECONDS = 10;
const LONG_SECONDS = 300;
/** Below it, a lab with its page does not start. */
const LEAST_MEMORY = 128 * 2 ** 20;
const MOST_RATE = 1e6;
const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** A size such as `512M`, in octets; undefined for any other text. */
export function readSize(text: string): number | undefined {
  const [, number, unit = "K"] = /^(\d+)([KMG])$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (UNITS[unit] ?? 1);
}

/** Throws SoakUsageError unless `value` is in the range. */
function within(
  flag: string,
  text: string,
  value: number | undefined,
  [least, most]: readonly [number, number],
): number {
  if (value !== undefined && value >= least && value <= most) return value;
  const allowed = {
    duration: `a time from ${least}s, such as 60s or 10m`,
    memory: "a size from 128M, such as 512M or 1G",
    rate: `a number from ${least} to ${most}`,
  }[flag];
  throw new SoakUsageError(
    `--${flag} ${text}: not allowed; allowed: ${allowed ?? `a whole number from ${least} to ${most}`}`,
  );
}

function parseFlags(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = { duration: text, rate: text, memory: text, starts: text, seed: text } as const;
  try {
    return parseArgs({ args: [...args], options: { ...options, help: { type: "boolean", short: "h" } } }).values;
  } catch (error) {
    const problem = messageOf(error).split(". ")[0];
    throw new SoakUsageError(
      `${problem}; allowed: ${Object.keys(options)
        .map((name) => `--${name}`)
        .join(", ")}`,
    );
  }
}

/** The options, or "help". Throws SoakUsageError. */
export function readOptions(args: readonly string[]): SoakOptions | "help" {
  const { help, duration = "10m", rate, memory, starts, seed = "1" } = parseFlags(args);
  if (help) return "help";
  const whole = (value: string) => (/^\d+$/.test(value) ? Number(value) : undefined);
  const seconds = within("duration", duration, readDuration(duration), [LEAST_SECONDS, 7 * 86_400]);
  const usualStarts = seconds < LONG_SECONDS ? 200 : 1000;
  return {
    seconds,
    rate: rate === undefined ? undefined : within("rate", rate, readNumber(rate), [1, MOST_RATE]),
    memory:
      memory === undefined
        ? undefined
        : within("memory", memory, readSize(memory), [LEAST_MEMORY, Number.MAX_SAFE_INTEGER]),
    starts: starts === undefined ? usualStarts : within("starts", starts, whole(starts), [0, 1e6]),
    seed: within("seed", seed, whole(seed), [0, 2 ** 32 - 1]),
  };
}
