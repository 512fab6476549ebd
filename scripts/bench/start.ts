/** The rows of the start: the time from the start of the process to the first answer of `/readyz`. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuMicrosOf, median, ROOT } from "./processes.ts";
import type { Figure } from "./row.ts";
import type { Effort } from "./servers.ts";

/** Longest wait for the answer, and the time between two questions, ms. */
const [LIMIT_MS, ASK_MS] = [20_000, 2] as const;

/** The time until the answer, and the processor time until then, ms. */
interface Start {
  readonly ms: number;
  readonly cpuMs: number;
}

/** A free TCP port. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  server.close();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** Starts a lab once, with the data file if TLS is on; every other port is a free one. */
async function start(tls: "on" | "off", data: string): Promise<Start> {
  const port = await freePort();
  const free = ["tcp", "udp", ...(tls === "on" ? ["https", "http2", "http3", "tls"] : [])];
  const ports = ["--http-port", `${port}`, ...free.flatMap((name) => [`--${name}-port`, "0"])];
  const command = [process.execPath, "src/main.ts", "--tls", tls, "--data", data, "--log-level", "error", ...ports];
  const startedAt = performance.now();
  const child = Bun.spawn(command, { cwd: ROOT, stdout: "ignore", stderr: "ignore" });
  try {
    while (performance.now() - startedAt < LIMIT_MS) {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
      if (response?.ok) return { ms: performance.now() - startedAt, cpuMs: cpuMicrosOf(child.pid) / 1000 };
      await Bun.sleep(ASK_MS);
    }
    throw new Error("the lab did not start");
  } finally {
    child.kill();
    await child.exited;
  }
}

/** Measures the first starts, which make the certificates, or the later ones, which read them; TLS off in between. */
function benchStart(isFirst: boolean) {
  return async ({ pairs }: Effort): Promise<Figure> => {
    const folder = mkdtempSync(join(tmpdir(), "wirelab-"));
    const kept = join(folder, "kept.sqlite");
    try {
      const [on, off]: [Start[], Start[]] = [[], []];
      await start("on", kept); // makes the certificates of the later starts, and reads the program's files into memory
      for (let pair = 0; pair < pairs; pair++) {
        on.push(await start("on", isFirst ? join(mkdtempSync(join(folder, "first-")), "data.sqlite") : kept));
        off.push(await start("off", kept));
      }
      const of = (starts: readonly Start[], key: keyof Start) => median(starts.map((start) => start[key]));
      const note = `CPU ${of(on, "cpuMs").toFixed(0)} ms; without TLS ${of(off, "ms").toFixed(0)} ms, CPU ${of(off, "cpuMs").toFixed(0)} ms`;
      const name = isFirst ? "start-first" : "start";
      const what = isFirst ? "first start with TLS, which makes the certificates" : "start with TLS";
      return { name, what, against: "–", value: of(on, "ms"), unit: "ms", goal: 200, note };
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

/** The rows by name. */
export const START_ROWS: Readonly<Record<string, (effort: Effort) => Promise<Figure>>> = {
  "start-first": benchStart(true),
  start: benchStart(false),
};
