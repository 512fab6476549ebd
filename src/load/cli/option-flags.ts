/** The flags that are options of the runs. */
import { convert, defined } from "../../base/defined.ts";
import { PROTOCOLS, type Protocol, REGISTRY } from "../../base/protocol.ts";
import { UsageError } from "../plan/errors.ts";
import type { HttpOptions, LoadOptions } from "../plan/options.ts";
import {
  alternatives,
  parseDuration,
  parseHeader,
  parseMethod,
  parseNumber,
  parsePercentiles,
  parseStages,
  parseWord,
} from "../plan/values.ts";
import { type Flag, type GivenFlags, textOf } from "./flags.ts";
import { type ReadFile, readBody } from "./input-files.ts";

/** The flags that apply only to protocols whose targets are URLs. */
const HTTP_FLAGS = ["method", "header", "body", "insecure", "no-keep-alive"] as const satisfies readonly Flag[];

/**
 * The options of a run for each protocol. With several protocols, options that some of them lack apply to the others.
 * @param labPorts reads the ports of the lab on this machine
 */
export function runOptions(
  given: GivenFlags,
  protocols: readonly Protocol[],
  readFile: ReadFile,
  labPorts: () => LoadOptions["labPorts"],
): readonly LoadOptions[] {
  checkHttpFlags(given, protocols);
  const common = commonOptions(given);
  const mode = convert(textOf(given, "mode"), (value) => parseWord("mode", value, ["stamp", "plain"] as const));
  const http = httpOptions(given, readFile);
  const ports = labPorts();
  return protocols.map((protocol) =>
    defined<LoadOptions>({
      ...common,
      labPorts: ports,
      protocol,
      mode: protocols.length > 1 && !REGISTRY[protocol].stamp ? undefined : mode,
      http: takesUrl(protocol) ? http : undefined,
    }),
  );
}

function takesUrl(protocol: Protocol): boolean {
  return REGISTRY[protocol].urlSchemes.length > 0;
}

function checkHttpFlags(given: GivenFlags, protocols: readonly Protocol[]): void {
  const flag = HTTP_FLAGS.find((name) => given.has(name));
  if (flag === undefined || protocols.some(takesUrl)) return;
  throw new UsageError(`--${flag} requires --proto ${alternatives(PROTOCOLS.filter(takesUrl))}`);
}

/** The options that apply to every protocol. */
function commonOptions(given: GivenFlags) {
  const text = (name: Flag) => textOf(given, name);
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

/** The options of HTTP requests; undefined without any. */
function httpOptions(given: GivenFlags, readFile: ReadFile): HttpOptions | undefined {
  if (!HTTP_FLAGS.some((name) => given.has(name))) return undefined;
  return defined<HttpOptions>({
    method: convert(textOf(given, "method"), parseMethod),
    headers: given.get("header")?.map(parseHeader),
    body: convert(textOf(given, "body"), (text) => (text.startsWith("@") ? readBody(text, readFile) : text)),
    verify: given.has("insecure") ? false : undefined,
    keepAlive: given.has("no-keep-alive") ? false : undefined,
  });
}
