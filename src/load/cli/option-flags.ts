/** The flags that are options of the runs. */
import { convert, defined } from "../../base/defined.ts";
import { isSecure, PROTOCOLS, type Protocol, REGISTRY } from "../../base/protocol.ts";
import { UsageError } from "../plan/errors.ts";
import type { HttpOptions, LoadOptions } from "../plan/options.ts";
import { checkTarget } from "../plan/protocols.ts";
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
import { isLabRelay } from "../plan/via.ts";
import type { Flag, GivenFlags } from "./flags.ts";
import { type ReadFile, readBody, readCertificates } from "./input-files.ts";
import { textOf } from "./read-flags.ts";

type Applies = (protocol: Protocol) => boolean;

const ofRequests: Applies = (protocol) => REGISTRY[protocol].requests;
const withTls: Applies = (protocol) => isSecure(protocol) || REGISTRY[protocol].urlSchemes.length > 0;

/** The flags that do not apply to every protocol. Of several protocols, those to which a flag does not apply ignore it. */
const APPLICABLE = {
  mode: (protocol) => REGISTRY[protocol].stamp,
  streams: (protocol) => REGISTRY[protocol].streams,
  method: ofRequests,
  header: ofRequests,
  body: ofRequests,
  "no-keep-alive": (protocol) => ofRequests(protocol) && !REGISTRY[protocol].streams,
  ca: withTls,
  insecure: withTls,
} as const satisfies Partial<Record<Flag, Applies>>;

/** Those of which the plan of a run says why they do not apply to its protocol. */
const PLANNED: readonly string[] = ["mode", "streams"] satisfies readonly Flag[];

/** The flags that are options of requests. */
const HTTP_FLAGS = ["method", "header", "body", "no-keep-alive"] as const satisfies readonly Flag[];

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
  checkApplicable(given, protocols);
  const target = textOf(given, "target");
  if (target !== undefined && protocols.length > 1) checkTarget("target", target, protocols);
  checkVia(given, protocols);
  const common = commonOptions(given);
  const own = ownOptions(given, readFile);
  const http = httpOptions(given, readFile);
  const ports = labPorts();
  return protocols.map((protocol) => {
    const applies = (flag: keyof typeof APPLICABLE) => protocols.length === 1 || APPLICABLE[flag](protocol);
    return defined<LoadOptions>({
      ...common,
      labPorts: ports,
      protocol,
      mode: applies("mode") ? own.mode : undefined,
      connections: own.connections,
      streams: applies("streams") ? own.streams : undefined,
      ca: applies("ca") ? own.ca : undefined,
      verify: applies("insecure") ? own.verify : undefined,
      http: httpOf(http, protocol),
    });
  });
}

/** The options of requests of a protocol: those without connections of its own ignore whether they are reused. */
function httpOf(http: HttpOptions | undefined, protocol: Protocol): HttpOptions | undefined {
  if (http === undefined || !ofRequests(protocol)) return undefined;
  const { keepAlive, ...others } = http;
  if (APPLICABLE["no-keep-alive"](protocol)) return http;
  return Object.keys(others).length === 0 ? undefined : others;
}

/** Throws a UsageError for a flag that applies to none of the protocols. */
function checkApplicable(given: GivenFlags, protocols: readonly Protocol[]): void {
  for (const [flag, applies] of Object.entries(APPLICABLE)) {
    // The keys of APPLICABLE are flags.
    if (!given.has(flag as Flag) || protocols.some(applies)) continue;
    if (protocols.length === 1 && PLANNED.includes(flag)) continue;
    throw new UsageError(`--${flag} requires --proto ${alternatives(PROTOCOLS.filter(applies))}`);
  }
}

/** Throws a UsageError for a relay of a lab with several protocols: it has one upstream, and counts all runs together. */
function checkVia(given: GivenFlags, protocols: readonly Protocol[]): void {
  const via = textOf(given, "via");
  if (via === undefined || protocols.length === 1 || !isLabRelay(via)) return;
  throw new UsageError(`--via ${via} requires one protocol: the relay counts the packets of all runs together`);
}

/** The options that do not apply to every protocol. */
function ownOptions(given: GivenFlags, readFile: ReadFile) {
  const number = (name: Flag) => convert(textOf(given, name), (value) => parseNumber(name, value));
  return {
    mode: convert(textOf(given, "mode"), (value) => parseWord("mode", value, ["stamp", "plain"] as const)),
    connections: number("connections"),
    streams: number("streams"),
    ca: convert(textOf(given, "ca"), (path) => readCertificates(path, readFile)),
    verify: given.has("insecure") ? false : undefined,
  };
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
    via: text("via"),
    rate: text("rate") === "max" ? ("max" as const) : number("rate"),
    arrival: convert(text("arrival"), (value) => parseWord("arrival", value, ["constant", "poisson"] as const)),
    stages: convert(text("stages"), parseStages),
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
    keepAlive: given.has("no-keep-alive") ? false : undefined,
  });
}
