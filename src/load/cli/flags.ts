/** The flags of the load command, from the words of a command line to options. */
import { parseArgs } from "node:util";
import type { Protocol } from "../../base/protocol.ts";
import { didYouMean } from "../../base/suggest.ts";
import { UsageError } from "../plan/errors.ts";
import type { HttpOptions, LoadOptions } from "../plan/options.ts";
import { parseDuration, parseHeader, parseMethod, parseNumber, parseStages, parseWord } from "../plan/values.ts";

/** Where results go, beside standard output: paths. */
export interface Outputs {
  /** "-" is standard output, and nothing else there. */
  readonly json?: string;
  readonly csv?: string;
  readonly html?: string;
  readonly hdr?: string;
  /** An earlier JSON report to compare with. */
  readonly compare?: string;
}

/** What the command is asked to do. */
export interface Command {
  /** One run for each protocol, in the order of the report. */
  readonly runs: readonly LoadOptions[];
  readonly outputs: Outputs;
  readonly explain: boolean;
  /** Whether the lab's page is to keep it. */
  readonly save: boolean;
  readonly metrics: { readonly port: number; readonly host?: string } | undefined;
  readonly quiet: boolean;
  readonly help: boolean;
}

const FLAGS = {
  proto: { type: "string" },
  target: { type: "string" },
  control: { type: "string" },
  mode: { type: "string" },
  ipv4: { type: "boolean", short: "4" },
  ipv6: { type: "boolean", short: "6" },
  rate: { type: "string" },
  arrival: { type: "string" },
  stages: { type: "string" },
  connections: { type: "string" },
  "in-flight": { type: "string" },
  duration: { type: "string" },
  count: { type: "string" },
  size: { type: "string" },
  timeout: { type: "string" },
  warmup: { type: "string" },
  seed: { type: "string" },
  method: { type: "string" },
  header: { type: "string", multiple: true },
  body: { type: "string" },
  insecure: { type: "boolean" },
  "no-keep-alive": { type: "boolean" },
  slo: { type: "string", multiple: true },
  json: { type: "string" },
  csv: { type: "string" },
  html: { type: "string" },
  hdr: { type: "string" },
  compare: { type: "string" },
  save: { type: "boolean" },
  explain: { type: "boolean" },
  interval: { type: "string" },
  "metrics-port": { type: "string" },
  "metrics-host": { type: "string" },
  quiet: { type: "boolean", short: "q" },
  help: { type: "boolean", short: "h" },
} as const;

type Flag = keyof typeof FLAGS;

const PROTOCOLS: readonly Protocol[] = ["http", "tcp", "udp"];

function isFlag(name: string): name is Flag {
  return Object.hasOwn(FLAGS, name);
}

function mayRepeat(name: Flag): boolean {
  return "multiple" in FLAGS[name];
}

function refuseUnknown(word: string): never {
  const bare = word.replace(/=.*/s, "");
  const hint = didYouMean(bare.replace(/^-+/, ""), Object.keys(FLAGS), "--");
  throw new UsageError(`unknown flag ${bare}${hint === "" ? "; --help lists them all" : hint}`);
}

