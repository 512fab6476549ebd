/** Runs, files and logs for the tests of kept runs. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { createLog } from "../../src/base/log.ts";
import { runLoad } from "../../src/load/run.ts";
import { detailOf } from "../../src/runs/detail.ts";
import { startTestLab } from "../support/lab.ts";
import { temporaryFolder } from "../support/temporary.ts";

/** The path of a file that does not exist, in a directory of its own. */
export function newPath(): string {
  return join(temporaryFolder(), "runs.sqlite");
}

/** A log and the lines written to it. */
export function collectLog() {
  const lines: string[] = [];
  return { lines, log: createLog({ level: "info", readable: false, sink: (line) => void lines.push(line) }) };
}

/** Locks a file against readers and writers until `release`; it must not be open elsewhere. */
export function lockExclusively(path: string) {
  const database = new Database(path);
  database.run("PRAGMA locking_mode = EXCLUSIVE");
  database.run("BEGIN EXCLUSIVE");
  const release = () => database.close();
  return { release, [Symbol.dispose]: release };
}

/** Locks a file against other writers until `release`. */
export function lockForWriters(path: string) {
  const database = new Database(path);
  database.run("PRAGMA busy_timeout = 5000");
  database.run("BEGIN EXCLUSIVE");
  const release = () => database.close();
  return { release, [Symbol.dispose]: release };
}

/** The value in the body of a response. */
export function parseBody(body: Uint8Array | undefined) {
  return JSON.parse(new TextDecoder().decode(body));
}

/** A run of 20 packets to a lab: the report, its detail, and the histogram of its response times. */
export async function makeRun() {
  await using lab = await startTestLab();
  const run = runLoad({ protocol: "udp", target: `127.0.0.1:${lab.ports.udp}`, control: false, rate: 200, count: 20 });
  const report = await run.report;
  const { response } = run.measured.recorder();
  return { report, detail: detailOf(report, response), response };
}
