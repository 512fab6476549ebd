/** Files that a command writes at its end. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Throws if the process may not write the file, or create it where it does not exist. */
export function checkWritable(path: string): void {
  const folder = dirname(path);
  if (existsSync(path) && statSync(path).isDirectory()) throw new Error("is a folder");
  if (!existsSync(folder)) throw new Error(`the folder ${folder} does not exist`);
  accessSync(existsSync(path) ? path : folder, constants.W_OK);
}
