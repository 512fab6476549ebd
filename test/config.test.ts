/** Variables and flags: each by itself, which goes first, and one line for each that is wrong. */
import { describe, expect, test } from "bun:test";
import { type Config, ConfigError, DEFAULT_CONFIG, helpText, readCommand, SETTINGS } from "../src/config.ts";
import { parseImpairments } from "../src/faults/text.ts";

function configOf(args: readonly string[], env: Readonly<Record<string, string>> = {}): Config {
  const command = readCommand(args, env);
  if (command.kind !== "run") throw new Error(`${command.kind} in place of a run`);
  return command.config;
}

/** The one line that a wrong configuration gives. */
function lineOf(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  try {
    readCommand(args, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain("\n");
    return error.message;
  }
  throw new Error("nothing was refused");
}

type Case = readonly [key: keyof Config, text: string, value: Config[keyof Config]];
const GOOD: readonly Case[] = [
  ["host", "0.0.0.0", "0.0.0.0"],
  ["host", "::", "::"],
  ["host", "lab.example", "lab.example"],
  ["httpPort", "0", 0],
  ["tcpPort", "65535", 65_535],
  ["udpPort", "7001", 7001],
  ["stampPort", "862", 862],
  ["impair", "udp:drop=0.2", parseImpairments("udp:drop=0.2")],
  ["impair", "classroom", parseImpairments("classroom")],
  ["seed", "0", 0],
  ["seed", "4294967295", 4_294_967_295],
  ["token", "0123456789abcdef", "0123456789abcdef"],
  ["logLevel", "debug", "debug"],
  ["logLevel", "silent", "silent"],
  ["commit", "abc1234", "abc1234"],
];

describe("each setting", () => {
  test.each(GOOD)("%s=%s as a variable, and as a flag in both spellings", (key, text, value) => {
    const { variable, flag } = SETTINGS[key];
    expect(configOf([], { [variable]: text })).toEqual({ ...DEFAULT_CONFIG, [key]: value });
    if (flag === undefined) return;
    expect(configOf([`--${flag}`, text])).toEqual({ ...DEFAULT_CONFIG, [key]: value });
    expect(configOf([`--${flag}=${text}`])).toEqual({ ...DEFAULT_CONFIG, [key]: value });
  });

  test("the names are the contract's", () => {
    expect(Object.values(SETTINGS).map(({ variable, flag }) => [variable, flag])).toEqual([
      ["WIRELAB_HOST", "host"],
      ["WIRELAB_HTTP_PORT", "http-port"],
      ["WIRELAB_TCP_PORT", "tcp-port"],
      ["WIRELAB_UDP_PORT", "udp-port"],
      ["WIRELAB_STAMP_PORT", "stamp-port"],
      ["WIRELAB_IMPAIR", "impair"],
      ["WIRELAB_SEED", "seed"],
      ["WIRELAB_TOKEN", "token"],
      ["WIRELAB_LOG_LEVEL", "log-level"],
      ["WIRELAB_DATA", "data"],
      ["WIRELAB_TARGETS", "targets"],
      ["WIRELAB_COMMIT", undefined],
    ]);
  });

  test("nothing given is the contract's bare run: loopback, its ports, no faults, no token", () => {
    expect(configOf([])).toMatchObject({
      host: "127.0.0.1",
      httpPort: 5000,
      tcpPort: 6000,
      udpPort: 7000,
      stampPort: undefined,
      impair: { http: {}, tcp: {}, udp: {} },
      seed: 1,
      token: undefined,
      logLevel: "info",
      data: undefined,
      targets: [],
      commit: "unknown",
    });
  });
});

describe("which goes first", () => {
  test("a flag before its variable, the last of two flags, and variables for the rest", () => {
    const env = { WIRELAB_UDP_PORT: "1111", WIRELAB_SEED: "5" };
    expect(configOf(["--udp-port", "2222"], env)).toEqual({ ...DEFAULT_CONFIG, udpPort: 2222, seed: 5 });
    expect(configOf(["--seed=1", "--seed", "9"], env).seed).toBe(9);
  });

  test("a wrong variable does not matter where a flag stands in for it", () => {
    expect(configOf(["--seed", "3"], { WIRELAB_SEED: "x" }).seed).toBe(3);
  });

  test("an empty variable is an unset one; variables of others are not looked at", () => {
    const env = { WIRELAB_TOKEN: "", WIRELAB_STAMP_PORT: "", WIRELAB_IMPAIR: "", WIRELAB_NONE: "x", PORT: "1" };
    expect(configOf([], env)).toEqual(DEFAULT_CONFIG);
  });

  test("help and version before everything else", () => {
    expect(readCommand(["--help"], { WIRELAB_SEED: "x" })).toEqual({ kind: "help" });
    expect(readCommand(["-h"], {})).toEqual({ kind: "help" });
    expect(readCommand(["--version"], {})).toEqual({ kind: "version" });
    expect(readCommand(["-v"], {})).toEqual({ kind: "version" });
  });
});

const PORT = "not allowed; allowed: a port from 0 to 65535, 0 for any free one";
const BAD: readonly (readonly [key: keyof Config, text: string, line: string])[] = [
  ["httpPort", "65536", PORT],
  ["tcpPort", "-1", PORT],
  ["udpPort", "seven", PORT],
  ["udpPort", "7000.5", PORT],
  ["udpPort", "7e3", PORT],
  ["udpPort", " 7000", PORT],
  ["stampPort", "99999999999", PORT],
  ["host", "a b", "not allowed; allowed: an IPv4 or IPv6 address, or a host name"],
  ["host", "http://x/", "not allowed; allowed: an IPv4 or IPv6 address, or a host name"],
  ["seed", "4294967296", "not allowed; allowed: an integer from 0 to 4294967295"],
  ["seed", "one", "not allowed; allowed: an integer from 0 to 4294967295"],
  ["logLevel", "loud", "not allowed; allowed: silent, error, warn, info, debug"],
  ["commit", "a/b", "not allowed; allowed: up to 64 letters, digits, dots, dashes and underscores"],
  ["impair", "udp:drp=1", 'udp has no fault "drp" at character 5; allowed: drop, burst, delay, duplicate, '],
  ["impair", "chaos", '"chaos" is no protocol with faults at character 1; allowed: http:…, tcp:…, udp:…, '],
  ["impair", "udp:drop=\n", '"" is no value for drop at character 10; allowed: P or UP/DOWN, each from 0 to 1'],
];

describe("one line for what is wrong: the name, the value, what is allowed", () => {
  test.each(BAD)("%s=%j", (key, text, line) => {
    const { variable, flag } = SETTINGS[key];
    expect(lineOf([], { [variable]: text })).toStartWith(`${variable}=${JSON.stringify(text)}: ${line}`);
    if (flag !== undefined)
      expect(lineOf([`--${flag}=${text}`])).toStartWith(`--${flag}=${JSON.stringify(text)}: ${line}`);
  });

  test("a wrong token is not shown", () => {
    const line = "(not shown): not allowed; allowed: 8 or more printable characters without a space";
    expect(lineOf([], { WIRELAB_TOKEN: "secret" })).toBe(`WIRELAB_TOKEN=${line}`);
    expect(lineOf(["--token", "secret 2 times"])).toBe(`--token=${line}`);
  });

  test("an empty flag is a wrong value, not an unset one", () => {
    expect(lineOf(["--seed="])).toBe('--seed="": not allowed; allowed: an integer from 0 to 4294967295');
  });

  const FLAGS =
    "allowed: --host --http-port --tcp-port --udp-port --stamp-port --impair --seed --token --log-level --data --targets --help --version";
  test.each([
    [["--drop", "0.2"], `--drop: no such flag; ${FLAGS}`],
    [["--drop=0.2"], `--drop: no such flag; ${FLAGS}`],
    [["--help", "--bogus"], `--bogus: no such flag; ${FLAGS}`],
    [["-x"], `-x: no such flag; ${FLAGS}`],
    [["--udp-port", "7000", "classroom"], `classroom: no argument is taken; ${FLAGS}`],
    [["--udp-port=7000", "classroom"], `classroom: no argument is taken; ${FLAGS}`],
    [["--seed"], "--seed: a value is missing; allowed: an integer from 0 to 4294967295"],
    [["--udp-port", "-5"], `--udp-port="-5": ${PORT}`],
    [["--help=x"], "--help: no value is taken"],
  ])("%j", (args, line) => {
    expect(lineOf(args)).toBe(line);
  });
});

test("the help names every flag, every variable, every default and has examples", () => {
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
