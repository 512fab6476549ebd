/** The bundle of declarations that becomes `src/library.d.ts`. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleDeclarations } from "../scripts/declarations/bundle.ts";

const ROOT = join(import.meta.dir, "..");

/** A project of the form of this one, by file. */
const FILES = {
  "tsconfig.json":
    '{"compilerOptions":{"strict":true,"module":"Preserve","allowImportingTsExtensions":true,"types":[]}}',
  "src/sizes.ts": `/** Names. */
export const SIZES = ["s", "l"] as const;
/** One of them. */
export type Size = (typeof SIZES)[number];
/** Not used. */
export type Unused = Size;
`,
  "src/box.ts": `import type { Size } from "./sizes.ts";
interface Lid {
  readonly size: Size;
}
export class Box {
  readonly #lid: Lid = { size: "s" };
  open(): Lid {
    return this.#lid;
  }
}
`,
  "src/index.ts": 'export { Box as Case } from "./box.ts";\nexport type { Size } from "./sizes.ts";\n',
  "src/other.ts": "interface Box {\n  readonly a: 1;\n}\nexport type Other = Box;\n",
  "src/two.ts": 'export { Box } from "./box.ts";\nexport type { Other } from "./other.ts";\n',
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "wirelab-bundle-"));
  for (const [name, text] of Object.entries(FILES)) await Bun.write(join(root, name), text);
  await symlink(join(ROOT, "node_modules"), join(root, "node_modules"));
});
afterAll(() => rm(root, { recursive: true }));

test("a bundle has what the entry exports and what that refers to, without imports", () => {
  expect(bundleDeclarations("src/index.ts", root)).toBe(`/** Names. */
declare const SIZES: readonly ["s", "l"];
/** One of them. */
type Size = (typeof SIZES)[number];
interface Lid {
    readonly size: Size;
}
declare class Box {
    #private;
    open(): Lid;
}
export { Box as Case, Size };
`);
});

test("two declarations of one name cannot be in a bundle", () => {
  expect(() => bundleDeclarations("src/two.ts", root)).toThrow("Box is declared in src/box and in src/other");
});
