/** Fails when a server of the lab has become twice as slow as the committed ratios of scripts/bench/floor.json. */
import floor from "./floor.json";
import { median } from "./processes.ts";
import { ratioOf } from "./row.ts";
import { benchServer } from "./servers.ts";

/** Short runs: other work on the machine changes their rates, but not by half for both sides of a pair. */
const EFFORT = { pairs: 2, seconds: 1 };
/** Runs of a row until it holds: other work can slow several runs in a row, a server that is too slow fails each. */
const MAX_TRIES = 6;

interface Ratios {
  readonly rate: number;
  readonly cpu: number;
}

/** The ratios of a row; a text says why it is skipped. */
async function measure(name: string): Promise<Ratios | string> {
  const row = await benchServer(name, EFFORT);
  if ("skipped" in row) return row.skipped;
  const { ours, theirs } = row;
  return {
    rate: ratioOf(ours.rates, theirs.rates).median,
    cpu: median(ours.cpu) / median(theirs.cpu),
  };
}

/** Whether a ratio is not half of the committed one, nor the processor time twice. */
export function holds({ rate, cpu }: Ratios, least: Ratios): boolean {
  return rate >= least.rate / 2 && cpu <= least.cpu * 2;
}

/** Measures each server row that has a committed ratio; resolves with false if one does not hold. */
export async function guard(print: (line: string) => void): Promise<boolean> {
  const floors: Readonly<Record<string, Ratios>> = floor;
  let all = true;
  for (const [name, least] of Object.entries(floors)) {
    let measured = await measure(name);
    for (let tries = 1; tries < MAX_TRIES && typeof measured !== "string" && !holds(measured, least); tries++)
      measured = await measure(name);
    if (typeof measured === "string") {
      print(`SKIPPED ${name}: ${measured}`);
      continue;
    }
    const verdict = holds(measured, least) ? "ok" : "TOO SLOW";
    print(
      `${name.padEnd(10)} rate ${measured.rate.toFixed(2)} (committed ${least.rate}), ` +
        `CPU ×${measured.cpu.toFixed(2)} (committed ×${least.cpu}): ${verdict}`,
    );
    all &&= holds(measured, least);
  }
  return all;
}
