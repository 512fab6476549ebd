/** The flags of the load command, and their texts on a command line. */
import { type FlagTexts, readFlagsOf } from "./read-flags.ts";

const FLAGS = {
  proto: { type: "string" },
  target: { type: "string" },
  control: { type: "string" },
  via: { type: "string" },
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
export type GivenFlags = FlagTexts<Flag>;

/** Reads the flags of a command line. Throws a UsageError for an unknown, incomplete or repeated flag. */
export function readFlags(words: readonly string[]): GivenFlags {
  return readFlagsOf(FLAGS, words);
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
