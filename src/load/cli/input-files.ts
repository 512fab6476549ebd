/** The files that the command reads: bodies of requests, certificates and JSON reports. */
import { fileProblem } from "../../base/file-errors.ts";
import { UsageError } from "../plan/errors.ts";
import { pemCertificates } from "../plan/tls.ts";
import { readReports } from "../report/files/json.ts";
import type { RunReport } from "../report/report.ts";
import type { Flag } from "./flags.ts";

/** Reads the file of `--body @FILE`, `--ca`, `--repeat` or `--compare`; throws the system's error. */
export type ReadFile = (path: string) => Uint8Array;

/** The content of the file that `--body @FILE` names. Throws a UsageError if it cannot be read. */
export function readBody(text: string, readFile: ReadFile): Uint8Array {
  try {
    return readFile(text.slice(1));
  } catch (error) {
    throw new UsageError(`--body ${text}: ${fileProblem(error)}`);
  }
}

/** The certificates in the file of `--ca`. Throws a UsageError if it cannot be read, or has none in PEM form. */
export function readCertificates(path: string, readFile: ReadFile): string {
  let content: Uint8Array;
  try {
    content = readFile(path);
  } catch (error) {
    throw new UsageError(`--ca ${path}: ${fileProblem(error)}`);
  }
  const certificates = pemCertificates(Buffer.from(content).toString());
  if (certificates === undefined) throw new UsageError(`--ca ${path}: expected certificates in PEM form`);
  return certificates.join("\n");
}

/**
 * The reports in the file of a flag. Throws a UsageError if it cannot be read or has anything else.
 * @param expected the end of the error of a file that cannot be read
 */
export function readReportFile(flag: Flag, path: string, readFile: ReadFile, expected = ""): readonly RunReport[] {
  let content: Uint8Array;
  try {
    content = readFile(path);
  } catch (error) {
    throw new UsageError(`--${flag} ${path}: ${fileProblem(error)}${expected}`);
  }
  const reports = readReports(Buffer.from(content).toString());
  if (reports === undefined) throw new UsageError(`--${flag} ${path}: not a JSON report of this command`);
  return reports;
}
