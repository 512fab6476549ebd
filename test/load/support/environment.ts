/** An environment of the load command in memory. */
import type { CommandEnvironment } from "../../../src/load/cli/environment.ts";

/** An environment that records what the command does. */
export function recordingEnvironment(files: Record<string, string> = {}) {
  const interrupts: (() => void)[] = [];
  const recorded = {
    out: "",
    err: "",
    files: { ...files },
    exits: [] as number[],
    interrupt: () => {
      for (const call of interrupts) call();
    },
  };
  const environment: CommandEnvironment = {
    out: async (text) => {
      recorded.out += text;
    },
    err: (text) => {
      recorded.err += text;
    },
    screen: () => ({ columns: 80, colour: false }),
    terminal: false,
    columns: () => 100,
    readFile: (path) => {
      const content = recorded.files[path];
      if (content === undefined) throw new Error("no such file");
      return Buffer.from(content);
    },
    checkWritable: (path) => {
      if (path.startsWith("/missing/")) throw new Error("ENOENT: no such file or directory");
    },
    writeFile: (path, text, append) => {
      if (path.startsWith("/full/")) throw new Error("ENOSPC: no space left on device");
      recorded.files[path] = append ? (recorded.files[path] ?? "") + text : text;
    },
    onInterrupt: (callback) => void interrupts.push(callback),
    exit: (status) => void recorded.exits.push(status),
    usage: () => ({ userSeconds: 1, systemSeconds: 2, residentBytes: 3, openFiles: 4, maxFiles: 5, startTime: 6 }),
    build: { version: "1.2.3", bun_version: "4.5.6" },
    save: undefined,
    variables: {},
    metricsHost: "127.0.0.1",
  };
  return { recorded, environment };
}
