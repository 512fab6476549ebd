/** The coverage of intervals (scripts/bench/coverage.ts), reduced to the rows of the document. */
import { join } from "node:path";
import { tableOf } from "./row.ts";

/** Packets of the simulated runs that the document shows. */
const [LOSS_LENGTHS, DELAY_LENGTHS]: readonly [readonly string[], readonly string[]] = [["1000", "5000"], ["10000"]];
/** A row in which fewer runs have an interval is left out, %. */
const LEAST_SHARE = 5;

const cellsOf = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

function isShown([, packets = "", number = "", share = ""]: readonly string[]): boolean {
  const lengths = number === "loss" ? LOSS_LENGTHS : DELAY_LENGTHS;
  return !number.includes("change") && lengths.includes(packets) && Number.parseFloat(share) >= LEAST_SHARE;
}

/** Runs the simulations; the table of the document. */
export async function coverageTable(runs: string): Promise<string> {
  const script = join(import.meta.dir, "../coverage.ts");
  const child = Bun.spawn([process.execPath, script, "--runs", runs], { stdout: "pipe", stderr: "inherit" });
  const [head = "", , ...lines] = (await new Response(child.stdout).text()).trimEnd().split("\n");
  return tableOf(cellsOf(head), lines.map(cellsOf).filter(isShown));
}
