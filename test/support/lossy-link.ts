/** Load runs over a lossy link (the program `link`), each with the link's own account of every packet. */
import { join } from "node:path";
import type { RunReport } from "../../src/load/report/report.ts";

const ROOT = join(import.meta.dir, "../..");
const LINK = join(import.meta.dir, "link");
const PING_PONG = join(import.meta.dir, "ping_pong.py");

/** What the link did to the packets of one protocol in one direction. */
export interface Counts {
  readonly sent: number;
  readonly lost: number;
  /** Copies added to the packets sent. */
  readonly duplicated: number;
  /** Datagrams with an inverted bit. */
  readonly corrupted: number;
  /** Packets whose first copy was delivered after a packet that was sent later. */
  readonly reordered: number;
  /** Packets and copies that the other end received: sent - lost + duplicated, unless some are undelivered. */
  readonly delivered: number;
  readonly undelivered: number;
}

/** The link's account: counts by protocol (`udp`, `tcp`, `icmp`) in each direction. */
export interface LinkAccount {
  readonly up: Readonly<Record<string, Counts>>;
  readonly down: Readonly<Record<string, Counts>>;
  /** Packets that a full device queue dropped before the link read them. */
  readonly overflows: { readonly up: number; readonly down: number };
}

/** The load run's exit status and reports, and the link's account of the same packets. */
export interface Crossing extends LinkAccount {
  readonly status: number;
  readonly reports: readonly RunReport[];
}

/** Returns whether tests over the link can run; where they cannot, prints why. */
export function linkRuns(): boolean {
  const probe = Bun.spawnSync([LINK, "--", "true"], { stdout: "ignore", stderr: "pipe" });
  if (!probe.success) console.warn(`SKIPPED: tests over the lossy link: ${probe.stderr.toString().trim()}`);
  return probe.success;
}

/** Exit statuses from here on are failures of the link, of `timeout` or of the shell, not of the script's last command. */
const FIRST_FAILURE = 124;

/** What a script beside the link printed, its exit status, and the link's account. */
export interface LinkRun {
  readonly out: string;
  readonly status: number;
  readonly account: LinkAccount;
}

/** Runs a shell script, which has to print something, beside the link; throws if it cannot be run. */
export async function overLink(link: readonly string[], script: string): Promise<LinkRun> {
  const child = Bun.spawn([LINK, ...link, "--", "bash", "-c", script], { cwd: ROOT, stdout: "pipe", stderr: "pipe" });
  const [text, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const status = await child.exited;
  const lines = text.trimEnd().split("\n");
  if (status >= FIRST_FAILURE || lines.length < 2)
    throw new Error(`the link's command ended with ${status}: ${errors}`);
  const account: LinkAccount = JSON.parse(lines.pop() ?? "");
  return { out: lines.join("\n"), status, account };
}

/** The commands that start a program at the server's end and wait until it listens on the port. */
function serve(program: string, port: number): string {
  return `
    ip netns exec $LINK_SERVER ${program} >/dev/null &
    timeout 10 bash -c 'until ip netns exec $LINK_SERVER ss -lntu | grep -q :${port}; do sleep 0.05; done' || exit`;
}

const START_LAB = serve(`${process.execPath} src/main.ts --host 0.0.0.0 --log-level error`, 5000);

/** The load command at the client's end. */
function loadCommand(load: readonly string[]): string {
  const command = `${process.execPath} scripts/load.ts --quiet --target $LINK_SERVER_ADDRESS --json -`;
  return `ip netns exec $LINK_CLIENT ${command} ${load.join(" ")}`;
}

/** Runs a lab at one end of the link and, at the other, the load command with the arguments `load`. */
export async function cross(link: readonly string[], load: readonly string[]): Promise<Crossing> {
  const { out, status, account } = await overLink(link, `${START_LAB}\n${loadCommand(load)}`);
  const parsed: RunReport | RunReport[] = JSON.parse(out);
  return { reports: Array.isArray(parsed) ? parsed : [parsed], status, ...account };
}

/**
 * Runs the load command for one protocol, and at the same time over the same link a minimal UDP client, whose `count`
 * round trips take the link's delay and what the link program and a busy machine add to it. Returns the report and
 * the minimal client's median, in seconds.
 */
export async function crossBesideMinimal(link: readonly string[], load: readonly string[], count: number) {
  const ping = `ip netns exec $LINK_CLIENT python3 ${PING_PONG} ping $LINK_SERVER_ADDRESS 9999 ${count}`;
  const script = `${START_LAB}${serve(`python3 ${PING_PONG} echo 9999`, 9999)}
    ${ping} & minimal=$!
    report=$(${loadCommand(load)})
    wait $minimal && echo "$report"`;
  const { out } = await overLink(link, script);
  const end = out.indexOf("\n");
  const report: RunReport = JSON.parse(out.slice(end));
  return { minimal: Number(out.slice(0, end)), report };
}
