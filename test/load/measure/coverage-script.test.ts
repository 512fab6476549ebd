import { expect, test } from "bun:test";
import { join } from "node:path";
import { summaryOf } from "../../../scripts/bench/coverage-table.ts";

const SCRIPT = join(import.meta.dir, "../../../scripts/bench/coverage.ts");
const ROW = { path: "a path", packets: 1000, number: "loss", runs: 100, truth: 1, tooHigh: 0, width: 0 };

function run(...flags: string[]) {
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, SCRIPT, ...flags]);
  return { text: stdout.toString(), error: stderr.toString(), exitCode };
}

test("the coverage script prints a markdown table of the chosen paths, the same for the same seed", () => {
  const first = run("--runs", "4", "--seed", "7", "--only", "independent, 0.1 %");
  const lines = first.text.trim().split("\n");
  expect(lines[0]).toStartWith("| path               | packets | interval of ");
  expect(lines.length).toBe(2 + 4 * 3 + 2);
  expect(lines.slice(2, -2).every((line) => line.startsWith("| independent, 0.1 % | "))).toBe(true);
  expect(lines.at(-1)).toMatch(/^coverage: \d of \d rows within 92 to 98 %, \d below, \d above$/);
  expect(run("--runs", "4", "--seed", "7", "--only", "independent, 0.1 %").text).toBe(first.text);
  expect(run("--runs", "4", "--seed", "8", "--only", "independent, 0.1 %").text).not.toBe(first.text);
});

test("the coverage script refuses a bad flag with status 2 and one line", () => {
  const { error, exitCode } = run("--runs", "many");
  expect([exitCode, error]).toEqual([2, "coverage: --runs many: expected a whole number from 2\n"]);
  for (const flags of [
    ["--walks", "3"],
    ["--only", "no such path"],
    ["--only", "uniform", "--write"],
    ["--runs", "1"],
  ]) {
    const bad = run(...flags);
    expect([bad.exitCode, bad.text, bad.error.trim().split("\n").length]).toEqual([2, "", 1]);
  }
});

test("the summary counts rows by the share of their intervals that contain the true value", () => {
  const row = (held: number, printed = 100, number = "loss") => ({ ...ROW, held, printed, number });
  expect(summaryOf([row(91), row(92), row(98), row(99), row(0, 4), row(0, 100, "loss, change")])).toBe(
    "coverage: 2 of 4 rows within 92 to 98 %, 1 below, 1 above",
  );
});
