/** Environment variables and flags, parsed once into a readonly value. An invalid value is rejected before the start. */
import { parseArgs } from "node:util";
import { type AllowedHost, parseAllowedHosts } from "./base/address.ts";
import { LOG_LEVELS, type LogLevel } from "./base/log.ts";
import {
  ALL_TITLES,
  type Classic,
  isSecure,
  PORT_PROTOCOLS,
  type PortProtocol,
  PROTOCOLS,
  type Protocol,
  REGISTRY,
  type SecureProtocol,
} from "./base/protocol.ts";
import { unknownVariables, type Variables } from "./base/variables.ts";
import { type Impairments, NO_IMPAIRMENTS } from "./faults/faults.ts";
import { ImpairmentError } from "./faults/pieces.ts";
import { parseImpairments } from "./faults/text.ts";
import { parseRelayImpairments, RELAY_IMPAIR_FORM, type RelayImpairments, relayFaults } from "./relay/route/faults.ts";
import { RelayError, type RelayRoute } from "./relay/route/route.ts";
import { parseRoutes, ROUTE_FORM } from "./relay/route/text.ts";

/** A port, or that the protocol is not served. */
type PortOrOff = number | "off";

/** The port of each protocol that has one of its own; 0 selects a free one. */
type PortSettings = Readonly<Record<`${Classic}Port`, number>> & Readonly<Record<`${SecureProtocol}Port`, PortOrOff>>;

/** Everything that can be configured. */
export interface Config extends PortSettings {
  /** Address or name to listen on; `::` is all of IPv6 and IPv4. */
  readonly host: string;
  /** The port on which every datagram is a STAMP test packet; undefined for none. */
  readonly stampPort: number | undefined;
  /** The port of Toxiproxy's HTTP API; undefined for none. */
  readonly toxiproxyPort: number | undefined;
  /** Whether the protocols that begin with a handshake are served. */
  readonly tls: "on" | "off";
  /** PEM files of the certificate chain and of its private key; undefined for those that the lab makes itself. */
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** The faults at the start. */
  readonly impair: Impairments;
  /** The relays at the start. */
  readonly relays: readonly RelayRoute[];
  /** Their faults at the start, as text, by name. */
  readonly relayImpair: RelayImpairments;
  /** 0 to 2^32 - 1; the same seed and the same packets have the same fates. */
  readonly seed: number;
  /** Bearer token that control requests from other hosts need; undefined forbids such requests. */
  readonly token: string | undefined;
  readonly logLevel: LogLevel;
  /** SQLite file that stores load runs; undefined keeps them in memory. */
  readonly data: string | undefined;
  /** Allowed targets of load runs from the page, besides the lab itself. */
  readonly targets: readonly AllowedHost[];
  /** The commit of the build, for `wirelab_build_info`. */
  readonly commit: string;
}

/** A value for the port of each protocol that has one of its own. */
function forPorts<Value>(make: (protocol: PortProtocol) => Value): Record<keyof PortSettings, Value> {
  // Has one entry for each of these protocols, under its key in the type.
  return Object.fromEntries(PORT_PROTOCOLS.map((protocol) => [`${protocol}Port`, make(protocol)])) as Record<
    keyof PortSettings,
    Value
  >;
}

/** The protocols that a lab with this configuration serves, in the order of the registry. */
export function servedProtocols(config: PortSettings & Pick<Config, "tls">): readonly Protocol[] {
  return PROTOCOLS.filter((name) => !isSecure(name) || (config.tls === "on" && config[`${name}Port`] !== "off"));
}

/** The configuration without any flag or variable. */
export const DEFAULT_CONFIG: Config = {
  host: "127.0.0.1",
  ...forPorts((protocol) => REGISTRY[protocol].port),
  stampPort: undefined,
  toxiproxyPort: undefined,
  tls: "on",
  tlsCert: undefined,
  tlsKey: undefined,
  impair: NO_IMPAIRMENTS,
  relays: [],
  relayImpair: {},
  seed: 1,
  token: undefined,
  logLevel: "info",
  data: undefined,
  targets: [],
  commit: "unknown",
};

/** An invalid value; the message is one line: the name, the value and the allowed values. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** One setting: its variable, its flag, and the parser of its value. */
interface Setting<T> {
  readonly variable: string;
  /** Undefined for a setting that has only a variable. */
  readonly flag: string | undefined;
  /** Placeholder of the value in `--help`. */
  readonly value: string;
  readonly help: string;
  /** Returns undefined for a text that is not allowed. */
  readonly parse: (text: string) => T | undefined;
  /** The allowed values, for error messages. */
  readonly allowed: string;
  /** Stands between the values of a flag that is given several times; without it the last value counts. */
  readonly separator?: string;
}

