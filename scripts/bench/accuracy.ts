/**
 * The accuracy of the load generator and of the lab: the counts of runs over a lossy link beside the truth, which the
 * link's log of every datagram gives, for a lab and for foreign reflectors and senders. Prints markdown tables; with
 * --write, replaces those of docs/benchmarks.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { linkRuns } from "../../test/support/lossy-link.ts";
import { FOREIGN_MIXTURES, MIXTURES, type Path } from "./accuracy/paths.ts";
import { foreignReflectors, foreignSenders, LAB, type Reflector, type Sender } from "./accuracy/peers.ts";
import { COUNTS, missingRow, type Row, rowOf, verdictOf } from "./accuracy/row.ts";
import { measure, reflect } from "./accuracy/runs.ts";
import type { Truth } from "./accuracy/truth.ts";
import { coverageTable, DOCUMENTED } from "./coverage.ts";
import { replaceBetween, tableOf } from "./markdown.ts";

const HELP = `accuracy: counts and intervals of the load generator beside the truth

usage: bun scripts/bench/accuracy.ts [--seeds LIST] [--only TEXT] [--intervals N] [--write]

  --seeds LIST     seeds of the link, default 1,2,3
  --only TEXT      only paths and peers whose names contain the text
  --intervals N    simulated runs of each path whose intervals are compared with
                   the truth (scripts/bench/coverage.ts), default 400; 0: none
  --write          replaces the tables of docs/benchmarks.md

Requires Linux, root, iproute2 and curl. Foreign peers: python3-scapy, twampy
in the PATH, stamp-suite in the PATH or, where cargo is there, built by it. A
peer that is not there has a row that says so. The exit status is 1 if a row
differs from the truth.
`;

const DOCUMENT = join(import.meta.dir, "../../docs/benchmarks.md");

const SENDER_COLUMNS = [
  "sent",
  "sender: answered",
  "sender: duplicate",
  "lab: received",
  "lab: copies",
  "lab: answered",
];

/** Most runs until no answer was delayed by a busy machine to a limit of the sender. */
const MAX_TRIES = 3;

/** Repeats a run in which the machine delayed answers to a limit of the sender. */
async function clear<Run extends { readonly truth: Truth }>(run: () => Promise<Run>): Promise<Run> {
  for (let tries = 1; ; tries++) {
    const done = await run();
    if (done.truth.unclear === 0 || tries === MAX_TRIES) return done;
    console.error(`${done.truth.unclear} answers close to a limit: again`);
  }
}

/** A row that differs is not judged if the machine still delayed answers to a limit of the sender. */
function unlessUnclear(row: Row, { unclear }: Truth): Row {
  if (unclear === 0 || row.differences?.length === 0) return row;
  const { path, peer, seed, cells } = row;
  return { path, peer, seed, cells, note: `unclear: the machine delayed ${unclear} answers to a limit` };
}

/** Runs one row; a failure is a row that differs. */
async function attempt(path: string, peer: string, seed: string, row: () => Promise<Row>): Promise<Row> {
  const done = await row().catch((error: unknown) => ({
    path,
    peer,
    seed,
    cells: [],
    differences: [String(error)],
    note: verdictOf([String(error)]),
  }));
  console.error(`${path}, ${peer}, seed ${seed}: ${done.note}`);
  return done;
}

async function reflectorRows(reflector: Reflector, paths: readonly Path[], seeds: readonly string[]) {
  const { name, numbering, command, why } = reflector;
  if (command === undefined) return [missingRow(name, why ?? "", COUNTS.length + 1)];
  const rows: Row[] = [];
  for (const path of paths) {
    for (const seed of seeds) {
      const run = async () => {
        const { report, truth } = await clear(() => measure(path, seed, reflector));
        return unlessUnclear(rowOf(path.name, name, seed, report, truth, numbering), truth);
      };
      rows.push(await attempt(path.name, name, seed, run));
    }
  }
  return rows;
}

