/** The lab as a process. */
import { CLASSICS } from "../../src/base/protocol.ts";
import type { Ports } from "../../src/servers/listeners.ts";
import { until } from "./until.ts";

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;
const ROOT = new URL("../..", import.meta.url).pathname;

/** Most time for the start of a process on a busy machine, ms. */
export const START_LIMIT_MS = 20_000;

/** A process of src/main.ts. */
export interface LabProcess extends AsyncDisposable {
  readonly pid: number;
  /** The ports of its log line "wirelab listens". */
  readonly ports: Ports;
  /** The standard output and error so far. */
  readonly out: string;
  readonly err: string;
  readonly exited: Promise<number>;
  readonly running: boolean;
  signal(name: "SIGINT" | "SIGTERM"): void;
}

/** The environment of the process, without the variables of the environment in which the tests run. */
function cleanEnvironment(env: Readonly<Record<string, string>>) {
  return { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...env };
}

function spawn(command: readonly string[], env: Readonly<Record<string, string>>) {
  const child = Bun.spawn([...command], {
    cwd: ROOT,
    env: cleanEnvironment(env),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const written = { out: "", err: "" };
  const follow = async (stream: ReadableStream<Uint8Array>, to: "out" | "err") => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) written[to] += decoder.decode(chunk, { stream: true });
  };
  const followed = Promise.all([follow(child.stdout, "out"), follow(child.stderr, "err")]);
  return { child, written, followed };
}

/** Runs a script of the repository, by its path from the root, until it exits by itself. */
export async function runScript(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { child, written, followed } = spawn([process.execPath, script, ...args], env);
  const status = await child.exited;
  await followed;
  return { status, ...written };
}

/** Runs src/main.ts until it exits by itself. */
export function runMain(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runScript(MAIN, args, env);
}

/** Starts src/main.ts on free ports and waits until it listens; `wrap` is put before the command. */
export async function startMain(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  wrap: readonly string[] = [],
): Promise<LabProcess> {
  const ports = [...CLASSICS.flatMap((protocol) => [`--${protocol}-port`, "0"]), "--tls", "off"];
  const { child, written } = spawn([...wrap, process.execPath, MAIN, ...ports, ...args], env);
  const line = await until(
    () => written.out.split("\n").find((line) => line.includes("wirelab listens")),
    "the process listens",
    START_LIMIT_MS,
  ).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw new Error(`${error}\n${written.out}${written.err}`);
  });
  return {
    pid: child.pid,
    ports: JSON.parse(line),
    get out() {
      return written.out;
    },
    get err() {
      return written.err;
    },
    exited: child.exited,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    signal: (name) => child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
