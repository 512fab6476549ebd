/** A memory limit for a process: a control group of its own. */
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";

/** A control group with a memory limit; disposing removes it after its processes have ended. */
export interface MemoryLimit extends Disposable {
  /** Put before the command of a process, moves that process into the group. */
  readonly wrap: readonly string[];
}

/** The folder of control groups and the file of their memory limit, of version 2 and of version 1. */
const VERSIONS = [
  ["/sys/fs/cgroup", "memory.max"],
  ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
] as const;

/** Makes a control group that may take `bytes`; undefined, with a line that says why, where that is not possible. */
export function limitMemory(bytes: number): MemoryLimit | undefined {
  let problem: unknown;
  for (const [root, file] of VERSIONS) {
    const folder = `${root}/wirelab-${process.pid}-${Math.random().toString(36).slice(2)}`;
    try {
      mkdirSync(folder);
      // The file exists already if the folder is a control group: a plain folder, in which it would be made, limits nothing.
      writeFileSync(`${folder}/${file}`, `${bytes}`, { flag: "r+" });
      return {
        wrap: ["sh", "-c", `echo $$ > ${folder}/cgroup.procs; exec "$@"`, "sh"],
        [Symbol.dispose]: () => removeFolder(folder),
      };
    } catch (error) {
      problem = error;
      removeFolder(folder);
    }
  }
  console.warn(`SKIPPED: the memory limit of a control group: ${problem instanceof Error ? problem.message : problem}`);
  return undefined;
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // it does not exist, or the kernel has not removed its processes yet
  }
}
