/** A lab in another process: its memory does not include that of the test. */
import type { Lab, LabOptions } from "../../../src/lab.ts";
import { FREE_PORTS } from "../../support/lab.ts";

const MODULE = new URL("../../../src/lab.ts", import.meta.url).pathname;

/** Starts a lab with `options` on free ports in a new process. `stop` kills the process. */
export async function startLabProcess(options: Omit<LabOptions, "log"> = {}): Promise<Lab> {
  const program = `
    import { startLab } from ${JSON.stringify(MODULE)};
    const { ports, host } = await startLab(${JSON.stringify({ ...FREE_PORTS, ...options })});
    console.log(JSON.stringify({ ports, host }));
  `;
  const child = Bun.spawn([process.execPath, "-e", program], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  if (!value) throw new Error(`the lab process exited with status ${await child.exited}`);
  const started: Pick<Lab, "ports" | "host"> = JSON.parse(new TextDecoder().decode(value));
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return { ...started, stop, [Symbol.asyncDispose]: stop };
}
