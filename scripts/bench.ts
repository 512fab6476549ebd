/**
 * Benchmarks: the lab's servers and the load generator relative to the shortest equivalent programs, in interleaved runs, with
 * rates and processor time. Starts and stops everything that it needs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { COST_ROWS } from "./bench/costs.ts";
import { benchGrowth, growthTable } from "./bench/growth.ts";
import { guard } from "./bench/guard.ts";
import { LOAD_ROWS } from "./bench/load.ts";
import { replaceBetween } from "./bench/markdown.ts";
import { jsonOfRows, machine, tableOfRows } from "./bench/output.ts";
import { RELAY_ROWS } from "./bench/relay.ts";
import { RELAY_UDP_ROWS } from "./bench/relay-udp.ts";
import type { Row } from "./bench/row.ts";
import { benchServer, type Effort, SERVER_ROWS } from "./bench/servers.ts";
import { START_ROWS } from "./bench/start.ts";

const DEFAULT_ROWS = [
  ...SERVER_ROWS,
  ...Object.keys(START_ROWS),
  ...Object.keys(RELAY_UDP_ROWS),
  "record",
  "log",
  "memory",
  "load-http",
  "load-udp",
  "load-tcp",
  "load-http2",
  "load-http3",
  "load-schedule",
  "load-schedule-50000",
  "load-round-trip",
  ...Object.keys(RELAY_ROWS).filter((name) => !/nginx|socat/.test(name)),
];
/** Names in lines of at most 70 characters, below the first one. */
function lines(names: readonly string[]): string {
  const rows: string[] = [];
  for (const name of names) {
    const last = rows.at(-1);
    if (last !== undefined && last.length + name.length < 70) rows[rows.length - 1] = `${last} ${name}`;
    else rows.push(name);
  }
  return rows.join("\n        ");
}

const HELP = `bench: wirelab's servers and load generator relative to the shortest equivalent programs

usage: bun run bench [--pairs N] [--seconds S] [--before DIR] [--json FILE] [--write] [ROW...]
       bun run bench growth [--json FILE] [--write]
       bun run bench --guard

Prints rates and processor time for each packet (user and system). It takes about
ten minutes, and starts and stops every program that it needs.

  rows: ${lines(DEFAULT_ROWS)}
        and load-idle load-memory (90 s), and relay-tcp-… against nginx and socat,
        which are not measured without their names
  growth        how the cost of a packet grows: connections, sizes, sessions, faults,
                pages, packet log (two minutes)
  --pairs N     interleaved pairs, default 5
  --seconds S   duration of each side of a pair, default 1
  --before DIR  another checkout, with its packages installed, which is measured in
                the same minutes
  --json FILE   writes the results, with each run, as JSON
  --write       replaces the table of docs/benchmarks.md
  --guard       measures the servers for a minute; the exit status is 1 if one
                has half of its committed rate (scripts/bench/floor.json) or takes
                twice its processor time

wrk, h2load (Debian packages wrk, nghttp2-client), haproxy, toxiproxy-server and a C
compiler (gcc, libc6-dev) are peers of some rows; where one is missing, the row says so.
`;
const DOCUMENT = join(import.meta.dir, "../docs/benchmarks.md");

/** Prints an error and ends with status 2. */
function refuse(message: string): never {
  console.error(`bench: ${message}`);
  process.exit(2);
}

function readFlags() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        pairs: { type: "string", default: "5" },
        seconds: { type: "string", default: "1" },
        before: { type: "string" },
        json: { type: "string" },
        write: { type: "boolean", default: false },
        guard: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  }
}

function numberOf(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (value >= least && value <= most) return value;
  return refuse(`--${flag} ${text}: expected a number from ${least} to ${most}`);
}

/** Prints a table, with --write into the document too. */
function publish(name: string, table: string, writes: boolean): void {
  console.log(table);
  if (writes) writeFileSync(DOCUMENT, replaceBetween(readFileSync(DOCUMENT, "utf8"), name, table));
}

async function rowOf(name: string, effort: Effort): Promise<Row> {
  const cost = COST_ROWS[name];
  const other = LOAD_ROWS[name] ?? START_ROWS[name] ?? RELAY_UDP_ROWS[name] ?? RELAY_ROWS[name];
  return cost ? await cost() : other ? await other(effort) : await benchServer(name, effort);
}

async function benchRows(names: readonly string[], effort: Effort, json: string | undefined, writes: boolean) {
  const before = machine();
  const rows: Row[] = [];
  for (const name of names) {
    console.error(`${name} …`);
    rows.push(await rowOf(name, effort));
  }
  const table = tableOfRows(rows);
  const loads = `${before.loadAverage} before and ${machine().loadAverage} after`;
  const note = `Load average of ${before.cores} cores: ${loads}. Bun ${before.bun}, Linux ${before.kernel}.`;
  publish("speed", `${table}\n\n${note}`, writes);
  if (json !== undefined) writeFileSync(json, `${jsonOfRows(rows, before)}\n`);
}

async function main(): Promise<void> {
  const { values, positionals } = readFlags();
  if (values.help) return void console.log(HELP);
  if (process.platform !== "linux") refuse("processor time is read from Linux's /proc");
  if (values.guard) {
    process.exitCode = (await guard(console.log)) ? 0 : 1;
    return;
  }
  if (positionals.join() === "growth") {
    const growth = await benchGrowth(console.error);
    publish("growth", growthTable(growth), values.write);
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(growth, null, 2)}\n`);
    return;
  }
  const names = positionals.length > 0 ? positionals : DEFAULT_ROWS;
  const all = [
    ...SERVER_ROWS,
    ...Object.keys({ ...START_ROWS, ...RELAY_UDP_ROWS, ...COST_ROWS, ...LOAD_ROWS, ...RELAY_ROWS }),
  ];
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) refuse(`no row ${unknown}; rows: ${all.join(" ")} growth`);
  if (values.write && positionals.length > 0) refuse("--write needs all rows");
  const effort = {
    pairs: numberOf("pairs", values.pairs, 1, 100),
    seconds: numberOf("seconds", values.seconds, 0.2, 60),
    ...(values.before !== undefined && { before: values.before }),
  };
  await benchRows(names, effort, values.json, values.write);
}

await main();
