/** scripts/relay.ts as a process: forwards until a signal, and prints what it counted. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { PORT_PROTOCOLS, REGISTRY } from "../../../src/base/protocol.ts";
import type { RelaySnapshot } from "../../../src/relay/snapshot.ts";
import { startTestLab } from "../../support/lab.ts";
import { runScript } from "../../support/process.ts";
import { temporaryFolder } from "../../support/temporary.ts";
import { openUdp } from "../../support/udp.ts";
import { until } from "../../support/until.ts";
import { talk } from "../support/relay.ts";

const SCRIPT = "scripts/relay.ts";
const START_MS = 20_000;

/** Starts the command, and waits for a line of its output. */
async function startRelays(args: readonly string[], line: RegExp) {
  const child = Bun.spawn([process.execPath, SCRIPT, ...args], {
    cwd: join(import.meta.dir, "../../.."),
    stdout: "pipe",
    stderr: "inherit",
  });
  const written = { out: "" };
  const followed = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) written.out += decoder.decode(chunk, { stream: true });
  })();
  const found = await until(() => line.exec(written.out), "the line at the start", START_MS);
  return {
    found,
    /** Sends SIGINT; resolves with the status and the output. */
    async stop() {
      child.kill("SIGINT");
      await followed;
      return { status: await child.exited, out: written.out };
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

test("forwards datagrams until Ctrl-C; the summary and the file have what was dropped by which fault", async () => {
  await using lab = await startTestLab();
  const json = join(temporaryFolder(), "counts.json");
  const args = ["--listen", "udp:0", "--to", `127.0.0.1:${lab.ports.udp}`, "--impair", "drop=0.5", "--json", json];
  await using relay = await startRelays(
    args,
    /^relay: udp 127\.0\.0\.1:(\d+) > (\S+), faults drop=0\.5\/0 \(seed 1\)$/m,
  );
  expect(relay.found[2]).toBe(`127.0.0.1:${lab.ports.udp}`);
  using client = await openUdp();
  await until(() => {
    client.send("Hello UDP 7", Number(relay.found[1]));
    return client.got.length >= 8;
  }, "eight replies");
  const { status, out } = await relay.stop();
  expect(status).toBe(0);
  const counts: { seed: number; relays: RelaySnapshot[] } = await Bun.file(json).json();
  expect(counts).toMatchObject({ seed: 1, relays: [{ name: "relay", protocol: "udp", faults: "drop=0.5/0" }] });
  const { packetsIn = 0, packetsOut = 0, bytesIn, dropped = 0, drops } = counts.relays[0]?.up ?? {};
  expect(packetsOut).toBeGreaterThanOrEqual(8);
  expect(dropped).toBeGreaterThan(0);
  expect(packetsIn).toBe(packetsOut + dropped);
  expect(bytesIn).toBe(11 * packetsIn);
  expect(drops).toEqual({ drop: { packets: dropped, bytes: 11 * dropped } });
  expect(out).toContain(`  up    in       ${packetsIn} packets, ${11 * packetsIn} octets\n`);
  expect(out).toMatch(
    new RegExp(`^ +drop: ${dropped} packets?, ${11 * dropped} octets \\([\\d.]+ % of the octets\\)$`, "m"),
  );
}, 60_000);

test("a lab behind --target: one line with the ports of all protocols, and no change to what is forwarded", async () => {
  await using lab = await startTestLab();
  const free = PORT_PROTOCOLS.map((protocol) => `--${protocol}-port=0`);
  const titles = PORT_PROTOCOLS.map((protocol) => `${REGISTRY[protocol].title} \\d+`).join(", ");
  const line = new RegExp(`^relay: ${titles} forward to 127\\.0\\.0\\.1 \\(127\\.0\\.0\\.1\\)$`, "m");
  await using relay = await startRelays(["--target", "127.0.0.1", ...free], line);
  const { status, out } = await relay.stop();
  expect(status).toBe(0);
  for (const protocol of PORT_PROTOCOLS) expect(out).toMatch(new RegExp(`^relay ${protocol}: `, "m"));
  expect(lab.ports.tcp).toBeGreaterThan(0);
}, 60_000);

test("several relays of one command", async () => {
  await using lab = await startTestLab();
  const args = ["--relay", `api=tcp:0>127.0.0.1:${lab.ports.tcp}`, "--relay", "dns=udp:0>127.0.0.1:9"];
  const { status, out, err } = await runScript(SCRIPT, [...args, "--json", "/nowhere/counts.json"]);
  expect([status, out]).toEqual([2, ""]);
  expect(err).toBe("relay: --json /nowhere/counts.json: the folder /nowhere does not exist\n");
  await using relays = await startRelays(
    [...args, "--relay-impair", "api:limit=none/3"],
    /^relay api: tcp \S+:(\d+) > /m,
  );
  expect(await talk(Number(relays.found[1]), "Hello TCP 7")).toBe("ACK");
  const { out: summary } = await relays.stop();
  expect(summary).toMatch(/^ +limit: 4 octets/m);
  expect(summary).toMatch(/^relay dns: udp \S+ > 127\.0\.0\.1:9, no faults, after /m);
}, 60_000);
