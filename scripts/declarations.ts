/**
 * Generates src/library.d.ts, the types of the library: `bun scripts/declarations.ts`. With `--check` it writes nothing
 * and exits with status 1 if the file differs from the generated text.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundleDeclarations } from "./declarations/bundle.ts";

const ROOT = join(import.meta.dir, "..");
const FILE = join(ROOT, "src", "library.d.ts");
const HEAD = "/** The types of the library in one file, made from its source by `bun scripts/declarations.ts`. */\n\n";

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const generated = HEAD + bundleDeclarations("src/index.ts", ROOT);
const found = (await Bun.file(FILE).exists()) ? await Bun.file(FILE).text() : "";
if (found === generated) console.log("src/library.d.ts: up to date");
else if (values.check) {
  console.error("src/library.d.ts: differs from the generated text; run bun scripts/declarations.ts");
  process.exitCode = 1;
} else {
  await Bun.write(FILE, generated);
  console.log("src/library.d.ts: written");
}
