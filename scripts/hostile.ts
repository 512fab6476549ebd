/** Attacks a lab in every way that test/hostile has, in full size: `bun run hostile`. `bun test` has the short form. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../src/base/message.ts";
import { limitMemory } from "../test/hostile/support/memory-limit.ts";
import { readSize } from "./soak/options.ts";

const ROOT = join(import.meta.dir, "..");
const FOLDER = join(ROOT, "test/hostile");
const END = ".test.ts";

const HELP = `hostile: attacks a lab in every way that test/hostile has, in full size

usage: bun run hostile [flags] [FILE...]

  FILE            attacks of test/hostile/FILE${END}; default all, one file at a time
  --memory SIZE   runs each file, with its labs and attackers, in a control group with this memory limit: 512M, 1G
                  (root, Linux)
  -h, --help

Prints for each attack its result, its duration, and its name with the count. Takes about five minutes. Attacks that need
root, a control group or Linux are skipped without them, with a line that says why. 5,000 connections at a time need
12,000 file descriptors (ulimit -n).

exit status: 0 the lab withstood every attack that ran · 1 it did not · 2 bad usage

examples:
  bun run hostile datagrams loops
  bun run hostile --memory 512M
`;

/** The result of one attack. */
interface Attack {
  readonly name: string;
  readonly seconds: number;
  readonly result: "ok" | "FAILED" | "skipped";
}

function fail(line: string): never {
  console.error(`hostile: ${line}`);
  process.exit(2);
}

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', apos: "'", amp: "&", lt: "<", gt: ">", "#10": " " };

function unescaped(text: string): string {
  return text.replace(/&(#?\w+);/g, (all, name: string) => ENTITIES[name] ?? all);
}

/** The attacks in a JUnit report; none if there is no report. */
function attacksIn(path: string): readonly Attack[] {
  const text = readFileSync(path, { encoding: "utf8", flag: "a+" });
  rmSync(path, { force: true });
  const cases = [...text.matchAll(/<testcase name="([^"]*)"[^>]*? time="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)];
  return cases.map(([, name = "", seconds, inner = ""]) => ({
    name: unescaped(name),
    seconds: Number(seconds),
    result: inner.includes("<skipped") ? "skipped" : inner.includes("<failure") ? "FAILED" : "ok",
  }));
}

/** Runs the attacks of one file, and prints a line for each; the output of the tests only if one fails. */
async function run(file: string, memory: number | undefined): Promise<readonly Attack[]> {
  using group = memory === undefined ? undefined : limitMemory(memory);
  if (memory !== undefined && group === undefined) fail("--memory: no control group can be made here (root, Linux)");
  const report = join(tmpdir(), `wirelab-hostile-${process.pid}.xml`);
  const command = [...(group?.wrap ?? []), process.execPath, "test", join(FOLDER, file + END), "--reporter=junit"];
  const child = Bun.spawn([...command, `--reporter-outfile=${report}`], {
    cwd: ROOT,
    env: { ...process.env, HOSTILE: "full" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  console.log(file);
  const texts = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const output = texts.join("");
  const isSound = (await child.exited) === 0;
  const attacks = [...attacksIn(report)];
  if (!isSound && !attacks.some(({ result }) => result === "FAILED"))
    attacks.push({ name: `the tests ended with ${child.signalCode ?? child.exitCode}`, seconds: 0, result: "FAILED" });
  for (const { name, seconds, result } of attacks)
    console.log(`  ${result.padEnd(7)} ${seconds.toFixed(1).padStart(6)} s  ${name}`);
  if (!isSound) console.log(output);
  else for (const line of output.match(/^SKIPPED.*$/gm) ?? []) console.log(`  ${line}`);
  return attacks;
}

function parse() {
  try {
    const help = { type: "boolean", short: "h" } as const;
    return parseArgs({ options: { help, memory: { type: "string" } }, allowPositionals: true });
  } catch (error) {
    return fail(`${messageOf(error).split(". ")[0]}; allowed: --memory, --help, FILE`);
  }
}

/** The memory limit in octets; undefined without one. */
function memoryIn(text: string | undefined): number | undefined {
  const size = text === undefined ? undefined : readSize(text);
  if (text === undefined || size !== undefined) return size;
  return fail(`--memory ${text}: not allowed; allowed: a size such as 512M or 1G`);
}

const { values, positionals } = parse();
const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith(END))
  .map((name) => basename(name, END))
  .toSorted();
const unknown = positionals.find((name) => !files.includes(name));
if (values.help) console.log(HELP.trimEnd());
else if (unknown !== undefined) fail(`no file "${unknown}"; allowed: ${files.join(" ")}`);
else {
  const memory = memoryIn(values.memory);
  const startedAt = performance.now();
  const attacks: Attack[] = [];
  for (const file of positionals.length > 0 ? positionals : files) attacks.push(...(await run(file, memory)));
  const count = (result: Attack["result"]) => attacks.filter((attack) => attack.result === result).length;
  const took = `${((performance.now() - startedAt) / 1000).toFixed(0)} s`;
  const rest = count("skipped") > 0 ? `, ${count("skipped")} skipped` : "";
  const isSound = count("FAILED") === 0 && count("ok") > 0;
  const verdict = isSound
    ? `withstood: ${count("ok")} attacks`
    : `FAILED: ${count("FAILED")} of ${attacks.length} attacks`;
  console.log(`${verdict} in ${took}${rest}`);
  process.exitCode = isSound ? 0 : 1;
}
