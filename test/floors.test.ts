/** The layers of docs/DESIGN.md: the folders of src in one order, and no import cycles. */
import { expect, test } from "bun:test";
import { dirname, join, normalize } from "node:path";

const ROOT = join(import.meta.dir, "..");

/** Every folder of src from the bottom layer up, and the files of src itself. A folder follows the folders in it. */
const LAYERS = [
  "base",
  "stamp",
  "faults",
  "metrics",
  "config.ts",
  "load/plan",
  "load/measure",
  "load/send",
  "load/report",
  "load/run.ts",
  "load/cli",
  "reflector",
  "servers",
  "live",
  "runs",
  "relay",
  "api",
  "page/ui",
  "page/now",
  "page/faults",
  "page/packets",
  "page/load",
  "page/runs",
  "page",
  "lab.ts",
  "index.ts",
  "main.ts",
];

/** The imports of each module of src, including those of types; all paths are relative to src. */
async function imports(): Promise<ReadonlyMap<string, readonly string[]>> {
  const graph = new Map<string, readonly string[]>();
  for await (const path of new Bun.Glob("**/*.ts").scan(join(ROOT, "src"))) {
    const source = await Bun.file(join(ROOT, "src", path)).text();
    const found = [...source.matchAll(/(?:from|import)\s*\(?"(\.[^"]+\.ts)"/g)].map(([, to]) => to ?? "");
    graph.set(
      path,
      found.map((to) => normalize(join(dirname(path), to))),
    );
  }
  return graph;
}

const graph = await imports();

/** The layer of a module, counted from the bottom; -1 if no layer contains it. */
function layerOf(path: string): number {
  return LAYERS.findIndex((layer) => path === layer || path.startsWith(`${layer}/`));
}

/** The modules that `from` imports, directly and indirectly. */
function reachable(from: string, seen = new Set<string>()): ReadonlySet<string> {
  for (const next of graph.get(from) ?? []) {
    if (seen.has(next)) continue;
    seen.add(next);
    reachable(next, seen);
  }
  return seen;
}

test("every module belongs to a layer", () => {
  expect([...graph.keys()].filter((path) => layerOf(path) < 0)).toEqual([]);
  expect(graph.size).toBeGreaterThan(100);
});

test("no module imports itself, directly or indirectly", () => {
  expect([...graph.keys()].filter((path) => reachable(path).has(path))).toEqual([]);
});

test("only the programs and base/kernel.ts use `process`", async () => {
  const programs = ["main.ts", "runs/child.ts"];
  const uses = async (path: string) => /\bprocess\.[a-z]/i.test(await Bun.file(join(ROOT, "src", path)).text());
  const users = (await Promise.all([...graph.keys()].map(async (path) => ((await uses(path)) ? path : "")))).filter(
    Boolean,
  );
  expect(users.sort()).toEqual([...programs, "base/kernel.ts"].sort());
});