function integer(min: number, max: number) {
  return (text: string) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
    return value >= min && value <= max ? value : undefined;
  };
}

function port(name: string, help: string): Setting<number> {
  return {
    variable: `WIRELAB_${name}_PORT`,
    flag: `${name.toLowerCase()}-port`,
    value: "PORT",
    help,
    parse: integer(0, 65_535),
    allowed: "a port from 0 to 65535, 0 for any free one",
  };
}

/** Placeholder of a port that can be off. */
const PORT_OR_OFF = "PORT|off";

/** The port of a protocol that can be off. */
function securePort(protocol: SecureProtocol): Setting<PortOrOff> {
  const { parse, allowed, ...rest } = port(protocol.toUpperCase(), REGISTRY[protocol].help);
  return {
    ...rest,
    value: PORT_OR_OFF,
    parse: (text) => (text === "off" ? text : parse(text)),
    allowed: `${allowed}, or off`,
  };
}

type Settings = { readonly [Key in keyof Config]: Setting<Exclude<Config[Key], undefined>> };

/** Every setting, in the order of the help text. */
export const SETTINGS: Settings = {
  host: {
    variable: "WIRELAB_HOST",
    flag: "host",
    value: "ADDRESS",
    help: "address to listen on; 0.0.0.0 is all of IPv4, :: all of both",
    parse: (text) => (/^[\w.:-]+$/.test(text) ? text : undefined),
    allowed: "an IPv4 or IPv6 address, or a host name",
  },
  httpPort: port("HTTP", REGISTRY.http.help),
  tcpPort: port("TCP", REGISTRY.tcp.help),
  udpPort: port("UDP", REGISTRY.udp.help),
  httpsPort: securePort("https"),
  http2Port: securePort("http2"),
  http3Port: securePort("http3"),
  tlsPort: securePort("tls"),
  stampPort: port("STAMP", "UDP, STAMP only; off unless set (862 is the standard's)"),
  toxiproxyPort: port("TOXIPROXY", "Toxiproxy's HTTP API, for its clients; off unless set (8474 is theirs)"),
  tls: {
    variable: "WIRELAB_TLS",
    flag: "tls",
    value: "on|off",
    help: "off: no protocol with a handshake, and no certificate",
    parse: (text) => (text === "on" || text === "off" ? text : undefined),
    allowed: "on or off",
  },
  tlsCert: {
    variable: "WIRELAB_TLS_CERT",
    flag: "tls-cert",
    value: "FILE",
    help: "PEM file of the certificate and its chain; the lab makes one unless set",
    parse: (text) => (/[^/]$/.test(text) ? text : undefined),
    allowed: "the path of a file",
  },
  tlsKey: {
    variable: "WIRELAB_TLS_KEY",
    flag: "tls-key",
    value: "FILE",
    help: "PEM file of its private key",
    parse: (text) => (/[^/]$/.test(text) ? text : undefined),
    allowed: "the path of a file",
  },
  impair: {
    variable: "WIRELAB_IMPAIR",
    flag: "impair",
    value: "FAULTS",
    help: "faults at the start: none, classroom, or as in udp:drop=0.2,delay=uniform(0,50)",
    parse: parseImpairments,
    allowed: "none, classroom, or PROTOCOL:FAULT=VALUE,…;…",
  },
  relays: {
    variable: "WIRELAB_RELAYS",
    flag: "relay",
    value: "RELAY",
    help: `relay at the start, several flags for several: ${ROUTE_FORM}`,
    parse: parseRoutes,
    allowed: `${ROUTE_FORM}, separated by commas`,
    separator: ",",
  },
  relayImpair: {
    variable: "WIRELAB_RELAY_IMPAIR",
    flag: "relay-impair",
    value: "FAULTS",
    help: "faults of relays at the start, as in api:delay=20;db:rate=1M",
    parse: parseRelayImpairments,
    allowed: RELAY_IMPAIR_FORM,
    separator: ";",
  },
  seed: {
    variable: "WIRELAB_SEED",
    flag: "seed",
    value: "N",
    help: "the same seed and the same packets have the same fates",
    parse: integer(0, 2 ** 32 - 1),
    allowed: "an integer from 0 to 4294967295",
  },
  token: {
    variable: "WIRELAB_TOKEN",
    flag: "token",
    value: "TOKEN",
    help: "bearer token that allows control requests from other hosts",
    parse: (text) => (/^[\x21-\x7e]{8,}$/.test(text) ? text : undefined),
    allowed: "8 or more printable characters without a space",
  },
  logLevel: {
    variable: "WIRELAB_LOG_LEVEL",
    flag: "log-level",
    value: "LEVEL",
    help: "silent, error, warn, info (a line every few seconds) or debug (packets)",
    parse: (text) => LOG_LEVELS.find((level) => level === text),
    allowed: LOG_LEVELS.join(", "),
  },
  data: {
    variable: "WIRELAB_DATA",
    flag: "data",
    value: "FILE",
    help: "SQLite file that stores the load runs; in memory unless set",
    parse: (text) => (/[^/]$/.test(text) ? text : undefined),
    allowed: "the path of a file",
  },
  targets: {
    variable: "WIRELAB_TARGETS",
    flag: "targets",
    value: "LIST",
    help: "allowed targets of load runs from the page besides this lab: HOST[:PORT],…",
    parse: parseAllowedHosts,
    allowed: "host, host:port or [v6]:port, separated by commas",
  },
  commit: {
    variable: "WIRELAB_COMMIT",
    flag: undefined,
    value: "COMMIT",
    help: "commit of the build, for wirelab_build_info",
    parse: (text) => (/^[\w.-]{1,64}$/.test(text) ? text : undefined),
    allowed: "up to 64 letters, digits, dots, dashes and underscores",
  },
};

