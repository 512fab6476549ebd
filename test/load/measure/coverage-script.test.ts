import { expect, test } from "bun:test";
import { join } from "node:path";

const SCRIPT = join(import.meta.dir, "../../../scripts/bench/coverage.ts");

function run(...flags: string[]) {
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, SCRIPT, ...flags]);
  return { text: stdout.toString(), error: stderr.toString(), exitCode };
}

test("the coverage script prints a markdown table of the chosen paths, the same for the same seed", () => {
  const first = run("--runs", "4", "--seed", "7", "--only", "independent, 0.1 %");
  const lines = first.text.trim().split("\n");
  expect(lines[0]).toStartWith("| path | packets | interval of |");
  expect(lines.length).toBe(2 + 4 * 3);
  expect(lines.slice(2).every((line) => line.startsWith("| independent, 0.1 % | "))).toBe(true);
  expect(run("--runs", "4", "--seed", "7", "--only", "independent, 0.1 %").text).toBe(first.text);
  expect(run("--runs", "4", "--seed", "8", "--only", "independent, 0.1 %").text).not.toBe(first.text);
});

test("the coverage script refuses a bad flag with status 2 and one line", () => {
  const { error, exitCode } = run("--runs", "many");
  expect([exitCode, error]).toEqual([2, "coverage: --runs many: expected a whole number\n"]);
  expect(run("--walks", "3").exitCode).toBe(2);
});
