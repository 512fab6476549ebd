/** Fails when a server of the lab has become twice as slow as the committed ratios of scripts/bench/floor.json. */
import floor from "./floor.json";
import { median } from "./processes.ts";
import { ratioOf } from "./row.ts";
import { benchServer, SERVER_ROWS } from "./servers.ts";

/** Short runs: other work on the machine changes their rates, but not by half for both sides of a pair. */
const EFFORT = { pairs: 2, seconds: 1 };
/** Runs of a row until it holds. */
const MAX_TRIES = 2;

interface Ratios {
  readonly rate: number;
  readonly cpu: number;
}

async function measure(name: string): Promise<Ratios> {
  const { ours, theirs } = await benchServer(name, EFFORT);
  return {
    rate: ratioOf(ours.rates, theirs.rates).median,
    cpu: median(ours.cpu) / median(theirs.cpu),
  };
}

/** Whether a ratio is not half of the committed one, nor the processor time twice. */
export function holds({ rate, cpu }: Ratios, least: Ratios): boolean {
  return rate >= least.rate / 2 && cpu <= least.cpu * 2;
}

/** Measures each server row; resolves with false if one does not hold. */
export async function guard(print: (line: string) => void): Promise<boolean> {
  const floors: Readonly<Record<string, Ratios>> = floor;
  let all = true;
  for (const name of SERVER_ROWS) {
    const least = floors[name];
    if (least === undefined) throw new Error(`scripts/bench/floor.json has no row ${name}`);
    let measured = await measure(name);
    for (let tries = 1; tries < MAX_TRIES && !holds(measured, least); tries++) measured = await measure(name);
    const verdict = holds(measured, least) ? "ok" : "TOO SLOW";
    print(
      `${name.padEnd(10)} rate ${measured.rate.toFixed(2)} (committed ${least.rate}), ` +
        `CPU ×${measured.cpu.toFixed(2)} (committed ×${least.cpu}): ${verdict}`,
    );
    all &&= holds(measured, least);
  }
  return all;
}
