/** The flags of the load command, from the words of a command line to options. */
import { parseArgs } from "node:util";
import type { LoadOptions } from "./options.ts";
import { type Protocol, UsageError } from "./target.ts";

/** What the command is asked to do. */
export interface Command {
  /** One run for each protocol, in the order of the report. */
  readonly runs: readonly LoadOptions[];
  /** Where the JSON report goes: a file, or "-" for standard output. */
  readonly json: string | undefined;
  readonly quiet: boolean;
  readonly help: boolean;
}

const FLAGS = {
  proto: { type: "string" },
  target: { type: "string" },
  control: { type: "string" },
  mode: { type: "string" },
  rate: { type: "string" },
  connections: { type: "string" },
  "in-flight": { type: "string" },
  duration: { type: "string" },
  count: { type: "string" },
  size: { type: "string" },
  timeout: { type: "string" },
  seed: { type: "string" },
  json: { type: "string" },
  quiet: { type: "boolean", short: "q" },
  help: { type: "boolean", short: "h" },
} as const;

const PROTOCOLS: readonly Protocol[] = ["http", "tcp", "udp"];

const UNITS: Readonly<Record<string, number>> = { us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** `1.5s`, `200ms`, `5m`, `1h` or `forever`, in s; a bare number is seconds. */
export function parseDuration(name: string, text: string): number {
  if (name === "duration" && text === "forever") return Number.POSITIVE_INFINITY;
  const parts = /^(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)?$/.exec(text);
  const value = Number(parts?.[1]) * (UNITS[parts?.[2] ?? "s"] ?? Number.NaN);
  if (Number.isNaN(value)) {
    throw new UsageError(
      `--${name} ${text}: expected a time such as 200ms, 10s or 5m${name === "duration" ? ", or forever" : ""}`,
    );
  }
  return value;
}

/** `1000`, `1e6`, `10k` or `2M`. */
export function parseNumber(name: string, text: string): number {
  const parts = /^(\d+(?:\.\d+)?(?:e\d+)?)([kM])?$/.exec(text);
  if (parts?.[1] === undefined) throw new UsageError(`--${name} ${text}: expected a number`);
  return Number(parts[1]) * (parts[2] === "k" ? 1e3 : parts[2] === "M" ? 1e6 : 1);
}

/** How many letters have to change to make one word the other (Levenshtein distance). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let column = 1; column <= to.length; column++) {
      const same = from[line - 1] === to[column - 1] ? 0 : 1;
      next.push(Math.min((row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1, (row[column - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The known word nearest to a mistyped one, where one is near. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const nearest = [...known].sort((one, other) => distance(word, one) - distance(word, other))[0];
  return nearest !== undefined && distance(word, nearest) <= Math.max(2, Math.floor(word.length / 3))
    ? nearest
    : undefined;
}

function refuseUnknown(word: string): never {
  const name = word.replace(/^-+/, "").replace(/=.*/s, "");
  const nearest = suggest(name, Object.keys(FLAGS));
  throw new UsageError(
    `unknown flag ${word.replace(/=.*/s, "")}${nearest === undefined ? "; --help lists them all" : `; did you mean --${nearest}?`}`,
  );
}

function readWords(words: readonly string[]) {
  const { values, tokens } = parseArgs({
    args: [...words],
    options: FLAGS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind === "positional") throw new UsageError(`unexpected "${token.value}": flags begin with --`);
    if (token.kind !== "option") continue;
    if (!Object.hasOwn(FLAGS, token.name)) refuseUnknown(token.rawName);
    if (seen.has(token.name)) throw new UsageError(`--${token.name} is given twice`);
    seen.add(token.name);
    const wantsValue = FLAGS[token.name as keyof typeof FLAGS].type === "string"; // hasOwn above makes it a key
    if (wantsValue && (token.value === undefined || (!token.inlineValue && token.value.startsWith("--")))) {
      throw new UsageError(`--${token.name} needs a value`);
    }
    if (!wantsValue && token.value !== undefined) throw new UsageError(`--${token.name} takes no value`);
  }
  return (name: keyof typeof FLAGS): string | undefined => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
}

function oneOf<Word extends string>(name: string, text: string | undefined, words: readonly Word[]): Word | undefined {
  if (text === undefined) return undefined;
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const nearest = suggest(text, words);
  throw new UsageError(
    `--${name} ${text}: expected ${words.join(", ")}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`,
  );
}

/** Leaves out what is undefined, so that it gets its default. */
function defined<T extends object>(options: { [K in keyof T]: T[K] | undefined }): T {
  // Entries that are undefined are gone, and that is all that T forbids of them.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** Reads the words of a command line; throws a UsageError with one line for a person. */
export function parseCommand(words: readonly string[]): Command {
  const value = readWords(words);
  const flag = (name: "quiet" | "help") => words.includes(`--${name}`) || words.includes(`-${name[0]}`);
  const help = flag("help");
  const proto = oneOf("proto", value("proto"), [...PROTOCOLS, "all"]);
  if (proto === undefined && !help) throw new UsageError("--proto is needed: udp, tcp, http or all");
  const protocols = proto === "all" || proto === undefined ? PROTOCOLS : [proto];
  const number = (name: keyof typeof FLAGS) => {
    const text = value(name);
    return text === undefined ? undefined : parseNumber(name, text);
  };
  const duration = (name: keyof typeof FLAGS) => {
    const text = value(name);
    return text === undefined ? undefined : parseDuration(name, text);
  };
  const rate = value("rate");
  const control = value("control");
  const mode = oneOf("mode", value("mode"), ["stamp", "plain"] as const);
  const common = {
    target: value("target"),
    control: control === "none" ? (false as const) : control,
    rate: rate === "max" ? ("max" as const) : rate === undefined ? undefined : parseNumber("rate", rate),
    connections: number("connections"),
    inFlight: number("in-flight"),
    duration: duration("duration"),
    count: number("count"),
    size: number("size"),
    timeout: duration("timeout"),
    seed: number("seed"),
  };
  const runs = protocols.map((protocol) =>
    defined<LoadOptions>({ ...common, protocol, mode: protocol === "http" && proto === "all" ? undefined : mode }),
  );
  return { runs, json: value("json"), quiet: flag("quiet"), help };
}
