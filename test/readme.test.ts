/** The commands and the library code of README.md, run as a reader would type them. */
import { describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { runLoad, startLab } from "wirelab";
import { engines } from "../package.json";
import { canRunTyped, runTyped } from "./support/typed-commands.ts";

const ROOT = join(import.meta.dir, "..");
const readme = await Bun.file(join(ROOT, "README.md")).text();

/** The lines of every shell block, without their comments. */
const lines = [...readme.matchAll(/```sh\n(.*?)```/gs)]
  .flatMap(([, block = ""]) => block.trim().split("\n"))
  .map((line) => line.replace(/\s{2,}#.*$/, "").trim());

const installs = lines.filter((line) => line.startsWith("npm "));
const compose = lines.filter((line) => line.startsWith("docker "));
const labs = lines.filter((line) => line.startsWith("bun src/main.ts"));
const loads = lines.filter((line) => line.startsWith("bun run scripts/load.ts"));
const requests = lines.filter((line) => line.startsWith("curl "));

const LAB = "bun run dev";
const canUnshare = canRunTyped("README.md");

test("every line belongs to a group that is tested here, by .ci/run or by the test of the stack", () => {
  expect(installs.length + compose.length + labs.length + loads.length + requests.length).toBe(lines.length);
  expect([installs.length, compose.length]).toEqual([2, 1]);
  for (const line of installs)
    expect(line).toStartWith(`npm install --global bun@${engines.bun} && bun install && bun `);
});

describe.skipIf(!canUnshare)("commands", () => {
  test("the requests set faults and remove them without an error", async () => {
    const outcomes = await runTyped({ lab: LAB, inOrder: requests });
    for (const { line, status, output } of outcomes) {
      expect([line, status, output.includes('"error"')]).toEqual([line, 0, false]);
    }
    expect(outcomes.at(-1)?.output).toContain('"text":"none"');
  }, 60_000);

  test.concurrent("the preset and the load run print the numbers that the README shows", async () => {
    const first = requests.find((line) => line.includes("classroom")) ?? "";
    const all = loads.find((line) => line.endsWith("--proto all")) ?? "";
    const [, measured] = await runTyped({ lab: LAB, inOrder: [first, all] });
    const [, shown = ""] = /```\n( +http +tcp +udp\n.*?)```/s.exec(readme) ?? [];
    expect(shown).toContain("answered");
    const printed = measured?.output.split("\n").map(cellsOf) ?? [];
    const [, ...late] = printed.find(([label]) => label === "late") ?? [];
    for (const row of shown.trimEnd().split("\n").map(cellsOf)) {
      expect(printed).toContainEqual(row[0] === "answered" ? without(late, row) : row);
    }
  }, 60_000);

  test.concurrent("every load run ends with a report; an objective may be missed on a busy machine", async () => {
    const outcomes = await runTyped({ lab: LAB, inOrder: [], together: loads });
    for (const { line, status, output } of outcomes) {
      expect([line, [0, ...(line.includes("--slo") ? [1] : [])].includes(status)]).toEqual([line, true]);
      expect(output).toMatch(/answered/);
    }
    await rm(join(ROOT, "run.json"), { force: true });
  }, 120_000);

  test("the lab starts with the flags of the README", async () => {
    for (const line of labs) {
      const script = `ip link set lo up; exec timeout --preserve-status 20 ${line}`;
      const lab = Bun.spawn(["unshare", "--net", "bash", "-c", script], { cwd: ROOT, stdout: "pipe" });
      for await (const chunk of lab.stdout) {
        expect(Buffer.from(chunk).toString()).toContain("wirelab listens");
        break;
      }
      lab.kill();
      await lab.exited;
    }
  }, 60_000);
});

/** The cells of a row of a table: its label and one cell for each protocol. */
function cellsOf(row: string): string[] {
  return row.trim().split(/\s{2,}/);
}

/** The row of answered packets less the late ones: on a busy machine an answer can arrive after the timeout. */
function without(late: readonly string[], [label = "", ...answered]: readonly string[]): string[] {
  return [label, ...answered.map((cell, i) => `${Number(cell) - Number(late[i] ?? 0)}`)];
}

test("the library code is that of this test, and its run gets every packet answered", async () => {
  await using lab = await startLab({ httpPort: 0, tcpPort: 0, udpPort: 0, tls: "off" });
  const { target, control } = { target: `127.0.0.1:${lab.ports.udp}`, control: `127.0.0.1:${lab.ports.http}` };
  const report = await runLoad({ protocol: "udp", target, control, rate: 200, duration: 1 }).report;
  expect(report.packets).toMatchObject({ sent: 200, answered: 200, lost: 0 });
  const code = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const source = await Bun.file(import.meta.path).text();
  for (const line of code.trim().split("\n")) expect(source).toContain(line.trim());
});
