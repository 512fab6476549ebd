/** A lab in a process of its own that measures how long a request holds its event loop. */
import type { LabOptions } from "../../../src/lab.ts";
import type { Ports } from "../../../src/servers/listeners.ts";

const PROGRAM = new URL("turn-clock.ts", import.meta.url).pathname;

/** A lab whose turns of the event loop are measured. */
export interface WatchedLab extends AsyncDisposable {
  readonly ports: Ports;
  /** The longest turn of the lab's event loop during `action`, in ms of processor time, which other processes do not change. */
  longestTurn(action: () => Promise<unknown>): Promise<number>;
}

/** Starts such a lab. */
export async function startWatchedLab(options: Omit<LabOptions, "log"> = {}): Promise<WatchedLab> {
  const waiting: ((message: unknown) => void)[] = [];
  const next = () => new Promise<unknown>((resolve) => waiting.push(resolve));
  const started = next();
  const child = Bun.spawn([process.execPath, PROGRAM, JSON.stringify(options)], {
    ipc: (message) => waiting.shift()?.(message),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ended = child.exited.then((status) => {
    throw new Error(`the lab process exited with status ${status}`);
  });
  const ports = (await Promise.race([started, ended])) as Ports; // the program's first message
  void ended.catch(() => {});
  return {
    ports,
    async longestTurn(action) {
      child.send("start");
      await action();
      const longest = next();
      child.send("end");
      return Number(await Promise.race([longest, ended]));
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
