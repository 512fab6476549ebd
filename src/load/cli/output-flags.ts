/** The flags that say where results go: files, standard output, the metrics endpoint. */
import { convert, defined } from "../../base/defined.ts";
import { UsageError } from "../plan/errors.ts";
import { parseNumber } from "../plan/values.ts";
import type { Flag, GivenFlags } from "./flags.ts";
import { textOf } from "./read-flags.ts";

/** Paths of the files with results. */
export interface Outputs {
  /** "-" is standard output, where nothing else is printed then: the text report goes to standard error. */
  readonly json?: string;
  /** As `json`. */
  readonly csv?: string;
  readonly html?: string;
  readonly hdr?: string;
  /** A row for each packet; CSV or NDJSON by its name. */
  readonly packets?: string;
  /** An earlier JSON report, which is compared with the new one. */
  readonly compare?: string;
}

/** Where the series of the run are served. */
export interface MetricsAddress {
  readonly port: number;
  readonly host?: string;
}

/** The outputs that can be standard output. */
const PRINTABLE = ["json", "csv"] as const satisfies readonly Flag[];

/** The outputs of a command line. Throws a UsageError for one that standard output cannot have. */
export function parseOutputs(given: GivenFlags): Outputs {
  const text = (name: Flag) => textOf(given, name);
  if (PRINTABLE.every((name) => text(name) === "-")) {
    throw new UsageError("--json - and --csv - exclude each other: standard output has only one of them");
  }
  const file = (name: Flag) => convert(text(name), (path) => checkFile(name, path));
  return defined<Outputs>({
    json: text("json"),
    csv: text("csv"),
    html: file("html"),
    hdr: file("hdr"),
    packets: file("packets"),
    compare: text("compare"),
  });
}

function checkFile(name: Flag, path: string): string {
  if (path !== "-") return path;
  const printable = PRINTABLE.map((flag) => `--${flag}`).join(" and ");
  throw new UsageError(`--${name} -: expected the name of a file; only ${printable} can be written to standard output`);
}

/** The address of the metrics endpoint; undefined without `--metrics-port`. Throws a UsageError for a host alone. */
export function parseMetrics(given: GivenFlags): MetricsAddress | undefined {
  const host = textOf(given, "metrics-host");
  const port = convert(textOf(given, "metrics-port"), (text) => parseNumber("metrics-port", text));
  if (port !== undefined) return defined<MetricsAddress>({ port, host });
  if (host !== undefined) throw new UsageError("--metrics-host requires --metrics-port");
  return undefined;
}