/** A foreign sender's counts are shown; the lab's have to be the truth. */
async function senderRow(path: Path, seed: string, { name, command = "", read }: Sender): Promise<Row> {
  const { output, session, truth } = await clear(() => reflect(path, seed, command));
  const theirs = read(output);
  const answered = truth.answered + truth.late;
  const reached = truth.sent - truth.lostUp;
  const lab = [
    ["received", session.received.unique, reached],
    ["copies", session.received.duplicate, truth.duplicateUp],
    ["answered", session.answered, reached],
  ] as const;
  const differences = lab
    .filter(([, ours, real]) => ours !== real)
    .map(([what, ours, real]) => `${what} ${ours}, not ${real}`);
  const cells = [
    `${truth.sent}`,
    `${theirs.answered ?? "–"} / ${answered}`,
    `${theirs.duplicate ?? "–"} / ${truth.duplicate}`,
    ...lab.map(([, ours, real]) => `${ours} / ${real}`),
  ];
  return unlessUnclear({ path: path.name, peer: name, seed, cells, differences, note: verdictOf(differences) }, truth);
}

async function senderRows(sender: Sender, paths: readonly Path[], seeds: readonly string[]): Promise<Row[]> {
  const { name, command, why } = sender;
  if (command === undefined) return [missingRow(name, why ?? "", SENDER_COLUMNS.length)];
  const rows: Row[] = [];
  for (const path of paths)
    for (const seed of seeds) rows.push(await attempt(path.name, name, seed, () => senderRow(path, seed, sender)));
  return rows;
}

function print(head: readonly string[], rows: readonly Row[]): string {
  const lines = rows.map(({ path, peer, seed, cells, note }) => [path, peer, seed, ...cells, note]);
  return tableOf(["path", "peer", "seed", ...head, "verdict"], lines);
}

/** Prints a table, and replaces that of the document. */
function publish(name: string, table: string, writes: boolean): void {
  console.log(`${table}\n`);
  if (writes) writeFileSync(DOCUMENT, replaceBetween(readFileSync(DOCUMENT, "utf8"), name, table));
}

/** Ends the program with status 2 and one line. */
function refuse(message: string): never {
  console.error(`accuracy: ${message}`);
  process.exit(2);
}

function readFlags() {
  try {
    return parseArgs({
      options: {
        seeds: { type: "string", default: "1,2,3" },
        only: { type: "string", default: "" },
        intervals: { type: "string", default: String(DOCUMENTED.runs) },
        write: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    return refuse(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  }
}

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags.help) return void console.log(HELP);
  if (!linkRuns()) process.exit(2);
  if (flags.write && flags.only !== "") refuse("--write needs all rows, not those of --only");
  const intervals = /^\d{1,6}$/.test(flags.intervals)
    ? Number(flags.intervals)
    : refuse(`--intervals ${flags.intervals}: expected a whole number from 0`);
  const seeds = flags.seeds.split(",");
  const pathsFor = (peer: string, paths: readonly Path[]) =>
    paths.filter(({ name }) => [name, peer].some((text) => text.includes(flags.only)));
  const isWanted = (peer: string) => pathsFor(peer, FOREIGN_MIXTURES).length > 0;
  const reflected = await reflectorRows(LAB, pathsFor(LAB.name, MIXTURES), seeds);
  const [paths, foreignSeeds] = [FOREIGN_MIXTURES, seeds.slice(0, 2)];
  for (const peer of foreignReflectors(isWanted))
    reflected.push(...(await reflectorRows(peer, pathsFor(peer.name, paths), foreignSeeds)));
  const sent: Row[] = [];
  for (const peer of foreignSenders(isWanted))
    sent.push(...(await senderRows(peer, pathsFor(peer.name, paths), foreignSeeds)));
  publish("reflectors", print([...COUNTS, "directions"], reflected), flags.write);
  publish("senders", print(SENDER_COLUMNS, sent), flags.write);
  if (intervals > 0) publish("coverage", coverageTable({ ...DOCUMENTED, runs: intervals }), flags.write);
  const measured = [...reflected, ...sent].filter(({ differences }) => differences !== undefined);
  const agreeing = measured.filter(({ differences }) => differences?.length === 0).length;
  const others = reflected.length + sent.length - measured.length;
  console.log(`${agreeing} of ${measured.length} runs agree with the truth; ${others} not measured or unclear`);
  process.exitCode = agreeing === measured.length ? 0 : 1;
}

await main();
