/** The lossy link that knows what it did (../shared/rig/link beside the repository): a lab on one side, a run on the other. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunReport } from "../../../src/load/report.ts";

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

/** A second observer: sends a datagram, waits for its answer, and prints the median round trip in s to standard error. */
const PING_PONG = `
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("10.98.0.2", 7000))
s.settimeout(1)
trips = []
for _ in range(60):
    time.sleep(0.005)
    sent = time.monotonic()
    s.send(b"Hello UDP 7")
    s.recv(100)
    trips.append(time.monotonic() - sent)
print("median round trip", sorted(trips)[30], file=sys.stderr)
`;

/** What went over the link, and what the run said about it. */
export interface Crossing {
  /** The round trip that another program saw on the same link, s; NaN where it was not asked. */
  readonly pingPong: number;
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

/** Runs a lab behind the link with these options, and the load command with those before it; first another observer. */
export async function cross(link: readonly string[], load: readonly string[], observe = false): Promise<Crossing> {
  const bun = process.execPath;
  const script = `
    ip netns exec server ${bun} src/main.ts --host 0.0.0.0 --log-level error >/dev/null & lab=$!
    until ip netns exec server bash -c ': < /dev/tcp/10.98.0.2/5000' 2>/dev/null; do sleep 0.05; done
    ${observe ? 'ip netns exec client python3 -c "$PING_PONG"' : ""}
    ip netns exec client ${bun} scripts/load.ts --quiet --target 10.98.0.2 --json - ${load.join(" ")}
    kill $lab; wait $lab; exit 0`;
  const child = Bun.spawn(["flock", LOCK, LINK, ...link, "--", "bash", "-c", script], {
    cwd: ROOT,
    env: { ...process.env, PING_PONG },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const lines = out.trimEnd().split("\n");
  const ledger = JSON.parse(lines.pop() ?? "null");
  const report = lines.join("\n");
  if (report === "") throw new Error(`no report: ${errors}`);
  const parsed: RunReport | RunReport[] = JSON.parse(report);
  const pingPong = Number(/median round trip ([\d.]+)/.exec(errors)?.[1]);
  return { pingPong, reports: Array.isArray(parsed) ? parsed : [parsed], up: ledger.up, down: ledger.down };
}
