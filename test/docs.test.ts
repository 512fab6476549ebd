/** The documents against the code: every name that docs/CONTRACT.md lists exists and the reverse; docs/claims.md and SECURITY.md name existing tests. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { PROTOCOLS, REGISTRY } from "../src/base/protocol.ts";
import { DEFAULT_CONFIG, SETTINGS } from "../src/config.ts";
import { DIRECTIONS_OF, KINDS, KINDS_OF } from "../src/faults/faults.ts";
import { HELP } from "../src/load/cli/help.ts";
import { STATUS } from "../src/load/cli/status.ts";
import { runLoad } from "../src/load/run.ts";
import { startTestLab } from "./support/lab.ts";
import { textOf } from "./support/scrape.ts";

const [, ...SECTIONS] = readFileSync(new URL("../docs/CONTRACT.md", import.meta.url), "utf8").split(/^## \d+\. /m);

/** The text of section `number` (from 1). */
function section(number: number): string {
  const text = SECTIONS[number - 1];
  if (text === undefined) throw new Error(`docs/CONTRACT.md has no section ${number}`);
  return text;
}

/** The cells of the table row whose first cell contains `first`. */
function row(text: string, first: string): string[] {
  const line = text.split("\n").find((line) => line.split("|")[1]?.trim() === first);
  if (line === undefined) throw new Error(`no row ${first}`);
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

const namesIn = (text: string, pattern: RegExp) => [...new Set(text.match(pattern) ?? [])].sort();

/** Every key of an object and of the objects in it. */
function keysOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [...(Array.isArray(value) ? [] : [key]), ...keysOf(inner)]);
}

test("section 2 lists every variable with its flag and its default", () => {
  for (const [key, { variable, flag }] of Object.entries(SETTINGS)) {
    const [, flagCell, defaultCell] = row(section(2), `\`${variable}\``);
    const value = Reflect.get(DEFAULT_CONFIG, key);
    const text = ["impair", "relays", "relayImpair"].includes(key)
      ? "none"
      : value === undefined || value.length === 0
        ? "unset"
        : value;
    expect([variable, flagCell]).toEqual([variable, flag === undefined ? "" : `\`--${flag}\``]);
    expect([variable, defaultCell?.replaceAll("`", "")]).toEqual([variable, `${text}`]);
  }
  const settings = Object.values(SETTINGS).map(({ variable }) => variable);
  expect(namesIn(section(2), /WIRELAB_\w+/g)).toEqual(settings.sort());
});

test("section 4 lists every kind of fault, where it exists and in which directions", () => {
  for (const kind of KINDS) {
    const [, protocols, directions] = row(section(4), `\`${kind}\``);
    const on = Object.entries(KINDS_OF).filter(([, kinds]) => kinds.includes(kind));
    expect(protocols).toBe(
      on.length === PROTOCOLS.length
        ? "all"
        : PROTOCOLS.filter((protocol) => on.some(([name]) => name === protocol))
            .map((protocol) => REGISTRY[protocol].title)
            .join(", "),
    );
    expect(directions).toBe(DIRECTIONS_OF[kind].length === 2 ? "both" : DIRECTIONS_OF[kind].join());
  }
});

test("sections 1 and 5 list every series of the lab, and no other", async () => {
  await using lab = await startTestLab({ stampPort: 0 });
  const { text } = await textOf(lab);
  const types = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = ""]) => name);
  const listed = namesIn(section(5).replace(/A load run with.*/s, ""), /\b(wirelab|process)_\w*[a-z]\b/g);
  expect(listed).toEqual(types.filter((name) => /^(wirelab|process)_/.test(name)).sort());
  for (const name of types.filter((name) => !listed.includes(name)))
    expect(section(1)).toContain(`\`${name}{protocol}\``);
});

describe("section 6", () => {
  test("lists every flag of the load command, and no other", () => {
    const flags = (text: string) => namesIn(text, /(?<![\w-])--[a-z][a-z-]*[a-z]/g);
    expect(flags(section(6).replace("`--help`", ""))).toEqual(flags(HELP));
  });

  test("lists every exit status", () => {
    const listed = [...section(6).matchAll(/^\| (\d+) +\|/gm)].map(([, status]) => Number(status));
    expect(listed).toEqual(Object.values(STATUS));
  });

  test("shows every key of a report, and no other", async () => {
    await using lab = await startTestLab();
    const target = `127.0.0.1:${lab.ports.udp}`;
    const control = `127.0.0.1:${lab.ports.http}`;
    const options = { protocol: "udp", target, control, rate: 2000, count: 100, timeout: 0.2 } as const;
    const report = await runLoad({ ...options, objectives: ["p50<1s"] }).report;
    const [sample = ""] = /```\n(.*?)```/s.exec(section(6))?.slice(1) ?? [];
    const counted = new Set([
      "ECONNREFUSED",
      "200",
      "p90",
      "p95",
      "p99",
      "p999",
      "p",
      "r",
      "note",
      "side",
      "atSeconds",
      "rows",
      "omitted",
      "method",
      "keepAlive",
      "verify",
      "withheld",
      "tcp",
      "tls",
      "quic",
      "full",
      "resumed",
      "flags",
      "commit",
    ]); // present only in some reports
    const shown = namesIn(sample, /(?<=")\w+(?=":)/g).filter((key) => !counted.has(key));
    expect(shown).toEqual([...new Set(keysOf(report))].filter((key) => !counted.has(key)).sort());
  });
});

test.each([
  ["docs/claims.md", 20],
  ["SECURITY.md", 10],
])("every test that %s names is in its file", (path, least) => {
  const text = readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && !/^\| (what|---)/.test(line));
  const missing: string[] = [];
  for (const row of rows) {
    const files = [...row.matchAll(/`(test\/[^`]+)`: ([^<|]+)/g)];
    expect([row, files.length > 0]).toEqual([row, true]);
    for (const [, file = "", names = ""] of files) {
      const source = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
      const quoted = [...names.matchAll(/“([^”]+)”/g)].map(([, name = ""]) => name);
      expect([file, quoted.length > 0]).toEqual([file, true]);
      missing.push(...quoted.filter((name) => !source.includes(`"${name}"`)).map((name) => `${file}: ${name}`));
    }
  }
  expect(missing).toEqual([]);
  expect(rows.length).toBeGreaterThan(least);
});
