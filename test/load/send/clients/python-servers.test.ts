/** Runs against servers of Python, whose TLS is OpenSSL and whose WebSocket is the package `websockets`. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runLoad } from "../../../../src/load/run.ts";
import { ca, valid } from "../../support/certificates.ts";
import { balanced } from "../../support/sums.ts";

const SCRIPT = join(import.meta.dir, "../../../support/echo_server.py");
const hasPython =
  Bun.which("python3") !== null && Bun.spawnSync(["python3", "-c", "import websockets.asyncio.server"]).success;
if (!hasPython) console.warn("SKIPPED: runs against Python's servers, which need python3 with websockets");

/** Starts the server; with TLS if `isSecure`. */
async function startServer(kind: "tls" | "websocket", isSecure: boolean) {
  const folder = mkdtempSync(join(tmpdir(), "wirelab-python-"));
  const files = [join(folder, "cert.pem"), join(folder, "key.pem")] as const;
  writeFileSync(files[0], valid.cert);
  writeFileSync(files[1], valid.key);
  const server = Bun.spawn(["python3", SCRIPT, kind, ...(isSecure ? files : [])], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await server.stdout.getReader().read();
  return {
    port: Number(Buffer.from(value ?? []).toString()),
    async [Symbol.asyncDispose]() {
      server.kill();
      await server.exited;
      rmSync(folder, { recursive: true });
    },
  };
}

test.if(hasPython).each([
  ["tls", true],
  ["websocket", false],
  ["websocket", true],
] as const)(
  "an echo server of %s (with TLS: %p) answers every packet and every text",
  async (protocol, isSecure) => {
    await using server = await startServer(protocol, isSecure);
    const scheme = protocol === "tls" ? "" : isSecure ? "wss://" : "ws://";
    const target = `${scheme}127.0.0.1:${server.port}${scheme === "" ? "" : "/any"}`;
    const common = { protocol, target, ca, control: false, timeout: 2, wait: 2, seed: 4 } as const;
    for (const options of [
      { size: 1000, connections: 2 },
      { mode: "plain", size: 3000 },
    ] as const) {
      const { packets } = balanced(await runLoad({ ...common, rate: 500, count: 60, ...options }).report);
      expect(packets).toMatchObject({ sent: 60, answered: 60, corrupt: 0 });
    }
  },
  15_000,
);
