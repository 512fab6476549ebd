/** The lossy link that knows what it did (../shared/rig/link beside the repository): a lab on one side, a run on the other. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunReport } from "../../../src/load/report/report.ts";

const ROOT = join(import.meta.dir, "../../..");
const LINK = join(ROOT, "../shared/rig/link");
/** The link's namespaces have fixed names: one link at a time on a machine. */
const LOCK = "/tmp/wirelab-link.lock";

/** What the link did to the packets of one protocol, one way. */
export interface Way {
  readonly sent: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
}

/** What went over the link, and what the run said about it. */
export interface Crossing {
  readonly reports: readonly RunReport[];
  readonly up: Readonly<Record<string, Way>>;
  readonly down: Readonly<Record<string, Way>>;
}

function cannotRun(): string | undefined {
  if (!existsSync(LINK)) return `${LINK} is not there`;
  const tried = Bun.spawnSync(["flock", LOCK, LINK, "--", "true"], { stderr: "pipe", stdout: "pipe" });
  return tried.success ? undefined : `the link cannot run here: ${tried.stderr.toString().trim().split("\n").at(-1)}`;
}

/** Whether tests over the link can run; says so on standard error where they cannot. */
export function linkRuns(): boolean {
  const reason = cannotRun();
  if (reason !== undefined) console.warn(`SKIPPED: tests over the lossy link: ${reason}`);
  return reason === undefined;
}

/** A plain program's median round trip over a link with these options, s: what the link adds to what it was set to. */
export async function plainRoundTrip(link: readonly string[], count: number): Promise<number> {
  const program = `python3 ${import.meta.dir}/ping_pong.py`;
  const script = `
    ip netns exec server ${program} echo 9999 & echo=$!
    until ip netns exec server ss -lun | grep -q :9999; do sleep 0.05; done
    ip netns exec client ${program} ping 10.98.0.2 9999 ${count}
    kill $echo; wait $echo 2>/dev/null; exit 0`;
  const [median = ""] = (await overLink(link, script)).split("\n");
  return Number(median);
}

/** Runs a lab behind the link with these options, and the load command with those before it. */
export async function cross(link: readonly string[], load: readonly string[]): Promise<Crossing> {
  const bun = process.execPath;
  const script = `
    ip netns exec server ${bun} src/main.ts --host 0.0.0.0 --log-level error >/dev/null & lab=$!
    until ip netns exec server bash -c ': < /dev/tcp/10.98.0.2/5000' 2>/dev/null; do sleep 0.05; done
    ip netns exec client ${bun} scripts/load.ts --quiet --target 10.98.0.2 --json - ${load.join(" ")}
    kill $lab; wait $lab; exit 0`;
  const lines = (await overLink(link, script)).trimEnd().split("\n");
  const ledger = JSON.parse(lines.pop() ?? "null");
  const report = lines.join("\n");
  const parsed: RunReport | RunReport[] = JSON.parse(report);
  return { reports: Array.isArray(parsed) ? parsed : [parsed], up: ledger.up, down: ledger.down };
}

/** Runs a shell script beside the link; gives what it printed and, on the last line, the link's ledger. */
async function overLink(link: readonly string[], script: string): Promise<string> {
  const child = Bun.spawn(["flock", LOCK, LINK, ...link, "--", "bash", "-c", script], {
    cwd: ROOT,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if (out.trimEnd().split("\n").length < 2) throw new Error(`nothing came over the link: ${errors}`);
  return out;
}
