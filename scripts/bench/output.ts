/** The results of the benchmarks as a table and as JSON. */
import { cpus, loadavg, release } from "node:os";
import { version } from "../../package.json";
import { tableOf } from "./markdown.ts";
import { median } from "./processes.ts";
import { type Row, ratioOf, type Side, type Spread } from "./row.ts";

const HEAD = ["what", "against", "rate (min to max)", "rates", "CPU per packet", "CPU", "goal", ""];

function rounded(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function spreadOf({ median, low, high }: Spread): string {
  return `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

/** Whether the goals of a row are reached; undefined for a row that was not measured. */
export function isReached(row: Row): boolean | undefined {
  if ("skipped" in row) return undefined;
  if ("value" in row) return row.value <= row.goal;
  const { goal, ours, theirs } = row;
  if (ratioOf(ours.rates, theirs.rates).median < goal.rate) return false;
  return goal.cpu === undefined || ratioOf(ours.cpu, theirs.cpu).median <= goal.cpu;
}

/** The lines of a row: with another checkout, that one follows. */
function linesOf(row: Row): string[][] {
  const verdict = isReached(row) ? "ok" : "missed";
  if ("skipped" in row) return [[row.what, "–", `SKIPPED: ${row.skipped}`, "–", "–", "–", "–", ""]];
  if ("value" in row) {
    const { what, against, value, unit, goal, note } = row;
    const text = `${value.toFixed(value < 10 ? 2 : 0)} ${unit}${note ? ` (${note})` : ""}`;
    return [[what, against, text, "–", "–", "–", `${goal} ${unit}`, verdict]];
  }
  const { what, against, goal, ours, theirs, before } = row;
  const line = (name: string, side: Side, last: string) => [
    name,
    against,
    spreadOf(ratioOf(side.rates, theirs.rates)),
    `${rounded(median(side.rates))}/s, ${rounded(median(theirs.rates))}/s`,
    `${median(side.cpu).toFixed(1)} µs, ${median(theirs.cpu).toFixed(1)} µs`,
    `×${spreadOf(ratioOf(side.cpu, theirs.cpu))}`,
    `${goal.rate}${goal.cpu ? `, CPU ×${goal.cpu}` : ""}`,
    last,
  ];
  return [line(what, ours, verdict), ...(before ? [line(`${what}, before`, before, "")] : [])];
}

/** The rows as a markdown table. */
export function tableOfRows(rows: readonly Row[]): string {
  return tableOf(HEAD, rows.flatMap(linesOf));
}

/** The load of the machine and its programs. */
export function machine() {
  const [one = 0] = loadavg();
  return { bun: Bun.version, kernel: release(), cores: cpus().length, loadAverage: Number(one.toFixed(1)) };
}

/** The rows as JSON: each with its ratios, and whether its goal is reached. */
export function jsonOfRows(rows: readonly Row[], before: ReturnType<typeof machine>): string {
  const results = rows.map((row) => {
    if ("skipped" in row || "value" in row) return { ...row, reached: isReached(row) ?? null };
    const ratio = (side: Side) => ({
      rate: ratioOf(side.rates, row.theirs.rates),
      cpu: ratioOf(side.cpu, row.theirs.cpu),
    });
    const old = row.before ? { ratioBefore: ratio(row.before) } : {};
    return { ...row, ratio: ratio(row.ours), ...old, reached: isReached(row) };
  });
  const at = new Date().toISOString();
  return JSON.stringify(
    { version, at, machine: before, loadAverageAfter: machine().loadAverage, rows: results },
    null,
    2,
  );
}
