/** Reads the files of the stack as data. */
import { join } from "node:path";
import { YAML } from "bun";

/** The root of the repository. */
export const ROOT = join(import.meta.dir, "..", "..");

/** Any JSON or YAML value. */
export type Value = string | number | boolean | null | readonly Value[] | Tree;
/** A mapping. */
export interface Tree {
  readonly [key: string]: Value | undefined;
}

/** `value` as a mapping; an empty one if it is not a mapping, so that a missing branch is empty. */
export function tree(value: Value | undefined): Tree {
  return typeof value === "object" && value !== null && !isList(value) ? value : {};
}

/** `value` as a list; an empty one if it is not a list. */
export function list(value: Value | undefined): readonly Value[] {
  return isList(value) ? value : [];
}

function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** `value` as text; empty if it is not text. */
export function text(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The text of a file of the repository. */
export function read(path: string): Promise<string> {
  return Bun.file(join(ROOT, path)).text();
}

/** A YAML file of the repository. */
export async function readYaml(path: string): Promise<Tree> {
  const parsed = YAML.parse(await read(path)) as Value; // the YAML of the stack has only JSON values
  return tree(parsed);
}

/** A JSON file of the repository. */
export async function readJson(path: string): Promise<Tree> {
  const parsed: Value = await Bun.file(join(ROOT, path)).json();
  return tree(parsed);
}

/** The path of a program, or undefined; then prints that tests are skipped. */
export function program(name: string, what: string): string | undefined {
  const path = Bun.which(name);
  if (path === null) console.warn(`SKIPPED: ${what}, because ${name} is not installed`);
  return path ?? undefined;
}

/** Runs a program to its end; returns its exit status and its output. */
export function run(command: readonly string[]): { readonly status: number; readonly output: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd: ROOT });
  return { status: exitCode, output: `${stdout}${stderr}` };
}
