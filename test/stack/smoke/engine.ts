/** Finds a Docker engine: that of the machine, or one with local replacements for the images. */
import { join } from "node:path";
import { Shell } from "./shell.ts";

/** An engine and the command of compose. */
export interface Engine {
  readonly shell: Shell;
  readonly compose: readonly string[];
  /** A description for the report. */
  readonly name: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Returns the command of `docker-compose` 1.29 or `docker compose` v2, whichever is installed. */
async function findCompose(shell: Shell): Promise<readonly string[] | undefined> {
  const commands = [["docker-compose"], ["docker", "compose"]];
  for (const command of commands) {
    const [program = ""] = command;
    if (Bun.which(program) && (await shell.run(...command, "version")).status === 0) return command;
  }
  return undefined;
}

async function usable(shell: Shell, name: string, dispose: () => Promise<void>): Promise<Engine | undefined> {
  if (!Bun.which("docker") || (await shell.run("docker", "info")).status !== 0) return undefined;
  const compose = await findCompose(shell);
  return compose && { shell, compose, name, [Symbol.asyncDispose]: dispose };
}

/**
 * Returns the engine of the machine if it runs. Otherwise, if there is a script for it next to the repository, starts an
 * engine with local replacements for `images`, and stops it afterwards. Undefined if there is neither.
 */
export async function findEngine(root: string, images: readonly string[]): Promise<Engine | undefined> {
  const shell = new Shell(root, process.env);
  const own = await usable(shell, "this machine's engine", async () => {});
  if (own) return own;
  const script = join(root, "..", "shared", "containers", "engine");
  if (!(await Bun.file(script).exists())) return undefined;
  const { status, output } = await shell.run(script, "up", ...images);
  if (status !== 0) throw new Error(`${script} up ended with ${status}:\n${output}`);
  const host = /DOCKER_HOST=(\S+)/.exec(await shell.read(script, "env"))?.[1] ?? "";
  return usable(shell.with({ DOCKER_HOST: host }), "an engine with local replacements for the images", async () => {
    if (process.env.KEEP_ENGINE !== "1") await shell.run(script, "down");
  });
}
