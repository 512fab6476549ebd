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
  "certificates",
  "limits.ts",
  "relay/route",
  "config.ts",
  "load/plan",
  "load/measure",
  "load/send",
  "load/report",
  "load/run.ts",
  "load/cli",
  "reflector",
  "servers/bounds",
  "servers/secure",
  "servers/udp",
  "servers/websocket",
  "servers",
  "live",
  "runs",
  "relay",
  "api",
  "toxiproxy",
  "page/ui",
  "page/now",
  "page/faults",
  "page/relays",
  "page/packets",
  "page/load",
  "page/runs",
  "page",
  "lab.ts",
  "library.ts",
  "index.ts",
  "library.d.ts",
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

test("a folder imports only itself and folders below it", () => {
  const against = [...graph].flatMap(([path, imported]) =>
    imported.filter((to) => layerOf(to) > layerOf(path)).map((to) => `${path} imports ${to}`),
  );
  expect(against).toEqual([]);
});

test("no module imports itself, directly or indirectly", () => {
  expect([...graph.keys()].filter((path) => reachable(path).has(path))).toEqual([]);
});

test("only the programs and base/kernel.ts use `process`", async () => {
  const users: string[] = [];
  for (const path of graph.keys()) {
    const source = await Bun.file(join(ROOT, "src", path)).text();
    if (/\bprocess\.[a-zA-Z]+/.test(source)) users.push(path);
  }
  expect(users.toSorted()).toEqual(["base/kernel.ts", "main.ts", "runs/child.ts"]);
});
