/**
 * Writes the Grafana dashboards from code: `bun scripts/dashboards.ts`.
 * With `--check` it writes nothing and ends with status 1 when a committed file differs from what the code says.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { internals } from "./dashboards/internals.ts";
import { overview } from "./dashboards/overview.ts";

const DIRECTORY = join(import.meta.dir, "..", "grafana", "dashboards");

const { values } = parseArgs({
  options: { check: { type: "boolean", default: false }, directory: { type: "string", default: DIRECTORY } },
});

let drifted = 0;
for (const dashboard of [overview(), internals()]) {
  const path = join(values.directory, `${dashboard.uid}.json`);
  const wanted = `${JSON.stringify(dashboard, null, 2)}\n`;
  const file = Bun.file(path);
  const found = (await file.exists()) ? await file.text() : "";
  if (found === wanted) {
    console.log(`${path}: up to date`);
  } else if (values.check) {
    drifted += 1;
    console.error(`${path}: differs from scripts/dashboards.ts; run bun scripts/dashboards.ts`);
  } else {
    await Bun.write(path, wanted);
    console.log(`${path}: written`);
  }
}
process.exitCode = drifted > 0 ? 1 : 0;
