/** Load runs and foreign senders over the lossy link, each with the link's log of every datagram. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabSummary, parseSummary } from "../../../src/load/measure/directions/session-summary.ts";
import { readReports } from "../../../src/load/report/files/json.ts";
import type { RunReport } from "../../../src/load/report/report.ts";
import { overLink } from "../../../test/support/lossy-link.ts";
import { type Path, TIMEOUT, WAIT } from "./paths.ts";
import { LAB, PORT, type Reflector, SENDER_SSID } from "./peers.ts";
import { type LoggedPacket, type Truth, truthOf } from "./truth.ts";

/** Starts the reflector in the server's namespace and waits until it listens. */
function startScript(command: string): string {
  return `
    ip netns exec $LINK_SERVER ${command} >/dev/null 2>&1 &
    timeout 20 bash -c 'until ip netns exec $LINK_SERVER ss -lun | grep -q :${PORT}; do sleep 0.05; done' || exit 124`;
}

/** Runs a script beside the link; returns its output and the link's log. */
async function logged(path: Path, seed: string, script: string): Promise<{ out: string; log: LoggedPacket[] }> {
  const folder = mkdtempSync(join(tmpdir(), "wirelab-"));
  const file = join(folder, "link.jsonl");
  try {
    const { out } = await overLink([...path.link, "--seed", seed, "--log", file], script);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    return { out, log: lines.map((line) => JSON.parse(line)) }; // the format of the program `link`
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Sends from the load generator to a reflector; returns the report and the truth. */
export async function measure(path: Path, seed: string, reflector: Reflector) {
  const { count, rate } = reflector.load;
  const flags = `--proto udp --rate ${rate} --count ${count} --timeout ${TIMEOUT}s --wait ${WAIT}s --seed ${seed}`;
  const script = `${startScript(reflector.command ?? "")}
    ip netns exec $LINK_CLIENT ${process.execPath} scripts/load.ts --quiet --json - \
      --target $LINK_SERVER_ADDRESS:${PORT} ${flags}`;
  const { out, log } = await logged(path, seed, script);
  const [report]: readonly RunReport[] = readReports(out) ?? [];
  if (report === undefined) throw new Error(`${path.name}, ${reflector.name}: no report`);
  return { report, truth: truthOf(log, PORT, { timeout: TIMEOUT, wait: WAIT }) };
}

/** Sends from a foreign sender to a lab; returns the sender's output, the lab's summary of its session, and the truth. */
export async function reflect(path: Path, seed: string, command: string) {
  const lab = LAB.command ?? "";
  const mark = "-- summary --";
  const script = `${startScript(lab)}
    ip netns exec $LINK_CLIENT ${command} 2>/dev/null
    echo '${mark}'
    ip netns exec $LINK_SERVER curl -s http://127.0.0.1:5000/sessions/${SENDER_SSID}
    echo`;
  const { out, log } = await logged(path, seed, script);
  const [output = "", json = ""] = out.split(mark);
  const summary: LabSummary | undefined = parseSummary(JSON.parse(json));
  const [session] = summary?.sessions ?? [];
  if (session === undefined) throw new Error(`${path.name}: the lab has no session of the sender`);
  const truth: Truth = truthOf(log, PORT, { timeout: WAIT, wait: WAIT });
  return { output, session, truth };
}
