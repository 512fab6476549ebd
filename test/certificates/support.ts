/** Folders, log lines, times and certificates for the tests of certificates. */
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, type Log } from "../../src/base/log.ts";
import type { Repeat } from "../../src/certificates/source.ts";

export const NAMES = ["localhost", "127.0.0.1", "::1", "lab.test"] as const;

/** A new folder, which is removed at the end. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "wirelab-certificates-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A log whose lines are kept: level, message, and fields as JSON. */
export function logOfTest(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const log = createLog({
    level: "debug",
    readable: true,
    sink: (line) => lines.push(line.slice("00:00:00.000 ".length)),
  });
  return { log, lines };
}

/** A repetition that the test drives; `stopped` is true after its end. */
export function manualRepeat() {
  const state = { ms: 0, stopped: false, run: async () => {} };
  const repeat: Repeat = (ms, run) => {
    state.ms = ms;
    state.run = async () => void (await run());
    return {
      [Symbol.dispose]() {
        state.stopped = true;
      },
    };
  };
  return { state, repeat };
}

export const parsed = (cert: string) => new X509Certificate(cert);

/** The exit status and the output of openssl; undefined if it is not installed. */
export function openssl(...args: readonly string[]): { readonly status: number; readonly text: string } | undefined {
  if (!hasOpenssl) return undefined;
  const { exitCode, stdout, stderr } = Bun.spawnSync(["openssl", ...args]);
  return { status: exitCode, text: `${stdout}${stderr}` };
}

export const hasOpenssl = Bun.which("openssl") !== null;
if (!hasOpenssl) console.warn("SKIPPED: openssl is not installed; certificates are not checked with it");
