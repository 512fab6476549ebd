/** A lab in another process: its memory does not include that of the test, and its end does not end the test. */
import type { Lab, LabOptions } from "../../../src/lab.ts";
import { FREE_PORTS } from "../../support/lab.ts";

const MODULE = new URL("../../../src/lab.ts", import.meta.url).pathname;

/** A lab in a process, whose relays can be reached over HTTP only; `stop` kills the process. */
export interface LabProcess extends Lab {
  readonly pid: number;
  readonly running: boolean;
  /** Stops the lab and resolves with the exit status of its process. */
  terminate(): Promise<number>;
}

/** Starts a lab with `options` on free ports in a new process; `wrap` is put before the command. */
export async function startLabProcess(
  options: Omit<LabOptions, "log"> = {},
  wrap: readonly string[] = [],
): Promise<LabProcess> {
  const program = `
    import { startLab } from ${JSON.stringify(MODULE)};
    const lab = await startLab(${JSON.stringify({ ...FREE_PORTS, ...options })});
    process.on("SIGTERM", () => lab.stop().then(() => process.exit(0)));
    console.log(JSON.stringify({ ports: lab.ports, host: lab.host }));
  `;
  const command = [...wrap, process.execPath, "-e", program];
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  if (!value) throw new Error(`the lab process exited with status ${await child.exited}`);
  const started: Pick<Lab, "ports" | "host"> = JSON.parse(new TextDecoder().decode(value));
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return {
    ...started,
    get relays(): never {
      throw new Error("the relays of a lab in another process can be reached over HTTP only");
    },
    pid: child.pid,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    terminate() {
      child.kill("SIGTERM");
      return child.exited;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