/** Settings whose invalid value is not printed. */
export const SECRET_SETTINGS: ReadonlySet<keyof Config> = new Set(["token"]);

function read<Key extends keyof Config>(key: Key, name: string, text: string): Config[Key] {
  const setting: Setting<unknown> = SETTINGS[key];
  const shown = SECRET_SETTINGS.has(key) ? "(not shown)" : JSON.stringify(text);
  try {
    const value = setting.parse(text);
    if (value !== undefined) return value as Config[Key]; // SETTINGS[key] parses to Config[key] by its type
  } catch (error) {
    if (!(error instanceof ImpairmentError || error instanceof RelayError)) throw error;
    const { message } = error;
    // The error can name the part that is not allowed, which can be the whole.
    throw new ConfigError(`${name}=${message.startsWith(`${shown}: `) ? message : `${shown}: ${message}`}`);
  }
  throw new ConfigError(`${name}=${shown}: not allowed; allowed: ${setting.allowed}`);
}

/** The command given to `main.ts`. */
export type Command =
  | {
      readonly kind: "run";
      readonly config: Config;
      /** A line for each variable that is not known and has no effect. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: "help" }
  | { readonly kind: "version" };

/** Parses flags and variables; a flag overrides its variable, an empty variable is unset. Throws ConfigError. */
export function readCommand(args: readonly string[], env: Variables): Command {
  const flags = parseFlags(args);
  if (flags.get("help") !== undefined) return { kind: "help" };
  if (flags.get("version") !== undefined) return { kind: "version" };
  const given: Partial<Record<keyof Config, unknown>> = {};
  for (const key of keysOf(SETTINGS)) {
    const { flag, variable } = SETTINGS[key];
    const fromFlag = flag === undefined ? undefined : flags.get(flag);
    if (fromFlag !== undefined) given[key] = read(key, `--${flag}`, fromFlag);
    else if (env[variable]) given[key] = read(key, variable, env[variable]);
  }
  // Each value was parsed by the setting of its own key.
  const config = { ...DEFAULT_CONFIG, ...(given as Partial<Config>) };
  if ((config.tlsCert === undefined) !== (config.tlsKey === undefined)) {
    const [set, missing] = config.tlsKey === undefined ? ["--tls-cert", "--tls-key"] : ["--tls-key", "--tls-cert"];
    throw new ConfigError(`${set} requires ${missing}: a certificate and its private key`);
  }
  checkRelayFaults(config, flags.has("relay-impair") ? "--relay-impair" : "WIRELAB_RELAY_IMPAIR");
  return { kind: "run", config, warnings: variableWarnings(env) };
}

/** Checks that the faults of relays belong to relays and are valid there. Throws ConfigError, which begins with `name`. */
function checkRelayFaults({ relays, relayImpair }: Config, name: string): void {
  try {
    relayFaults(relays, relayImpair);
  } catch (error) {
    throw error instanceof RelayError ? new ConfigError(`${name}: ${error.message}`) : error;
  }
}

/** A line for each variable of the environment that has the prefix of the lab's variables and is none of them. */
export function variableWarnings(env: Variables): readonly string[] {
  return unknownVariables(
    env,
    Object.values(SETTINGS).map(({ variable }) => variable),
  );
}

/** The ports of the lab on this machine that variables set; a free one (0) is not known. Throws ConfigError. */
export function readPorts(env: Variables): Partial<Record<Protocol, number>> {
  const ports: Partial<Record<Protocol, number>> = {};
  for (const protocol of PORT_PROTOCOLS) {
    const { variable } = SETTINGS[`${protocol}Port`];
    const text = env[variable];
    const port = text ? read(`${protocol}Port`, variable, text) : 0;
    if (typeof port === "number" && port !== 0) ports[protocol] = port;
  }
  return ports;
}

/** The end of an error line about the value of a setting: how to change it. */
export function changeHint(key: keyof Config): string {
  const { flag, variable, value } = SETTINGS[key];
  return `; choose another with --${flag} or ${variable}${value === PORT_OR_OFF ? "; off leaves it closed" : ""}`;
}

function keysOf<T extends object>(record: T): (keyof T)[] {
  return Object.keys(record) as (keyof T)[]; // a literal's own keys are its type's keys
}

/** The given flags by name; the last of repeated ones, or all of them where several count. `help` and `version` have an empty text. */
function parseFlags(args: readonly string[]): ReadonlyMap<string, string> {
  const keys = new Map(keysOf(SETTINGS).map((key) => [SETTINGS[key].flag, key]));
  const names = [...keys.keys()].filter((name) => name !== undefined);
  const allowed = `allowed: ${[...names, ...BARE_FLAGS].map((name) => `--${name}`).join(" ")}`;
  const given = new Map<string, string>();
  for (const token of tokensOf(args, names)) {
    if (token.kind === "positional") throw new ConfigError(`${token.value}: unexpected argument; ${allowed}`);
    if (token.kind === "option-terminator") continue;
    const { name, rawName, value } = token;
    const key = keys.get(name);
    const isBare = BARE_FLAGS.some((bare) => bare === name);
    if (key === undefined && !isBare) throw new ConfigError(`${rawName}: no such flag; ${allowed}`);
    if (key === undefined && value !== undefined) throw new ConfigError(`${rawName}: takes no value`);
    if (key !== undefined && value === undefined) {
      throw new ConfigError(`${rawName}: a value is missing; allowed: ${SETTINGS[key].allowed}`);
    }
    const separator = key && SETTINGS[key].separator;
    const before = given.get(name);
    given.set(name, separator && before ? `${before}${separator}${value}` : (value ?? ""));
  }
  return given;
}

/** Flags without a value. */
const BARE_FLAGS = ["help", "version"] as const;

/** The arguments as tokens; the caller checks them. */
function tokensOf(args: readonly string[], names: readonly string[]) {
  return parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      ...Object.fromEntries(names.map((name) => [name, { type: "string" } as const])),
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "v" },
    },
  }).tokens;
}

