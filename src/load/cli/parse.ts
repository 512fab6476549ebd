/** Parses the command line of the load command into the options of its runs. */
import { defined } from "../../base/defined.ts";
import { fileProblem } from "../../base/file-errors.ts";
import { PROTOCOLS, type Protocol, REGISTRY } from "../../base/protocol.ts";
import { UsageError } from "../plan/errors.ts";
import type { HttpOptions, LoadOptions } from "../plan/options.ts";
import { parseTarget } from "../plan/target.ts";
import {
  alternatives,
  parseDuration,
  parseHeader,
  parseMethod,
  parseNumber,
  parsePercentiles,
  parseStages,
  parseWord,
  readNumber,
} from "../plan/values.ts";
import { again, type EarlierPlan, readEarlierPlan } from "./earlier-plan.ts";
import { type Flag, flagWords, type GivenFlags, readFlags } from "./flags.ts";
import type { ReadFile } from "./input-files.ts";

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

/** A parsed command line. */
export interface Command {
  /** One run for each protocol, in the order of the report. */
  readonly runs: readonly LoadOptions[];
  /** How often the runs are made, one time after another. */
  readonly repeat: number;
  /** The same runs against a second target, which alternate with the others in each repetition. */
  readonly against: readonly LoadOptions[] | undefined;
  /** The flags as they were given, for the report. */
  readonly flags: readonly string[];
  readonly outputs: Outputs;
  /** Whether a run that is not valid has an exit status of its own. */
  readonly requireValid: boolean;
  readonly explain: boolean;
  /** Whether the run is kept for the lab's page. */
  readonly save: boolean;
  readonly metrics: { readonly port: number; readonly host?: string } | undefined;
  readonly quiet: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

/** The flags that apply only to protocols whose targets are URLs. */
const HTTP_FLAGS = ["method", "header", "body", "insecure", "no-keep-alive"] as const satisfies readonly Flag[];

const MAX_REPEAT = 100;

/**
 * Parses a command line. Throws a UsageError, which is one line for a person.
 * @param labPorts reads the ports of the lab on this machine, unless only the help or the version is asked for
 */
export function parseCommand(
  words: readonly string[],
  readFile: ReadFile,
  labPorts: () => LoadOptions["labPorts"] = () => undefined,
): Command {
  const given = readFlags(words);
  const text = (name: Flag) => given.get(name)?.[0];
  const [help, version] = [given.has("help"), given.has("version")];
  const earlier = earlierPlan(text("repeat"), readFile);
  const proto = parseProto(text("proto"), help || version || earlier !== undefined);
  const protocols = proto === "all" ? PROTOCOLS : [proto];
  checkHttpFlags(given, protocols);
  const common = commonOptions(given);
  const mode = convert(text("mode"), (value) => parseWord("mode", value, ["stamp", "plain"] as const));
  const http = httpOptions(given, readFile);
  const ports = help || version ? undefined : labPorts();
  // With several protocols, options that some of them lack apply to the others.
  const options = protocols.map((protocol) =>
    defined<LoadOptions>({
      ...common,
      labPorts: ports,
      protocol,
      mode: proto === "all" && !REGISTRY[protocol].stamp ? undefined : mode,
      http: takesUrl(protocol) ? http : undefined,
    }),
  );
  const runs = earlier === undefined ? options : again(earlier, earlier.runs, options);
  const repeat = earlier?.repeat ?? repetitions(given, common.duration);
  checkRepeated(given, repeat);
  return {
    runs,
    against: againstRuns(given, runs, repeat) ?? (earlier?.against && again(earlier, earlier.against, options)),
    repeat,
    flags: flagWords(given),
    outputs: parseOutputs(given),
    requireValid: given.has("require-valid"),
    explain: given.has("explain"),
    save: given.has("save"),
    metrics: metricsAddress(given),
    quiet: given.has("quiet"),
    help,
    version,
  };
}

function takesUrl(protocol: Protocol): boolean {
  return REGISTRY[protocol].urlSchemes.length > 0;
}

function parseProto(text: string | undefined, help: boolean): Protocol | "all" {
  const names = [...PROTOCOLS, "all" as const];
  if (text !== undefined) return parseWord("proto", text, names);
  if (help) return "all";
  throw new UsageError(`--proto is required: ${alternatives(names)}`);
}

function checkHttpFlags(given: GivenFlags, protocols: readonly Protocol[]): void {
  const flag = HTTP_FLAGS.find((name) => given.has(name));
  if (flag === undefined || protocols.some(takesUrl)) return;
  throw new UsageError(`--${flag} requires --proto ${alternatives(PROTOCOLS.filter(takesUrl))}`);
}

function convert<From, To>(value: From | undefined, to: (value: From) => To): To | undefined {
  return value === undefined ? undefined : to(value);
}

/** The options that apply to every protocol. */
function commonOptions(given: GivenFlags) {
  const text = (name: Flag) => given.get(name)?.[0];
  const number = (name: Flag) => convert(text(name), (value) => parseNumber(name, value));
  const duration = (name: Flag) => convert(text(name), (value) => parseDuration(name, value));
  if (given.has("ipv4") && given.has("ipv6")) throw new UsageError("-4 and -6 exclude each other");
  return {
    target: text("target"),
    control: text("control") === "none" ? (false as const) : text("control"),
    rate: text("rate") === "max" ? ("max" as const) : number("rate"),
    arrival: convert(text("arrival"), (value) => parseWord("arrival", value, ["constant", "poisson"] as const)),
    stages: convert(text("stages"), parseStages),
    connections: number("connections"),
    inFlight: number("in-flight"),
    duration: duration("duration"),
    count: number("count"),
    size: number("size"),
    timeout: duration("timeout"),
    wait: duration("wait"),
    warmup: duration("warmup"),
    interval: duration("interval"),
    seed: number("seed"),
    family: given.has("ipv4") ? (4 as const) : given.has("ipv6") ? (6 as const) : undefined,
    percentiles: convert(text("percentiles"), parsePercentiles),
    objectives: given.get("slo"),
  };
}

/** The plan of the report that `--repeat` names; undefined for a number, and without the flag. */
function earlierPlan(text: string | undefined, readFile: ReadFile): EarlierPlan | undefined {
  return text === undefined || (/^[-\d.]/.test(text) && readNumber(text.replace("-", "")) !== undefined)
    ? undefined
    : readEarlierPlan(text, readFile);
}

function checkRepeated(given: GivenFlags, repeat: number): void {
  if (repeat === 1 || !given.has("packets")) return;
  throw new UsageError("--repeat and --packets exclude each other: the file has the packets of one run");
}

/** The value of `--repeat`. Throws a UsageError for a run that has no end. */
function repetitions(given: GivenFlags, duration: number | undefined): number {
  const text = given.get("repeat")?.[0];
  if (text === undefined) return 1;
  const repeat = parseNumber("repeat", text);
  if (!(Number.isInteger(repeat) && repeat >= 2 && repeat <= MAX_REPEAT)) {
    throw new UsageError(`--repeat ${text}: expected a whole number from 2 to ${MAX_REPEAT}`);
  }
  if (duration === Number.POSITIVE_INFINITY && !given.has("count")) {
    throw new UsageError("--repeat and --duration forever exclude each other: the first run would not end");
  }
  return repeat;
}

/** The runs of `--against`. `--control` is that of `--target`, unless it disables the session summary. */
function againstRuns(
  given: GivenFlags,
  runs: readonly LoadOptions[],
  repeat: number,
): readonly LoadOptions[] | undefined {
  const target = given.get("against")?.[0];
  if (target === undefined) return undefined;
  if (repeat === 1) throw new UsageError("--against requires --repeat");
  return runs.map(({ control, ...options }) => {
    checkAgainst(target, options.protocol);
    return { ...options, target, ...(control === false ? { control } : {}) };
  });
}

function checkAgainst(text: string, protocol: Protocol): void {
  try {
    parseTarget(text, protocol);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message.replace("--target", "--against"));
  }
}

