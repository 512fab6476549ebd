/** The flags of the load command, and their texts on a command line. */
import { parseArgs } from "node:util";
import { didYouMean } from "../../base/suggest.ts";
import { UsageError } from "../plan/errors.ts";

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
  streams: { type: "string" },
  "in-flight": { type: "string" },
  duration: { type: "string" },
  count: { type: "string" },
  size: { type: "string" },
  timeout: { type: "string" },
  wait: { type: "string" },
  warmup: { type: "string" },
  seed: { type: "string" },
  repeat: { type: "string" },
  against: { type: "string" },
  method: { type: "string" },
  header: { type: "string", multiple: true },
  body: { type: "string" },
  ca: { type: "string" },
  insecure: { type: "boolean" },
  "no-keep-alive": { type: "boolean" },
  percentiles: { type: "string" },
  slo: { type: "string", multiple: true },
  "require-valid": { type: "boolean" },
  json: { type: "string" },
  csv: { type: "string" },
  packets: { type: "string" },
  html: { type: "string" },
  hdr: { type: "string" },
  compare: { type: "string" },
  save: { type: "boolean" },
  explain: { type: "boolean" },
  interval: { type: "string" },
  "metrics-port": { type: "string" },
  "metrics-host": { type: "string" },
  quiet: { type: "boolean", short: "q" },
  version: { type: "boolean", short: "v" },
  help: { type: "boolean", short: "h" },
} as const;

/** A flag's name, without its dashes. */
export type Flag = keyof typeof FLAGS;

/** The flags of a command line with their texts, in order; the text of a flag without a value is "". */
export type GivenFlags = ReadonlyMap<Flag, readonly string[]>;

/** The text of a flag, the first one of a repeatable flag; undefined if it is not given. */
export function textOf(given: GivenFlags, name: Flag): string | undefined {
  return given.get(name)?.[0];
}

function isFlag(name: string): name is Flag {
  return Object.hasOwn(FLAGS, name);
}

function isRepeatable(name: Flag): boolean {
  return "multiple" in FLAGS[name];
}

function rejectUnknown(word: string): never {
  const name = word.replace(/=.*/s, "");
  const hint = didYouMean(name.replace(/^-+/, ""), Object.keys(FLAGS), "--");
  throw new UsageError(`unknown flag ${name}${hint === "" ? "; --help lists all flags" : hint}`);
}

/** Throws a UsageError unless the flag has a value exactly if it needs one. */
function checkValue(name: Flag, value: string | undefined, isInline: boolean | undefined): void {
  if (FLAGS[name].type === "boolean") {
    if (value !== undefined) throw new UsageError(`--${name} takes no value`);
  } else if (value === undefined || (!isInline && value.startsWith("--"))) {
    throw new UsageError(`--${name} needs a value`);
  }
}

/** Reads the flags of a command line. Throws a UsageError for an unknown, incomplete or repeated flag. */
export function readFlags(words: readonly string[]): GivenFlags {
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
    const { name, value, inlineValue } = token;
    if (!isFlag(name)) rejectUnknown(token.rawName);
    const texts = given.get(name) ?? [];
    if (texts.length > 0 && !isRepeatable(name)) throw new UsageError(`--${name} is given twice`);
    checkValue(name, value, inlineValue);
    given.set(name, [...texts, value ?? ""]);
  }
  return given;
}

/** Flags whose values may be secret. */
const SECRET: readonly Flag[] = ["header", "body"];

/** The flags as words of a command line, without values that may be secret. */
export function flagWords(given: GivenFlags): readonly string[] {
  return [...given].flatMap(([name, texts]) =>
    texts.flatMap((text) => {
      if (FLAGS[name].type === "boolean") return [`--${name}`];
      return [`--${name}`, SECRET.includes(name) ? "…" : text];
    }),
  );
}
