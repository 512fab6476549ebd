/** The coverage of intervals (scripts/bench/coverage.ts), reduced to the rows of the document. */
import { join } from "node:path";
import { tableOf } from "./row.ts";

/** Lengths of the runs that the document shows. */
const LENGTHS: readonly string[] = ["1000", "5000", "10000"];
/** Of a row with fewer intervals, coverage cannot be told from chance. */
const LEAST_SHARE = 5;

const cellsOf = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

function isShown([, packets = "", number = "", share = ""]: readonly string[]): boolean {
  const isLoss = number === "loss";
  if (number.includes("change") || !LENGTHS.includes(packets) || isLoss === (packets === "10000")) return false;
  if (!isLoss && packets !== "10000") return false;
  return Number.parseFloat(share) >= LEAST_SHARE;
}

/** Runs the simulations; the table of the document. */
export async function coverageTable(runs: string): Promise<string> {
  const script = join(import.meta.dir, "../coverage.ts");
  const child = Bun.spawn([process.execPath, script, "--runs", runs], { stdout: "pipe", stderr: "inherit" });
  const [head = "", , ...lines] = (await new Response(child.stdout).text()).trimEnd().split("\n");
  return tableOf(cellsOf(head), lines.map(cellsOf).filter(isShown));
}
