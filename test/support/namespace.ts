/** Scripts in a network namespace of their own, with packet filter rules. */
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

function inNamespace(script: string): string[] {
  return ["unshare", "--net", "bash", "-ec", `ip link set lo up; ${script}`];
}

/** Returns whether tests with packet filter rules can run; where they cannot, prints why. */
export function filtersRun(): boolean {
  try {
    const probe = Bun.spawnSync(
      inNamespace("iptables -A OUTPUT -m statistic --mode nth --every 2 --packet 0 -j DROP"),
      {
        stderr: "pipe",
      },
    );
    if (!probe.success) console.warn(`SKIPPED: tests with packet filter rules: ${probe.stderr.toString().trim()}`);
    return probe.success;
  } catch (error) {
    console.warn(`SKIPPED: tests with packet filter rules: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

/** What a script printed, and its exit status. */
export interface ScriptResult {
  readonly out: string;
  readonly status: number;
}

/** Runs a shell script in a new network namespace, from the root of the repository; `$BUN` is the runtime. */
export async function runInNamespace(script: string): Promise<ScriptResult> {
  const env = { ...process.env, BUN: process.execPath };
  const child = Bun.spawn(inNamespace(script), { cwd: ROOT, env, stdout: "pipe", stderr: "inherit" });
  const out = await new Response(child.stdout).text();
  return { out, status: await child.exited };
}
