/** What the load command uses of its process. */
import type { ProcessUsage } from "../../base/kernel.ts";
import type { Variables } from "../../base/variables.ts";
import type { Screen } from "../report/text/screen.ts";
import type { OpenRelay } from "../send/relays/relay-path.ts";
import type { ReadFile } from "./input-files.ts";
import type { CheckWritable, WriteFile } from "./outputs.ts";
import type { RunKeeper } from "./saved-runs.ts";

/** The parts of the process that the command uses. */
export interface CommandEnvironment {
  /** Writes to standard output. */
  readonly out: (text: string) => Promise<void>;
  /** The width of standard output or of standard error, and whether it shows colours. */
  readonly screen: (stream: "stdout" | "stderr") => Screen;
  /** Writes progress and errors. */
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal whose lines can be rewritten. */
  readonly terminal: boolean;
  /** Width of the terminal. */
  readonly columns: () => number;
  readonly readFile: ReadFile;
  readonly checkWritable: CheckWritable;
  readonly writeFile: WriteFile;
  /** Registers a callback for each Ctrl-C. */
  readonly onInterrupt: (callback: () => void) => void;
  /** Ends the process. */
  readonly exit: (status: number) => void;
  readonly usage: () => ProcessUsage;
  readonly build: { readonly version: string; readonly bun_version: string };
  /** The commit of the build, if it is known. */
  readonly commit?: string | undefined;
  /** Where runs are kept; undefined if no place is configured. */
  readonly save: RunKeeper | undefined;
  /** Starts the relay of `--via`. */
  readonly openRelay?: OpenRelay | undefined;
  /** The environment variables. */
  readonly variables: Variables;
  /** Default of `--metrics-host`. */
  readonly metricsHost: string;
}
