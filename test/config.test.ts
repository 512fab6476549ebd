/** Environment variables and flags: values, precedence, and the errors of invalid ones. */
import { describe, expect, test } from "bun:test";
import { PORT_PROTOCOLS } from "../src/base/protocol.ts";
import {
  type Config,
  ConfigError,
  DEFAULT_CONFIG,
  helpText,
  readCommand,
  readPorts,
  SETTINGS,
  variableWarnings,
} from "../src/config.ts";
import { parseImpairments } from "../src/faults/text.ts";
import { parseRoutes } from "../src/relay/route/text.ts";

function configOf(args: readonly string[], env: Readonly<Record<string, string>> = {}): Config {
  const command = readCommand(args, env);
  if (command.kind !== "run") throw new Error(`the command is ${command.kind}, not run`);
  return command.config;
}

/** The error message of an invalid configuration, which has one line. */
function errorOf(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  try {
    readCommand(args, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain("\n");
    return error.message;
  }
  throw new Error("no error");
}

type Case = readonly [key: keyof Config, text: string, value: Config[keyof Config]];
const VALID: readonly Case[] = [
  ["host", "0.0.0.0", "0.0.0.0"],
  ["host", "::", "::"],
  ["host", "lab.example", "lab.example"],
  ["httpPort", "0", 0],
  ["tcpPort", "65535", 65_535],
  ["udpPort", "7001", 7001],
  ["stampPort", "862", 862],
  ["toxiproxyPort", "8474", 8474],
  ["http2Port", "5445", 5445],
  ["http3Port", "off", "off"],
  ["tls", "off", "off"],
  ["impair", "udp:drop=0.2", parseImpairments("udp:drop=0.2")],
  ["impair", "classroom", parseImpairments("classroom")],
  ["relays", "api=tcp:8080>db:5432,dns=udp:53>9.9.9.9:53", parseRoutes("api=tcp:8080>db:5432,dns=udp:53>9.9.9.9:53")],
  ["seed", "0", 0],
  ["seed", "4294967295", 4_294_967_295],
  ["token", "0123456789abcdef", "0123456789abcdef"],
  ["logLevel", "debug", "debug"],
  ["logLevel", "silent", "silent"],
  ["commit", "abc1234", "abc1234"],
];

describe("a setting", () => {
  test.each(VALID)("is read from its variable and from its flag with a space or `=`: %s=%s", (key, text, value) => {
    const { variable, flag } = SETTINGS[key];
    expect(configOf([], { [variable]: text })).toEqual({ ...DEFAULT_CONFIG, [key]: value });
    if (flag === undefined) return;
    expect(configOf([`--${flag}`, text])).toEqual({ ...DEFAULT_CONFIG, [key]: value });
    expect(configOf([`--${flag}=${text}`])).toEqual({ ...DEFAULT_CONFIG, [key]: value });
  });

  test("has the variable and the flag of docs/CONTRACT.md", () => {
    expect(Object.values(SETTINGS).map(({ variable, flag }) => [variable, flag])).toEqual([
      ["WIRELAB_HOST", "host"],
      ...PORT_PROTOCOLS.map((protocol) => [`WIRELAB_${protocol.toUpperCase()}_PORT`, `${protocol}-port`]),
      ["WIRELAB_STAMP_PORT", "stamp-port"],
      ["WIRELAB_TOXIPROXY_PORT", "toxiproxy-port"],
      ["WIRELAB_TLS", "tls"],
      ["WIRELAB_TLS_CERT", "tls-cert"],
      ["WIRELAB_TLS_KEY", "tls-key"],
      ["WIRELAB_IMPAIR", "impair"],
      ["WIRELAB_RELAYS", "relay"],
      ["WIRELAB_RELAY_IMPAIR", "relay-impair"],
      ["WIRELAB_SEED", "seed"],
      ["WIRELAB_TOKEN", "token"],
      ["WIRELAB_LOG_LEVEL", "log-level"],
      ["WIRELAB_DATA", "data"],
      ["WIRELAB_TARGETS", "targets"],
      ["WIRELAB_COMMIT", undefined],
    ]);
  });

  test("has the default of docs/CONTRACT.md: loopback, ports 5000, 6000 and 7000, no faults, no token", () => {
    expect(configOf([])).toMatchObject({
      host: "127.0.0.1",
      httpPort: 5000,
      tcpPort: 6000,
      udpPort: 7000,
      stampPort: undefined,
      impair: { http: {}, tcp: {}, udp: {} },
      relays: [],
      relayImpair: {},
      seed: 1,
      token: undefined,
      logLevel: "info",
      data: undefined,
      targets: [],
      commit: "unknown",
    });
  });
});

describe("precedence", () => {
  test("a flag overrides its variable, and a later flag an earlier one", () => {
    const env = { WIRELAB_UDP_PORT: "1111", WIRELAB_SEED: "5" };
    expect(configOf(["--udp-port", "2222"], env)).toEqual({ ...DEFAULT_CONFIG, udpPort: 2222, seed: 5 });
    expect(configOf(["--seed=1", "--seed", "9"], env).seed).toBe(9);
  });

  test("a repeated flag of relays adds to those before, and their faults belong to relays", () => {
    const [api, dns] = ["api=tcp:8080>db:5432", "dns=udp:53>9.9.9.9:53"];
    const faults = ["--relay-impair", "api:delay=20", "--relay-impair=dns:drop=0.3"];
    const config = configOf(["--relay", api, `--relay=${dns}`, ...faults], { WIRELAB_RELAYS: "other=tcp:1>a:1" });
    expect(config.relays).toEqual(parseRoutes(`${api},${dns}`));
    expect(config.relayImpair).toEqual({ api: "delay=20", dns: "drop=0.3" });
    const slice = errorOf(["--relay", dns, "--relay-impair", "dns:slice=5"]);
    expect(slice).toStartWith(
      '--relay-impair: relay dns, "slice=5": a udp relay has no fault "slice" at character 1; ',
    );
    expect(errorOf(["--relay", dns], { WIRELAB_RELAY_IMPAIR: "api:delay=20" })).toBe(
      'WIRELAB_RELAY_IMPAIR: no relay has the name "api"; allowed: dns',
    );
  });

  test("a flag overrides an invalid variable", () => {
    expect(configOf(["--seed", "3"], { WIRELAB_SEED: "x" }).seed).toBe(3);
  });

  test("an empty variable is unset, and other variables are ignored", () => {
    const env = { WIRELAB_TOKEN: "", WIRELAB_STAMP_PORT: "", WIRELAB_IMPAIR: "", WIRELAB_NONE: "x", PORT: "1" };
    expect(configOf([], env)).toEqual(DEFAULT_CONFIG);
  });

  test("an unknown variable with the prefix is a warning with a suggestion", () => {
    const command = readCommand([], { WIRELAB_HTP_PORT: "8080", WIRELAB_SEED: "1" });
    expect(command.kind === "run" && command.warnings).toEqual([
      "WIRELAB_HTP_PORT: no such variable, it has no effect; did you mean WIRELAB_HTTP_PORT?",
    ]);
    const known = Object.fromEntries(Object.values(SETTINGS).map(({ variable }) => [variable, "1"]));
    expect(variableWarnings(known)).toEqual([]);
  });

  test("the ports of the lab on this machine are those of its variables; a free one is not known", () => {
    expect(readPorts({ WIRELAB_UDP_PORT: "7777", WIRELAB_TCP_PORT: "0", WIRELAB_HTTP_PORT: "" })).toEqual({
      udp: 7777,
    });
    expect(() => readPorts({ WIRELAB_UDP_PORT: "x" })).toThrow(`WIRELAB_UDP_PORT="x": ${PORT}`);
  });

  test("help and version override everything else", () => {
    expect(readCommand(["--help"], { WIRELAB_SEED: "x" })).toEqual({ kind: "help" });
    expect(readCommand(["-h"], {})).toEqual({ kind: "help" });
    expect(readCommand(["--version"], {})).toEqual({ kind: "version" });
    expect(readCommand(["-v"], {})).toEqual({ kind: "version" });
  });
});

const PORT = "not allowed; allowed: a port from 0 to 65535, 0 for any free one";
const INVALID: readonly (readonly [key: keyof Config, text: string, line: string])[] = [
  ["httpPort", "65536", PORT],
  ["tcpPort", "-1", PORT],
  ["udpPort", "seven", PORT],
  ["udpPort", "7000.5", PORT],
  ["udpPort", "7e3", PORT],
  ["udpPort", " 7000", PORT],
  ["stampPort", "99999999999", PORT],
  ["host", "a b", "not allowed; allowed: an IPv4 or IPv6 address, or a host name"],
  ["host", "http://x/", "not allowed; allowed: an IPv4 or IPv6 address, or a host name"],
  ["http3Port", "on", "not allowed; allowed: a port from 0 to 65535, 0 for any free one, or off"],
  ["tls", "no", "not allowed; allowed: on or off"],
  ["tlsCert", "certs/", "not allowed; allowed: the path of a file"],
  ["tlsKey", "certs/", "not allowed; allowed: the path of a file"],
  ["seed", "4294967296", "not allowed; allowed: an integer from 0 to 4294967295"],
  ["seed", "one", "not allowed; allowed: an integer from 0 to 4294967295"],
  ["logLevel", "loud", "not allowed; allowed: silent, error, warn, info, debug"],
  ["commit", "a/b", "not allowed; allowed: up to 64 letters, digits, dots, dashes and underscores"],
  ["impair", "udp:drp=1", 'udp has no fault "drp" at character 5; allowed: drop, burst, delay, duplicate, '],
  [
    "impair",
    "chaos",
    '"chaos" is neither a protocol with faults nor a preset at character 1; allowed: http:…, tcp:…, udp:…, ',
  ],
  [
    "impair",
    "udp:drop=\n",
    '"" is not a valid value for drop at character 10; allowed: P or UP/DOWN, each from 0 to 1, or 0% to 100%',
  ],
];

describe("the error line", () => {
  test.each(INVALID)("has the name, the value and the allowed values: %s=%j", (key, text, line) => {
    const { variable, flag } = SETTINGS[key];
    expect(errorOf([], { [variable]: text })).toStartWith(`${variable}=${JSON.stringify(text)}: ${line}`);
    if (flag !== undefined)
      expect(errorOf([`--${flag}=${text}`])).toStartWith(`--${flag}=${JSON.stringify(text)}: ${line}`);
  });

  test("does not show an invalid token", () => {
    const line = "(not shown): not allowed; allowed: 8 or more printable characters without a space";
    expect(errorOf([], { WIRELAB_TOKEN: "secret" })).toBe(`WIRELAB_TOKEN=${line}`);
    expect(errorOf(["--token", "secret 2 times"])).toBe(`--token=${line}`);
  });

  test("of a certificate without its key, or a key without its certificate, names the missing flag", () => {
    expect(errorOf(["--tls-cert", "a.pem"])).toBe("--tls-cert requires --tls-key: a certificate and its private key");
    expect(errorOf([], { WIRELAB_TLS_KEY: "a.pem" })).toBe(
      "--tls-key requires --tls-cert: a certificate and its private key",
    );
  });

  test("of an empty flag has the empty value", () => {
    expect(errorOf(["--seed="])).toBe('--seed="": not allowed; allowed: an integer from 0 to 4294967295');
  });

  const ports = PORT_PROTOCOLS.map((protocol) => `--${protocol}-port`).join(" ");
  const FLAGS = `allowed: --host ${ports} --stamp-port --toxiproxy-port --tls --tls-cert --tls-key --impair --relay --relay-impair --seed --token --log-level --data --targets --help --version`;
  test.each([
    [["--drop", "0.2"], `--drop: no such flag; ${FLAGS}`],
    [["--drop=0.2"], `--drop: no such flag; ${FLAGS}`],
    [["--help", "--bogus"], `--bogus: no such flag; ${FLAGS}`],
    [["-x"], `-x: no such flag; ${FLAGS}`],
    [["--udp-port", "7000", "classroom"], `classroom: unexpected argument; ${FLAGS}`],
    [["--udp-port=7000", "classroom"], `classroom: unexpected argument; ${FLAGS}`],
    [["--seed"], "--seed: a value is missing; allowed: an integer from 0 to 4294967295"],
    [["--udp-port", "-5"], `--udp-port="-5": ${PORT}`],
    [["--help=x"], "--help: takes no value"],
  ])("of %j lists the flags or the allowed values", (args, line) => {
    expect(errorOf(args)).toBe(line);
  });
});

test("the help text lists every flag, variable and default, and has examples", () => {
  const help = helpText();
  for (const { variable, flag, help: text } of Object.values(SETTINGS)) {
    expect(help).toContain(variable);
    expect(help).toContain(text);
    if (flag !== undefined) expect(help).toContain(`--${flag} `);
  }
  expect(help).toContain("WIRELAB_UDP_PORT, default 7000");
  expect(help).toContain("WIRELAB_TOKEN, default unset");
  expect(help).toContain("bun src/main.ts --impair classroom");
  for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(110);
});
