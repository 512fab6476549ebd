/** Runs the commands of a document as a reader would type them, beside a lab on its default ports. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** Returns whether this process can create a network namespace, in which the default ports are free; if not, prints why. */
export function canRunTyped(document: string): boolean {
  const command = ["unshare", "--net", "ip", "link", "set", "lo", "up"];
  const can = process.platform === "linux" && Bun.spawnSync(command).exitCode === 0;
  if (!can) console.warn(`SKIPPED: the commands of ${document} need root, unshare and ip (Linux) for free ports`);
  return can;
}

/** A command with its exit status and what it printed. */
export interface Outcome {
  readonly line: string;
  readonly status: number;
  readonly output: string;
}

/** The commands to run. */
export interface TypedCommands {
  /** The command that starts the lab; undefined if the commands start one themselves. */
  readonly lab?: string | undefined;
  /** Lines before the commands, without an outcome: definitions of functions. */
  readonly prelude?: string;
  /** Each runs after the one before. */
  readonly inOrder: readonly string[];
  /** These run at the same time, after the others. */
  readonly together?: readonly string[];
}

const START = "until curl -sf localhost:5000/readyz >/dev/null; do sleep 0.05; done";

/** The script of the commands, which writes output and status of the command `i` to the files `i` and `i.status`. */
function scriptOf({ lab, prelude = "", inOrder, together = [] }: TypedCommands, folder: string): string {
  const run = (line: string, i: number) => `{ ${line}\n} >${folder}/${i} 2>&1; echo $? >${folder}/${i}.status`;
  return `
    ip link set lo up
    ${lab === undefined ? "lab=" : `${lab} >${folder}/dev 2>&1 & lab=$!\n${START}`}
    ${prelude}
    ${inOrder.map(run).join("\n")}
    ${together.map((line, i) => `(${run(line, inOrder.length + i)}) &`).join("\n")}
    ${together.length > 0 ? 'for job in $(jobs -p); do [ "$job" = "$lab" ] || wait $job; done' : ""}
    kill $(jobs -p); wait`;
}

/** Runs the commands in a network namespace of their own, from the root of the repository. */
export async function runTyped(commands: TypedCommands): Promise<Outcome[]> {
  const folder = await mkdtemp(join(tmpdir(), "typed-"));
  try {
    const script = scriptOf(commands, folder);
    await Bun.spawn(["unshare", "--net", "--kill-child", "bash", "-c", script], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "ignore"],
    }).exited;
    const outcome = async (line: string, i: number): Promise<Outcome> => ({
      line,
      status: Number(await Bun.file(`${folder}/${i}.status`).text()),
      output: await Bun.file(`${folder}/${i}`).text(),
    });
    return await Promise.all([...commands.inOrder, ...(commands.together ?? [])].map(outcome));
  } finally {
    await rm(folder, { recursive: true });
  }
}
