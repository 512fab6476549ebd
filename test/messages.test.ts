/**
 * Help texts, error lines and exit statuses of the programs, load reports, and the lab's answers to bad requests, compared exactly
 * with the files in test/messages/.
 *
 * These lines are part of the contract: a changed line is a changed contract. Change one only on purpose, and review
 * the diff: a rewording keeps statuses, flags, names, values and ranges. To rewrite the files:
 *
 *   UPDATE_MESSAGES=1 bun test test/messages.test.ts && git diff --word-diff test/messages
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { version } from "../package.json";
import { PROTOCOLS } from "../src/base/protocol.ts";
import { SETTINGS } from "../src/config.ts";
import type { Lab } from "../src/lab.ts";
import { runCommandLine } from "./messages/commands.ts";
import { runReport } from "./messages/reports.ts";
import { runRequest } from "./messages/requests.ts";
import { type Block, differenceOf, parseTranscript, printTranscript } from "./messages/transcript.ts";
import { startTestLab } from "./support/lab.ts";

/** Cases that run at the same time; some of them start a process. */
const AT_A_TIME = 4;
const UPDATES = Boolean(process.env.UPDATE_MESSAGES);

let lab: Lab;
/** Names for values that differ from run to run, in commands and in their output. */
let placeholders: readonly (readonly [name: string, value: string])[];
beforeAll(async () => {
  lab = await startTestLab({ stampPort: 0 });
  placeholders = [
    ["{http-port}", `${lab.ports.http}`],
    ["{tcp-port}", `${lab.ports.tcp}`],
    ["{udp-port}", `${lab.ports.udp}`],
    ["{stamp-port}", `${lab.ports.stamp}`],
    ["{version}", version],
    ["{5000-letters}", "x".repeat(5000)],
  ];
});
afterAll(() => lab.stop());

function fill(text: string): string {
  return placeholders.reduce((filled, [name, value]) => filled.replaceAll(name, value), text);
}

/** Replaces values by their names: those of the names that `command` uses, and the version. */
function mask(text: string, command: string): string {
  const used = placeholders.filter(([name]) => name === "{version}" || command.includes(name));
  return used.reduce((masked, [name, value]) => masked.replaceAll(value, name), text);
}

function pathOf(name: string): string {
  return new URL(`messages/${name}.txt`, import.meta.url).pathname;
}

async function blocksOf(name: string): Promise<Block[]> {
  return parseTranscript(await Bun.file(pathOf(name)).text());
}

/** The same blocks, each case with its present output. */
async function rerun(blocks: readonly Block[], run: (line: string) => Promise<string[]>): Promise<Block[]> {
  const results = [...blocks];
  const queue = blocks.entries();
  const worker = async () => {
    for (const [index, block] of queue) {
      if (typeof block === "string") continue;
      const lines = await run(fill(block.command));
      results[index] = { command: block.command, lines: lines.map((line) => mask(line, block.command)) };
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return results;
}

function differences(expected: readonly Block[], actual: readonly Block[]): string[] {
  return expected.flatMap((block, index) => {
    const now = actual[index];
    if (typeof block === "string" || now === undefined || typeof now === "string") return [];
    return differenceOf(block, now) ?? [];
  });
}

test.each([
  ["main", runCommandLine],
  ["load", runCommandLine],
  ["relay", runCommandLine],
  ["verify", runCommandLine],
  ["report", runReport],
  ["http", (line: string) => runRequest(line, lab.ports.http)],
] as const)(
  "the lines of test/messages/%s.txt",
  async (name, run) => {
    const expected = await blocksOf(name);
    const actual = await rerun(expected, run);
    const changed = differences(expected, actual).join("\n\n");
    if (UPDATES) {
      await Bun.write(pathOf(name), printTranscript(actual));
      if (changed !== "") console.warn(`${name}.txt is rewritten:\n\n${changed}\n`);
    } else if (changed !== "") {
      throw new Error(`${name}.txt: a changed line is a changed contract\n\n${changed}\n`);
    }
  },
  60_000,
);

/** The ports of protocols have one parser, so that the cases of one of them stand for all. */
const OTHER_PORTS: ReadonlySet<string> = new Set(
  PROTOCOLS.filter((protocol) => protocol !== "udp").map((protocol) => `${protocol}Port`),
);

test("every setting has a case with a bad value, by its flag and by its variable", async () => {
  const refused = (await blocksOf("main"))
    .filter((block) => typeof block !== "string")
    .filter(({ lines }) => lines[0] === "status 2")
    .map(({ command }) => command);
  for (const [key, { flag, variable }] of Object.entries(SETTINGS)) {
    if (OTHER_PORTS.has(key)) continue;
    expect(refused).toContainEqual(expect.stringMatching(new RegExp(`^${variable}=.+ main$`)));
    if (flag !== undefined) expect(refused).toContainEqual(expect.stringMatching(new RegExp(`^main --${flag}[= ]`)));
  }
});
