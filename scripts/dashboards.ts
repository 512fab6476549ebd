/**
 * Generates the Grafana dashboards: `bun scripts/dashboards.ts`. With `--check` it writes nothing and exits with status 1
 * if a file differs from the generated one.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { internals } from "./dashboards/internals.ts";
import { overview } from "./dashboards/overview.ts";

const DIRECTORY = join(import.meta.dir, "..", "grafana", "dashboards");

const { values } = parseArgs({
  options: { check: { type: "boolean", default: false }, directory: { type: "string", default: DIRECTORY } },
});

let differing = 0;
for (const dashboard of [overview(), internals()]) {
  const path = join(values.directory, `${dashboard.uid}.json`);
  const generated = `${JSON.stringify(dashboard, null, 2)}\n`;
  const file = Bun.file(path);
  const found = (await file.exists()) ? await file.text() : "";
  if (found === generated) {
    console.log(`${path}: up to date`);
  } else if (values.check) {
    differing += 1;
    console.error(`${path}: differs from the generated one; run bun scripts/dashboards.ts`);
  } else {
    await Bun.write(path, generated);
    console.log(`${path}: written`);
  }
}
process.exitCode = differing > 0 ? 1 : 0;
