/** The reflectors and senders of the accuracy table, and how each is started. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WAIT } from "./paths.ts";

const HERE = import.meta.dir;
const BUN = process.execPath;
/** The interpreter for which Debian installs python3-scapy. */
const PYTHON = "/usr/bin/python3";
const SCAPY_PEER = join(HERE, "stamp_scapy_peer.py");
/** Where stamp-suite is installed if it is not in the PATH. */
const CRATES = join(tmpdir(), "wirelab-peers");
const STAMP_SUITE = "stamp-suite@1.0.0";

/** How many packets a run sends, and how many a second. */
export interface Load {
  readonly count: number;
  readonly rate: number;
}

/** For the lab, for programs, and for scapy, which takes several ms for a packet. */
const [LAB_LOAD, LOAD, SCAPY_LOAD]: readonly [Load, Load, Load] = [
  { count: 800, rate: 1000 },
  { count: 400, rate: 200 },
  { count: 150, rate: 50 },
];

/** The target's UDP port in the server's namespace. */
export const PORT = 7000;

/** What the directions of losses can be known from: the numbers of one session, of several, or nothing. */
export type Numbering = "lab" | "session" | "none";

/** A reflector. */
export interface Reflector {
  readonly name: string;
  readonly numbering: Numbering;
  readonly load: Load;
  /** The command that listens on `PORT` in the server's namespace; undefined if the peer is not there, with `why`. */
  readonly command: string | undefined;
  readonly why?: string;
}

/** A foreign session sender, and the shell command that prints its result. */
export interface Sender {
  readonly name: string;
  readonly command: string | undefined;
  readonly why?: string;
  /** The counts in its output. */
  readonly read: (output: string) => SenderCounts;
}

/** What a foreign sender counts; undefined where it has no such number. */
export interface SenderCounts {
  readonly answered: number | undefined;
  readonly duplicate: number | undefined;
}

/** The lab. */
export const LAB: Reflector = {
  name: "lab",
  numbering: "lab",
  load: LAB_LOAD,
  command: `${BUN} src/main.ts --host 0.0.0.0 --log-level error`,
};

/** The name of a program, or the reason why it is not there. */
type Found = { readonly program: string } | { readonly why: string };

function scapy(): Found {
  const imports = Bun.spawnSync([PYTHON, "-c", "import scapy.contrib.stamp"], { stdout: "ignore", stderr: "ignore" });
  return imports.success ? { program: `${PYTHON} ${SCAPY_PEER}` } : { why: "python3-scapy is not installed" };
}

/** Finds stamp-suite; where it is not in the PATH, builds it with cargo, which takes minutes the first time. */
function stampSuite(): Found {
  const inPath = Bun.which("stamp-suite");
  if (inPath !== null) return { program: inPath };
  const built = join(CRATES, "bin", "stamp-suite");
  if (existsSync(built)) return { program: built };
  if (Bun.which("cargo") === null) return { why: "cargo is not installed" };
  console.error(`building ${STAMP_SUITE} in ${CRATES}`);
  const build = Bun.spawnSync(["cargo", "install", STAMP_SUITE, "--locked", "--root", CRATES], { stderr: "pipe" });
  if (build.success) return { program: built };
  return { why: `cargo cannot build it: ${build.stderr.toString().trim().split("\n").at(-1)}` };
}

function twampy(): Found {
  const program = Bun.which("twampy");
  return program === null ? { why: "not in the PATH, and no registry has it" } : { program };
}

/** Calls `find` once, and only if a peer that needs it is wanted. */
function once(find: () => Found): () => Found {
  let found: Found | undefined;
  return () => {
    found ??= find();
    return found;
  };
}

const findScapy = once(scapy);
const findStampSuite = once(stampSuite);

/** The foreign reflectors whose name is wanted, also those that are not there. */
export function foreignReflectors(isWanted: (name: string) => boolean): readonly Reflector[] {
  const minimal = () => ({ program: `${BUN} ${join(HERE, "reflector.ts")} ${PORT}` });
  const reflects = `--is-reflector --local-port ${PORT}`;
  const all: readonly (readonly [name: string, Numbering, find: () => Found, args: string])[] = [
    ["scapy, stateful", "session", findScapy, `reflect ${PORT} stateful`],
    ["scapy, stateless", "none", findScapy, `reflect ${PORT} stateless`],
    ["stamp-suite, stateful", "session", findStampSuite, `${reflects} --stateful-reflector`],
    ["stamp-suite, stateless", "none", findStampSuite, reflects],
    ["twampy", "session", twampy, `responder --padding 26 10.98.0.2:${PORT}`],
    ["minimal, stateful", "session", minimal, "stateful"],
    ["minimal, numbers by address", "session", minimal, "by-address"],
    ["minimal, stateless", "none", minimal, "stateless"],
    ["echo", "none", minimal, "echo"],
  ];
  return all
    .filter(([name]) => isWanted(name))
    .map(([name, numbering, find, args]) => {
      const found = find();
      const load = name.startsWith("scapy") ? SCAPY_LOAD : LOAD;
      if ("why" in found) return { name, numbering, load, command: undefined, why: found.why };
      return { name, numbering, load, command: `${found.program} ${args}` };
    });
}

/** The session id of the foreign senders; stamp-suite sends none. */
export const SENDER_SSID = 4242;

function numberIn(text: string, pattern: RegExp): number | undefined {
  const [, digits] = pattern.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The foreign senders whose name is wanted, also those that are not there. */
export function foreignSenders(isWanted: (name: string) => boolean): readonly Sender[] {
  const to = `$LINK_SERVER_ADDRESS ${PORT}`;
  const scapyArgs = `send ${to} ${SCAPY_LOAD.count} ${1000 / SCAPY_LOAD.rate} ${SENDER_SSID}`;
  const suiteArgs =
    `--remote-addr $LINK_SERVER_ADDRESS --remote-port ${PORT} --count ${LOAD.count} ` +
    `--send-delay ${1000 / LOAD.rate} --timeout ${WAIT} --ssid ${SENDER_SSID}`;
  const readSuite = (output: string) => ({
    answered: numberIn(output, /Packets received: (\d+)/),
    duplicate: numberIn(output, /(\d+) duplicates/),
  });
  const all: readonly (readonly [name: string, find: () => Found, args: string, read: Sender["read"]])[] = [
    ["scapy", findScapy, scapyArgs, (output) => JSON.parse(output)], // the output format of the script
    ["stamp-suite", findStampSuite, suiteArgs, readSuite],
  ];
  return all
    .filter(([name]) => isWanted(name))
    .map(([name, find, args, read]) => {
      const found = find();
      if ("why" in found) return { name, read, command: undefined, why: found.why };
      return { name, read, command: `${found.program} ${args}` };
    });
}
