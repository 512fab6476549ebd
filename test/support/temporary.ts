/** Folders for files of tests. bunfig.toml loads this module before the tests, so that the folders are removed after them. */
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "wirelab-"));
  folders.push(folder);
  return folder;
}
