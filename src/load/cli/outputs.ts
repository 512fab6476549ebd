/** The result files of a command: JSON, CSV, packets, HTML, HDR. A file that cannot be written does not end the run. */
import { fileProblem } from "../../base/file-errors.ts";
import type { Protocol } from "../../base/protocol.ts";
import type { PacketSink } from "../measure/packets/packet-log.ts";
import type { IntervalSnapshot } from "../measure/snapshot.ts";
import { UsageError } from "../plan/errors.ts";
import { CSV_HEADER, csvRow } from "../report/files/csv.ts";
import { hdrText } from "../report/files/hdr.ts";
import { renderHtml } from "../report/files/html.ts";
import { jsonOf } from "../report/files/json.ts";
import { PACKETS_HEADER } from "../report/files/packet-columns.ts";
import { PacketText, packetFormOf } from "../report/files/packet-text.ts";
import type { CompletedRun } from "../report/files/run-charts.ts";
import type { RunReport } from "../report/report.ts";
import type { Repetition } from "../report/report-plan.ts";
import type { Outputs } from "./output-flags.ts";

/** Writes or appends to a file, or to standard output for "-"; throws the system's error. */
export type WriteFile = (path: string, text: string, append: boolean) => void;

/** Throws the system's error if a file cannot be written; neither creates nor changes it. */
export type CheckWritable = (path: string) => void;

/** The flags whose values are files to write. */
const FILE_FLAGS = ["json", "csv", "packets", "html", "hdr"] as const;

/** Throws a UsageError for the first file that cannot be written, so that no run is made before it is known. */
export function checkOutputs(outputs: Outputs, checkWritable: CheckWritable): void {
  const flags = new Map<string, string>();
  for (const flag of FILE_FLAGS) {
    const path = outputs[flag];
    if (path === undefined || path === "-") continue;
    const other = flags.get(path);
    if (other !== undefined) throw new UsageError(`--${flag} ${path}: --${other} has the same file`);
    flags.set(path, flag);
    try {
      checkWritable(path);
    } catch (error) {
      throw new UsageError(failureLine(flag, path, error));
    }
  }
}

/** The error of an output as one line. */
function failureLine(flag: string, path: string, error: unknown): string {
  return `--${flag} ${path}: ${fileProblem(error)}`;
}

/** The part of a file name for one of several distributions, because the HDR format has one in a file. */
function nameOf({ protocol, repetition }: RunReport): string {
  if (repetition === undefined) return protocol;
  return `${protocol}-${repetition.index}${repetition.side === "against" ? "-against" : ""}`;
}

/** The columns of the CSV file that a repeated run has in addition, before the others. */
export type RunColumn = "run" | "side";

/** The files of one command. */
export class OutputFiles {
  readonly #outputs: Outputs;
  readonly #writeFile: WriteFile;
  readonly #columns: readonly RunColumn[];
  readonly #failures = new Map<string, string>();

  /**
   * Writes the headers of the CSV file and of the packets file.
   * @param columns those of a repeated run, whose JSON report is an array; none for a run that is not repeated
   */
  constructor(outputs: Outputs, writeFile: WriteFile, columns: readonly RunColumn[] = []) {
    this.#outputs = outputs;
    this.#writeFile = writeFile;
    this.#columns = columns;
    this.#write("csv", outputs.csv, `${[...columns, CSV_HEADER].join(",")}\n`, false);
    const { packets } = outputs;
    if (packets !== undefined)
      this.#write("packets", packets, packetFormOf(packets) === "csv" ? PACKETS_HEADER : "", false);
  }

  /** Where the packets of a run go; undefined without `--packets`. All runs share one file. */
  packets(protocol: Protocol): PacketSink | undefined {
    const { packets } = this.#outputs;
    if (packets === undefined) return undefined;
    return new PacketText(protocol, packetFormOf(packets), (text) => {
      if (!this.#failures.has("packets")) this.#write("packets", packets, text, true);
      return !this.#failures.has("packets");
    });
  }

  /** The error of each output that could not be written, one line each. */
  get failures(): readonly string[] {
    return [...this.#failures.values()];
  }

  /** Adds the error of an output that is not a file. */
  fail(flag: string, line: string): void {
    this.#failures.set(flag, line);
  }

  /** Adds the error of rows that could not be written to standard output. */
  failPrinted(error: unknown): void {
    this.fail("csv", failureLine("csv", "-", error));
  }

  /** Appends the row of an interval, unless an earlier row could not be written. */
  addRow(now: IntervalSnapshot, before: IntervalSnapshot | undefined, repetition?: Repetition): void {
    if (this.#failures.has("csv")) return;
    const cells = this.#columns.map((column) => (column === "run" ? repetition?.index : repetition?.side) ?? "");
    this.#write("csv", this.#outputs.csv, `${[...cells, csvRow(now, before)].join(",")}\n`, true);
  }

  /** Writes the files that need the reports. */
  finish(runs: readonly CompletedRun[]): void {
    const { json, html, hdr } = this.#outputs;
    this.#checkPackets(runs);
    if (json !== "-")
      this.#write(
        "json",
        json,
        `${jsonOf(
          runs.map(({ report }) => report),
          this.#columns.length > 0,
        )}\n`,
        false,
      );
    if (html !== undefined) this.#write("html", html, renderHtml(runs), false);
    if (hdr === undefined) return;
    for (const { report, response } of runs) {
      const isOnly = runs.length === 1 && report.repetition === undefined;
      const path = isOnly ? hdr : hdr.replace(/(\.[^./]*)?$/, `-${nameOf(report)}$1`);
      this.#write("hdr", path, hdrText(response), false);
    }
  }

  /** A packets file from which rows were left out is incomplete. */
  #checkPackets(runs: readonly CompletedRun[]): void {
    const omitted = runs.reduce((total, { report }) => total + (report.packetLog?.omitted ?? 0), 0);
    if (omitted === 0 || this.#failures.has("packets")) return;
    const line = `${omitted} rows were left out, because they could not be written in time; lower --rate`;
    this.fail("packets", `--packets ${this.#outputs.packets}: ${line}`);
  }

  #write(flag: string, path: string | undefined, text: string, append: boolean): void {
    if (path === undefined) return;
    try {
      this.#writeFile(path, text, append);
    } catch (error) {
      this.fail(flag, failureLine(flag, path, error));
    }
  }
}
