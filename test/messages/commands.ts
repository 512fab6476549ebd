/** Runs the command lines of the expectation files, as processes or, to save time, as function calls. */
import { version } from "../../package.json";
import { processUsage } from "../../src/base/kernel.ts";
import { ConfigError, readCommand } from "../../src/config.ts";
import { runCommand } from "../../src/load/cli/command.ts";
import { PLAIN } from "../../src/load/report/text/screen.ts";
import { runScript } from "../support/process.ts";
import { nameLines, wordsOf } from "./transcript.ts";

/** The exit status and the output of a command. */
interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** What src/main.ts does with valid arguments. */
type Verdict = (typeof VERDICTS)[keyof typeof VERDICTS];
const VERDICTS = { run: "accepted", help: "prints the help", version: "prints the version" } as const;

type Variables = Readonly<Record<string, string>>;

/** `main`: parses the arguments and variables as src/main.ts does, and prints an error as src/main.ts prints it. */
function readHere(words: readonly string[], variables: Variables): Outcome | Verdict {
  try {
    const command = readCommand(words, variables);
    if (command.kind !== "run" || command.warnings.length === 0) return VERDICTS[command.kind];
    return { status: 0, out: "", err: command.warnings.map((line) => `${line}\n`).join("") };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { status: 2, out: "", err: `wirelab: ${error.message}\n` };
  }
}

/** `load`: the load command without access to files. */
async function loadHere(words: readonly string[], variables: Variables): Promise<Outcome> {
  const said = { out: "", err: "" };
  const noFile = () => {
    throw new Error("a case that uses a file has to run as a process");
  };
  const command = runCommand(words, {
    out: async (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    screen: () => PLAIN,
    terminal: false,
    columns: () => 80,
    readFile: noFile,
    checkWritable: noFile,
    writeFile: noFile,
    onInterrupt() {},
    exit() {},
    usage: processUsage,
    build: { version, bun_version: Bun.version },
    save: undefined,
    variables,
    metricsHost: "127.0.0.1",
  });
  const status = await command.catch((error: unknown) => {
    said.err += `uncaught ${error}\n`;
    return 1; // the status with which Bun ends a process for an uncaught error
  });
  return { status, ...said };
}

function run(words: readonly string[], variables: Variables): Outcome | Verdict | Promise<Outcome> {
  const [program = "", ...rest] = words;
  if (program === "main") return readHere(rest, variables);
  if (program === "load") return loadHere(rest, variables);
  const [script = "", ...flags] = rest;
  if (program !== "bun" || !/\.ts$/.test(script)) throw new Error(`"${program} ${script}" is no known command`);
  return runScript(script, flags, variables);
}

/** A report without the numbers that vary: its seed, its tables and its error counts. */
function withoutTable(text: string): string {
  return text
    .replace(/(settings: .*?seed) \d+/s, (_, settings: string) => `${settings.replace(/\s+/g, " ")} {number}`)
    .replace(/^sent .*?\n\n/ms, "{table}\n\n")
    .replace(/× \d+/g, "× {number}");
}

/** Runs `line`, which may begin with variables as in `WIRELAB_SEED=x main`; returns the lines of its case. */
export async function runCommandLine(line: string): Promise<string[]> {
  const words = wordsOf(line);
  const count = words.findIndex((word) => !/^[A-Z0-9_]+=/.test(word));
  const variables = words.slice(0, count).map((word) => [word.replace(/=.*/, ""), word.replace(/^[A-Z0-9_]+=/, "")]);
  const outcome = await run(words.slice(count), Object.fromEntries(variables));
  if (typeof outcome === "string") return [outcome];
  const { status, out, err } = outcome;
  return [`status ${status}`, ...nameLines("stdout", withoutTable(out)), ...nameLines("stderr", err)];
}
