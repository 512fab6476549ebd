/**
 * Recomputes the numbers of a load run's JSON report from its packets file: `bun scripts/verify.ts run.json packets.csv`.
 * The code is slow and plain, and shares none with the estimators of the load generator.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { messageOf } from "../src/base/message.ts";
import { readReports } from "../src/load/report/json.ts";
import type { RunReport } from "../src/load/report/report.ts";
import { compareReport, type Line } from "./verify/compare.ts";
import { PacketsError, type Row, readRows } from "./verify/rows.ts";

const HELP = `verify: recomputes each number of a load run's report from its packets

usage: bun scripts/verify.ts REPORT PACKETS

  REPORT     the file of --json
  PACKETS    the file of --packets of the same run, CSV or NDJSON

It prints a line for each number: its name, the reported and the recomputed value, and whether they are equal, differ,
or the number is not in the file. Counts have to be equal. Times are compared within 2 ns, because the file has 9
decimals; percentiles, and limits of their intervals, within the 3 significant digits of their histograms.

exit status: 0 every number that is in the file is equal · 1 one differs, or the file is incomplete · 2 bad usage

example:
  bun scripts/load.ts --proto udp --json run.json --packets packets.csv
  bun scripts/verify.ts run.json packets.csv
`;

function fail(line: string): never {
  console.error(`verify: ${line}`);
  process.exit(2);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return fail(`${path}: ${messageOf(error)}`);
  }
}

function parse() {
  try {
    return parseArgs({ options: { help: { type: "boolean", short: "h" } }, allowPositionals: true });
  } catch (error) {
    return fail(`${messageOf(error).split(". ")[0]}; allowed: --help`);
  }
}

function reportsIn(path: string): RunReport[] {
  const reports = readReports(read(path));
  if (reports === undefined) fail(`${path}: not a JSON report of the load command; allowed: the file of its --json`);
  const [without] = reports.filter(({ packetLog }) => !packetLog);
  if (without === undefined) return reports;
  return fail(`${path}: the ${without.protocol} report is of a run without --packets; allowed: a run with it`);
}

function rowsIn(path: string): Row[] {
  try {
    return readRows(read(path));
  } catch (error) {
    if (!(error instanceof PacketsError)) throw error;
    return fail(`${path}: ${error.message}`);
  }
}

/** Columns of the same width, with two spaces between them. */
function tableOf(lines: readonly Line[]): string {
  const rows = lines.map(({ name, reported, recomputed, result, note }) => [
    name,
    reported === undefined ? "-" : String(reported),
    recomputed === undefined ? "-" : String(recomputed),
    note === "" ? result : result === "not in the file" ? `${result}: ${note}` : `${result} (${note})`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n");
}

/** The last line, and the exit status. */
function conclude(lines: readonly Line[], reports: readonly RunReport[]): number {
  const count = (result: Line["result"]) => lines.filter((line) => line.result === result).length;
  const omitted = reports.reduce((total, { packetLog }) => total + (packetLog?.omitted ?? 0), 0);
  const counts = `${count("equal")} equal, ${count("differs")} differ, ${count("not in the file")} not in the file`;
  if (omitted > 0)
    console.log(`incomplete: ${omitted} rows were left out of the packets file, which proves nothing; ${counts}`);
  else console.log(`${count("differs") === 0 ? "verified" : "not verified"}: ${counts}`);
  return omitted > 0 || count("differs") > 0 ? 1 : 0;
}

const { values, positionals } = parse();
const [reportPath, packetsPath, extra] = positionals;
if (values.help) console.log(HELP.trimEnd());
else if (reportPath === undefined) fail("REPORT: missing; allowed: the file of --json");
else if (packetsPath === undefined) fail("PACKETS: missing; allowed: the file of --packets of the same run");
else if (extra !== undefined) fail(`unexpected "${extra}"; allowed: two files, REPORT and PACKETS`);
else {
  const reports = reportsIn(reportPath);
  const rows = rowsIn(packetsPath);
  const lines = reports.flatMap((report) => compareReport(report, rows));
  console.log(tableOf(lines));
  process.exitCode = conclude(lines, reports);
}
