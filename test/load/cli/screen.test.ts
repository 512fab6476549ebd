/** The width and the colours of the report: by the properties of standard output, and on a real terminal. */
import { describe, expect, test } from "bun:test";
import { type Output, screenOf } from "../../../src/load/cli/screen.ts";
import { widthOf } from "../../../src/load/report/text/screen.ts";
import { deadTcpPort } from "../support/targets.ts";

const TERMINAL: Output = { isTTY: true, columns: 132 };
const PIPE: Output = {};

describe("the width", () => {
  test.each<[string, Output, Record<string, string>, number]>([
    ["is that of the terminal", TERMINAL, { COLUMNS: "100" }, 132],
    ["is COLUMNS on a terminal of unknown width", { isTTY: true, columns: 0 }, { COLUMNS: "100" }, 100],
    ["is COLUMNS in a pipe", PIPE, { COLUMNS: "100" }, 100],
    ["is 80 in a pipe without COLUMNS", PIPE, {}, 80],
    ["is 80 if COLUMNS is no number", PIPE, { COLUMNS: "wide" }, 80],
    ["is 40 at least", { isTTY: true, columns: 8 }, {}, 40],
  ])("%s", (_, output, variables, columns) => {
    expect(screenOf(output, variables).columns).toBe(columns);
  });
});

describe("colours", () => {
  test.each<[string, Output, Record<string, string>, boolean]>([
    ["on a terminal", TERMINAL, {}, true],
    ["not in a pipe", PIPE, {}, false],
    ["not with NO_COLOR", TERMINAL, { NO_COLOR: "1" }, false],
    ["with an empty NO_COLOR", TERMINAL, { NO_COLOR: "" }, true],
    ["not on a dumb terminal", TERMINAL, { TERM: "dumb" }, false],
    ["in a pipe with FORCE_COLOR", PIPE, { FORCE_COLOR: "1" }, true],
    ["with FORCE_COLOR and NO_COLOR", PIPE, { FORCE_COLOR: "", NO_COLOR: "1" }, true],
    ["not with FORCE_COLOR=0", TERMINAL, { FORCE_COLOR: "0" }, false],
  ])("%s", (_, output, variables, colour) => {
    expect(screenOf(output, variables).colour).toBe(colour);
  });
});

const ROOT = `${import.meta.dir}/../../..`;
/** The terminal of util-linux's `script`, whose `-c` other systems lack. */
const hasTerminal = process.platform === "linux" && Bun.which("script") !== null && Bun.which("stty") !== null;
if (!hasTerminal) console.warn("SKIPPED: the report on a real terminal needs script (util-linux) and stty");

describe.skipIf(!hasTerminal)("the report of a target that does not answer", () => {
  const command = `"${process.execPath}" scripts/load.ts --quiet --proto tcp --control none --seed 1 --target 127.0.0.1:${deadTcpPort()}`;
  const { NO_COLOR: _, FORCE_COLOR: __, COLUMNS: ___, ...variables } = process.env;

  /** Runs the command in a shell, in a pipe or on a terminal. */
  async function output(env: Record<string, string>, columns?: number): Promise<string> {
    const words =
      columns === undefined
        ? ["sh", "-c", command]
        : ["script", "-qec", `stty cols ${columns}; ${command}`, "/dev/null"];
    const child = Bun.spawn(words, {
      cwd: ROOT,
      env: { ...variables, TERM: "xterm", ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
    });
    return (await new Response(child.stdout).text()).replaceAll("\r\n", "\n");
  }

  test("has colours and the width of the terminal, and neither in a pipe", async () => {
    const [terminal, plain, pipe, forced] = await Promise.all([
      output({}, 60),
      output({ NO_COLOR: "1" }, 60),
      output({}),
      output({ FORCE_COLOR: "1", COLUMNS: "60" }),
    ]);
    expect(terminal).toStartWith("tcp  \u001b[1;31mgave up\u001b[0m  0 of 0 answered, nothing could be measured\n");
    expect(plain).toStartWith("tcp  gave up  0 of 0 answered, nothing could be measured\n");
    // Without the accounting, which has times.
    const head = (text: string) => text.split("\n\n")[0] ?? "";
    expect(head(Bun.stripANSI(terminal))).toBe(head(plain));
    expect(head(forced)).toBe(head(terminal));
    expect(Math.max(...plain.trimEnd().split("\n").slice(0, -1).map(widthOf))).toBeLessThanOrEqual(60);
    expect(pipe).not.toContain("\u001b");
    expect(pipe).toMatch(/^settings: .* 1 connection, timeout 2 s,$/m); // 80 columns
  }, 20_000);
});