function httpOptions(given: GivenFlags, readFile: ReadFile): HttpOptions | undefined {
  if (!HTTP_FLAGS.some((name) => given.has(name))) return undefined;
  return defined<HttpOptions>({
    method: convert(given.get("method")?.[0], parseMethod),
    headers: given.get("header")?.map(parseHeader),
    body: convert(given.get("body")?.[0], (text) => (text.startsWith("@") ? readBody(text, readFile) : text)),
    verify: given.has("insecure") ? false : undefined,
    keepAlive: given.has("no-keep-alive") ? false : undefined,
  });
}

/** The outputs that can be standard output. */
const PRINTABLE = ["json", "csv"] as const satisfies readonly Flag[];

function parseOutputs(given: GivenFlags): Outputs {
  const text = (name: Flag) => given.get(name)?.[0];
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

function readBody(text: string, readFile: ReadFile): Uint8Array {
  try {
    return readFile(text.slice(1));
  } catch (error) {
    throw new UsageError(`--body ${text}: ${fileProblem(error)}`);
  }
}

function metricsAddress(given: GivenFlags): Command["metrics"] {
  const host = given.get("metrics-host")?.[0];
  const port = convert(given.get("metrics-port")?.[0], (text) => parseNumber("metrics-port", text));
  if (port !== undefined) return defined<NonNullable<Command["metrics"]>>({ port, host });
  if (host !== undefined) throw new UsageError("--metrics-host requires --metrics-port");
  return undefined;
}