/** The output of `--help`. */
export function helpText(): string {
  const rows = keysOf(SETTINGS).map((key) => {
    const { flag, variable, value, help } = SETTINGS[key];
    const left = flag === undefined ? `  ${variable}` : `  --${flag} ${value}`;
    return `${left.padEnd(25)} ${help}\n${flag === undefined ? "" : `${"".padEnd(26)}${variable}${defaultOf(key)}\n`}`;
  });
  return `wirelab serves ${ALL_TITLES};
it injects faults and measures loss and delay

usage: bun src/main.ts [flags]

${rows.join("")}  -h, --help                this text
  -v, --version             the version

A flag overrides its variable. Probabilities can be in % and times in us, ms or s: drop=20%,delay=0.5s.
On HTTP, drop and burst answer with 503 at once; close and stall leave a request without a response.

examples:
  bun src/main.ts
  bun src/main.ts --impair classroom
  bun src/main.ts --host :: --token "$(openssl rand -hex 16)"
  bun src/main.ts --impair 'udp:drop=0.05/0.1,delay=normal(20,5);http:status=500:0.1' --seed 7
  WIRELAB_UDP_PORT=7777 bun src/main.ts --log-level debug
  bun src/main.ts --relay 'db=tcp:5433>127.0.0.1:5432' --relay-impair 'db:delay=20,rate=1M'
`;
}

function defaultOf(key: keyof Config): string {
  const value = DEFAULT_CONFIG[key];
  if (key === "impair") return ", default none";
  if (key === "relays" || key === "relayImpair") return ", default none";
  if (key === "targets") return ", default only this lab";
  return value === undefined ? ", default unset" : `, default ${value}`;
}
