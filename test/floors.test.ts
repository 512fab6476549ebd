/** The plan of the house, held: a room imports only rooms below it, and there is no circle. */
import { expect, test } from "bun:test";
import { dirname, join, normalize } from "node:path";

const ROOT = join(import.meta.dir, "..");

/** Each module of src with those that it imports, types too, as paths from the root. */
async function imports(): Promise<ReadonlyMap<string, readonly string[]>> {
  const graph = new Map<string, readonly string[]>();
  for await (const path of new Bun.Glob("src/**/*.ts").scan(ROOT)) {
    const source = await Bun.file(join(ROOT, path)).text();
    const found = [...source.matchAll(/(?:from|import)\s+"(\.[^"]+\.ts)"/g)].map(([, to]) => to ?? "");
    graph.set(
      path,
      found.map((to) => normalize(join(dirname(path), to))),
    );
  }
  return graph;
}

const graph = await imports();

/** The modules that `from` stands on, however deep. */
function below(from: string, seen = new Set<string>()): ReadonlySet<string> {
  for (const next of graph.get(from) ?? []) {
    if (seen.has(next)) continue;
    seen.add(next);
    below(next, seen);
  }
  return seen;
}

test("there is no circle", () => {
  const circular = [...graph.keys()].filter((path) => below(path).has(path));
  expect(circular).toEqual([]);
});

test("the pure parts stand on nothing, or on one another", () => {
  const pure = ["src/stamp.ts", "src/random.ts", "src/impairment.ts", "src/impairment-text.ts"];
  for (const path of pure) expect([...below(path)].filter((to) => !pure.includes(to))).toEqual([]);
});

test("the responder knows no socket and no route", () => {
  const above = [...below("src/responder.ts")].filter((path) => /^src\/(servers|control|load|page)/.test(path));
  expect(above).toEqual([]);
});

test("the servers know nothing of control, of the page and of load", () => {
  for (const path of [...graph.keys()].filter((path) => path.startsWith("src/servers/"))) {
    expect([...below(path)].filter((to) => /^src\/(control|load|page|lab)/.test(to))).toEqual([]);
  }
});

test("load stands on STAMP and the clock alone", () => {
  const allowed = ["src/stamp.ts", "src/clock.ts"];
  for (const [path, imported] of graph) {
    if (!path.startsWith("src/load/")) continue;
    expect(imported.filter((to) => !to.startsWith("src/load/") && !allowed.includes(to))).toEqual([]);
  }
});

test("only main and what the system tells touch the process", async () => {
  const allowed = ["src/main.ts", "src/system.ts", "src/runs/child.ts"];
  const touching: string[] = [];
  for (const path of graph.keys()) {
    if (
      /\bprocess\.[a-z]+[.([]|\bprocess\.(argv|env|platform|pid|stdout|stderr)\b/.test(
        await Bun.file(join(ROOT, path)).text(),
      )
    )
      touching.push(path);
  }
  expect(touching.filter((path) => !allowed.includes(path))).toEqual([]);
});