/** Every flag with its texts, "" for one that takes none; throws where the words do not fit. */
function readWords(words: readonly string[]): Map<Flag, string[]> {
  const { tokens } = parseArgs({
    args: [...words],
    options: FLAGS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<Flag, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") throw new UsageError(`unexpected "${token.value}": flags begin with --`);
    if (token.kind !== "option") continue;
    const { name, value } = token;
    if (!isFlag(name)) refuseUnknown(token.rawName);
    const texts = given.get(name) ?? [];
    if (texts.length > 0 && !mayRepeat(name)) throw new UsageError(`--${name} is given twice`);
    const takesValue = FLAGS[name].type === "string";
    if (takesValue && (value === undefined || (!token.inlineValue && value.startsWith("--")))) {
      throw new UsageError(`--${name} needs a value`);
    }
    if (!takesValue && value !== undefined) throw new UsageError(`--${name} takes no value`);
    given.set(name, [...texts, value ?? ""]);
  }
  return given;
}

/** Leaves out what is undefined, so that it gets its default. */
function defined<T extends object>(options: { [K in keyof T]: T[K] | undefined }): T {
  // Entries that are undefined are gone, and that is all that T forbids of them.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** The flags that only HTTP understands. */
const HTTP_FLAGS = ["method", "header", "body", "insecure", "no-keep-alive"] as const;

/**
 * Reads the words of a command line; throws a UsageError with one line for a person.
 * @param readFile gives the content of a file, for `--body @FILE`
 */
export function parseCommand(words: readonly string[], readFile: (path: string) => Uint8Array): Command {
  const given = readWords(words);
  const text = (name: Flag) => given.get(name)?.[0];
  const number = (name: Flag) => into(text(name), (value) => parseNumber(name, value));
  const help = given.has("help");
  const proto = into(text("proto"), (value) => parseWord("proto", value, [...PROTOCOLS, "all"] as const));
  if (proto === undefined && !help) throw new UsageError("--proto is needed: udp, tcp, http or all");
  const protocols = proto === "all" || proto === undefined ? PROTOCOLS : [proto];
  const ofHttp = HTTP_FLAGS.find((name) => given.has(name));
  if (ofHttp !== undefined && !protocols.includes("http")) throw new UsageError(`--${ofHttp} goes with --proto http`);
  const common = commonOptions(given);
  const mode = into(text("mode"), (value) => parseWord("mode", value, ["stamp", "plain"] as const));
  const http = httpOptions(given, readFile);
  const metricsPort = number("metrics-port");
  if (metricsPort === undefined && given.has("metrics-host"))
    throw new UsageError("--metrics-host goes with --metrics-port");
  return {
    runs: protocols.map((protocol) =>
      defined<LoadOptions>({
        ...common,
        protocol,
        mode: protocol === "http" && proto === "all" ? undefined : mode,
        http: protocol === "http" ? http : undefined,
      }),
    ),
    outputs: defined<Outputs>({
      json: text("json"),
      csv: text("csv"),
      html: text("html"),
      hdr: text("hdr"),
      compare: text("compare"),
    }),
    explain: given.has("explain"),
    save: given.has("save"),
    metrics:
      metricsPort === undefined
        ? undefined
        : defined<{ port: number; host?: string }>({ port: metricsPort, host: text("metrics-host") }),
    quiet: given.has("quiet"),
    help,
  };
}

function into<From, To>(value: From | undefined, convert: (value: From) => To): To | undefined {
  return value === undefined ? undefined : convert(value);
}

/** What all protocols of a command share. */
function commonOptions(given: ReadonlyMap<Flag, readonly string[]>) {
  const text = (name: Flag) => given.get(name)?.[0];
  const number = (name: Flag) => into(text(name), (value) => parseNumber(name, value));
  const duration = (name: Flag) => into(text(name), (value) => parseDuration(name, value));
  if (given.has("ipv4") && given.has("ipv6")) throw new UsageError("-4 and -6 exclude each other");
  const family = given.has("ipv4") ? (4 as const) : given.has("ipv6") ? (6 as const) : undefined;
  return {
    target: text("target"),
    control: text("control") === "none" ? (false as const) : text("control"),
    rate: text("rate") === "max" ? ("max" as const) : number("rate"),
    arrival: into(text("arrival"), (value) => parseWord("arrival", value, ["constant", "poisson"] as const)),
    stages: into(text("stages"), parseStages),
    connections: number("connections"),
    inFlight: number("in-flight"),
    duration: duration("duration"),
    count: number("count"),
    size: number("size"),
    timeout: duration("timeout"),
    warmup: duration("warmup"),
    interval: duration("interval"),
    seed: number("seed"),
    family,
    objectives: given.get("slo"),
  };
}

function httpOptions(
  given: ReadonlyMap<Flag, readonly string[]>,
  readFile: (path: string) => Uint8Array,
): HttpOptions | undefined {
  if (!HTTP_FLAGS.some((name) => given.has(name))) return undefined;
  const body = given.get("body")?.[0];
  return defined<HttpOptions>({
    method: into(given.get("method")?.[0], parseMethod),
    headers: given.get("header")?.map(parseHeader),
    body: into(body, (text) => (text.startsWith("@") ? readBody(text, readFile) : text)),
    verify: given.has("insecure") ? false : undefined,
    keepAlive: given.has("no-keep-alive") ? false : undefined,
  });
}

function readBody(text: string, readFile: (path: string) => Uint8Array): Uint8Array {
  try {
    return readFile(text.slice(1));
  } catch (error) {
    throw new UsageError(`--body ${text}: ${error instanceof Error ? error.message : "cannot be read"}`);
  }
}
