/** The stack's files as data, for the tests that hold them to what they promise. */
import { join } from "node:path";
import { YAML } from "bun";

/** The repository's root. */
export const ROOT = join(import.meta.dir, "..", "..");

/** Any JSON or YAML value. */
export type Value = string | number | boolean | null | readonly Value[] | Tree;
/** A mapping. */
export interface Tree {
  readonly [key: string]: Value | undefined;
}

/** `value` as a mapping; an empty one where it is none, so that a missing branch reads as nothing. */
export function tree(value: Value | undefined): Tree {
  return typeof value === "object" && value !== null && !isList(value) ? value : {};
}

/** `value` as a list; an empty one where it is none. */
export function list(value: Value | undefined): readonly Value[] {
  return isList(value) ? value : [];
}

function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** `value` as text; empty where it is none. */
export function text(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The text of a file of the repository. */
export function read(path: string): Promise<string> {
  return Bun.file(join(ROOT, path)).text();
}

/** A YAML file of the repository. */
export async function readYaml(path: string): Promise<Tree> {
  const parsed = YAML.parse(await read(path)) as Value; // YAML is JSON's values
  return tree(parsed);
}

/** A JSON file of the repository. */
export async function readJson(path: string): Promise<Tree> {
  const parsed: Value = await Bun.file(join(ROOT, path)).json();
  return tree(parsed);
}

/** Where a program is, or undefined; then says on the console that tests are skipped for want of it. */
export function program(name: string, what: string): string | undefined {
  const path = Bun.which(name);
  if (path === null) console.warn(`SKIPPED: ${what}, because ${name} is not installed`);
  return path ?? undefined;
}

/** What a program said, and its status. */
export function run(command: readonly string[]): { readonly status: number; readonly output: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd: ROOT });
  return { status: exitCode, output: `${stdout}${stderr}` };
}
