/** The files that a command writes: JSON, CSV, HTML, HDR. What cannot be written is one line, and ends nothing. */

import type { IntervalSnapshot } from "../measure/snapshot.ts";
import { CSV_HEADER, csvRow } from "../report/csv.ts";
import { hdrText } from "../report/hdr.ts";
import { type HtmlPart, renderHtml } from "../report/html.ts";
import type { RunReport } from "../report/report.ts";
import type { Outputs } from "./flags.ts";

/** Writes a file, or adds to it; throws the system's error. */
export type WriteFile = (path: string, text: string, append: boolean) => void;

/** Reports as JSON: one object, or an array of several. */
export function jsonText(reports: readonly RunReport[]): string {
  return `${JSON.stringify(reports.length === 1 ? reports[0] : reports, undefined, 2)}\n`;
}

/** One command's files. */
export class OutputFiles {
  readonly #outputs: Outputs;
  readonly #writeFile: WriteFile;
  readonly #failures = new Map<string, string>();

  constructor(outputs: Outputs, writeFile: WriteFile) {
    this.#outputs = outputs;
    this.#writeFile = writeFile;
    this.#write("csv", outputs.csv, `${CSV_HEADER}\n`, false);
  }

  /** What could not be written, one line each. */
  get failures(): readonly string[] {
    return [...this.#failures.values()];
  }

  /** Adds a line that belongs among the failures. */
  fail(flag: string, line: string): void {
    this.#failures.set(flag, line);
  }

  /** Writes an interval's row, unless an earlier one could not be written. */
  row(now: IntervalSnapshot, before: IntervalSnapshot | undefined): void {
    if (!this.#failures.has("csv")) this.#write("csv", this.#outputs.csv, `${csvRow(now, before)}\n`, true);
  }

  /** Writes what comes at the end. */
  finish(parts: readonly HtmlPart[]): void {
    const { json, html, hdr } = this.#outputs;
    if (json !== "-") this.#write("json", json, jsonText(parts.map(({ report }) => report)), false);
    if (html !== undefined) this.#write("html", html, renderHtml(parts), false);
    if (hdr === undefined) return;
    for (const { report, response } of parts) {
      // One distribution a file, as its readers expect: with several protocols the name says which.
      const path = parts.length === 1 ? hdr : hdr.replace(/(\.[^./]*)?$/, `-${report.protocol}$1`);
      this.#write("hdr", path, hdrText(response), false);
    }
  }

  #write(flag: string, path: string | undefined, text: string, append: boolean): void {
    if (path === undefined) return;
    try {
      this.#writeFile(path, text, append);
    } catch (error) {
      this.fail(flag, `--${flag} ${path}: ${error instanceof Error ? error.message : "cannot be written"}`);
    }
  }
}
