/** Reads the two files of a verification, and says what a wrong file is. */
import { readFileSync } from "node:fs";
import { errorCode } from "../../src/load/measure/error-code.ts";
import { readReports } from "../../src/load/report/files/json.ts";
import type { RunReport } from "../../src/load/report/report.ts";
import { PacketsError, type Row, readRows } from "./rows.ts";

/** A file cannot be used. The message is one line that names the file. */
export class FileError extends Error {}

const ORDER = "the report comes first, then the packets";

/** The text of a file. Throws a FileError. */
function textOf(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const code = errorCode(error);
    const problems: Readonly<Record<string, string>> = { ENOENT: "no such file", EISDIR: "a directory" };
    throw new FileError(`${path}: ${problems[code] ?? `cannot be read (${code})`}`);
  }
  if (bytes.length === 0) throw new FileError(`${path}: the file is empty`);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new FileError(`${path}: the file is compressed; decompress it with gunzip`);
  }
  return bytes.toString("utf8");
}

function isPackets(text: string): boolean {
  return /^(protocol,|\{"protocol":)/.test(text);
}

/** The reports in a file of `--json`. Throws a FileError. */
export function reportsIn(path: string): RunReport[] {
  const text = textOf(path);
  if (isPackets(text)) throw new FileError(`${path}: a packets file; ${ORDER}`);
  const reports = readReports(text);
  if (reports === undefined) {
    throw new FileError(`${path}: not a JSON report of the load command; allowed: the complete file of its --json`);
  }
  const without = reports.find(({ packetLog }) => !packetLog);
  if (without === undefined) return reports;
  throw new FileError(`${path}: the ${without.protocol} report is of a run without --packets; allowed: a run with it`);
}

/** The rows in a file of `--packets`. Throws a FileError. */
export function rowsIn(path: string): Row[] {
  const text = textOf(path);
  if (readReports(text) !== undefined) throw new FileError(`${path}: a JSON report; ${ORDER}`);
  try {
    return readRows(text);
  } catch (error) {
    if (!(error instanceof PacketsError)) throw error;
    throw new FileError(`${path}: ${error.message}`);
  }
}
