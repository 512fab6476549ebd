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
  readonly sent: number | undefined;
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

function reflector(name: string, numbering: Numbering, found: Found, args: string): Reflector {
  const load = name.startsWith("scapy") ? SCAPY_LOAD : LOAD;
  if ("why" in found) return { name, numbering, load, command: undefined, why: found.why };
  return { name, numbering, load, command: `${found.program} ${args}` };
}

/** The foreign reflectors, also those that are not there. */
export function foreignReflectors(): readonly Reflector[] {
  const [scapyPeer, suite] = [scapy(), stampSuite()];
  const minimal: Found = { program: `${BUN} ${join(HERE, "reflector.ts")} ${PORT}` };
  const reflects = `--is-reflector --local-port ${PORT}`;
  return [
    reflector("scapy, stateful", "session", scapyPeer, `reflect ${PORT} stateful`),
    reflector("scapy, stateless", "none", scapyPeer, `reflect ${PORT} stateless`),
    reflector("stamp-suite, stateful", "session", suite, `${reflects} --stateful-reflector`),
    reflector("stamp-suite, stateless", "none", suite, reflects),
    reflector("twampy", "session", twampy(), `responder --padding 26 10.98.0.2:${PORT}`),
    reflector("minimal, stateful", "session", minimal, "stateful"),
    reflector("minimal, numbers by address", "session", minimal, "by-address"),
    reflector("minimal, stateless", "none", minimal, "stateless"),
    reflector("echo", "none", minimal, "echo"),
  ];
}

/** The session id of the foreign senders; stamp-suite sends none. */
export const SENDER_SSID = 4242;

function numberIn(text: string, pattern: RegExp): number | undefined {
  const [, digits] = pattern.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The foreign senders, also those that are not there. */
export function foreignSenders(): readonly Sender[] {
  const [scapyPeer, suite] = [scapy(), stampSuite()];
  const to = "$LINK_SERVER_ADDRESS";
  return [
    {
      name: "scapy",
      ...("why" in scapyPeer
        ? { command: undefined, why: scapyPeer.why }
        : {
            command: `${scapyPeer.program} send ${to} ${PORT} ${SCAPY_LOAD.count} ${1000 / SCAPY_LOAD.rate} ${SENDER_SSID}`,
          }),
      read: (output) => JSON.parse(output), // the output format of the script
    },
    {
      name: "stamp-suite",
      ...("why" in suite
        ? { command: undefined, why: suite.why }
        : {
            command: `${suite.program} --remote-addr ${to} --remote-port ${PORT} --count ${LOAD.count} --send-delay ${1000 / LOAD.rate} --timeout ${WAIT} --ssid ${SENDER_SSID}`,
          }),
      read: (output) => ({
        sent: numberIn(output, /Packets sent: (\d+)/),
        answered: numberIn(output, /Packets received: (\d+)/),
        duplicate: numberIn(output, /(\d+) duplicates/),
      }),
    },
  ];
}
