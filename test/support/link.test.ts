/** The program `link`: what it does to packets, its account, and the removal of its namespaces. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linkRuns, overLink } from "./lossy-link.ts";
import { until } from "./until.ts";

const LINK = join(import.meta.dir, "link");
const NUMBERS = join(import.meta.dir, "udp_numbers.py");
const COUNT = 200;

const SEND_NUMBERS = `
  ip netns exec $LINK_SERVER python3 ${NUMBERS} receive 9999 &
  timeout 10 bash -c 'until ip netns exec $LINK_SERVER ss -lun | grep -q :9999; do sleep 0.02; done' || exit
  ip netns exec $LINK_CLIENT python3 ${NUMBERS} send $LINK_SERVER_ADDRESS 9999 ${COUNT}
  wait`;

/** Sends the numbers 0 to COUNT - 1 upstream; returns those received, in order, and the link's counts. */
async function sendNumbers(...link: string[]) {
  const { out, account } = await overLink(link, SEND_NUMBERS);
  const [, ...received] = out.split("\n");
  if (account.up.udp === undefined) throw new Error("no packets");
  return { received, counts: account.up.udp };
}

/** The names of the namespaces of the link with this process id. */
function namespacesOf(pid: number): string[] {
  const list = Bun.spawnSync(["ip", "netns", "list"]).stdout.toString();
  return list.split("\n").filter((line) => line.startsWith(`link-${pid}-`));
}

describe.skipIf(!linkRuns())("link", () => {
  test.concurrent("delivers every packet once and in order if there are no faults", async () => {
    const { received, counts } = await sendNumbers();
    expect(received).toEqual(Array.from({ length: COUNT }, (_, number) => `${number}`));
    expect(counts).toEqual({
      sent: COUNT,
      lost: 0,
      duplicated: 0,
      corrupted: 0,
      reordered: 0,
      delivered: COUNT,
      undelivered: 0,
    });
  }, 20_000);

  test.concurrent("loses as many packets as it counts, and the same packets with the same seed", async () => {
    const lose = (seed: string) => sendNumbers("--loss-up", "0.2", "--seed", seed);
    const [first, again, other] = await Promise.all([lose("5"), lose("5"), lose("6")]);
    expect(first.counts).toMatchObject({ sent: COUNT, lost: COUNT - first.received.length });
    expect(first.received.length).toBeWithin(COUNT * 0.65, COUNT * 0.95);
    expect(again.received).toEqual(first.received);
    expect(other.received).not.toEqual(first.received);
  }, 20_000);

  test.concurrent("loses packets in bursts", async () => {
    const { received } = await sendNumbers("--burst-up", "0.05,0.2");
    const arrived = new Set(received.map(Number));
    const lost = (number: number) => number >= 0 && !arrived.has(number);
    const bursts = Array.from(arrived).filter((number) => lost(number - 1)).length;
    expect(bursts).toBeGreaterThan(2);
    // Mean bursts of 5 packets: independent losses at the same ratio would come in bursts of 1.25.
    expect((COUNT - arrived.size) / bursts).toBeGreaterThan(2.5);
  }, 20_000);

  test.concurrent("duplicates, reorders and corrupts as many packets as it counts", async () => {
    const [duplicates, reordered, corrupted] = await Promise.all([
      sendNumbers("--duplicate", "0.5"),
      sendNumbers("--reorder", "0.1", "--reorder-ms", "4"),
      sendNumbers("--corrupt", "0.5"),
    ]);
    expect(duplicates.received.length).toBe(COUNT + duplicates.counts.duplicated);
    expect(duplicates.counts.duplicated).toBeWithin(COUNT * 0.35, COUNT * 0.65);
    let latest = -1;
    const late = reordered.received.map(Number).filter((number) => {
      latest = Math.max(latest, number);
      return number < latest;
    });
    expect(late.length).toBeGreaterThan(0);
    expect(reordered.counts.reordered).toBe(late.length);
    expect(corrupted.received.length).toBe(COUNT);
    expect(corrupted.received.filter((text, index) => text !== `${index}`).length).toBe(corrupted.counts.corrupted);
    expect(corrupted.counts.corrupted).toBeWithin(COUNT * 0.35, COUNT * 0.65);
  }, 20_000);

  test.concurrent("--log has a line for each datagram, with the times at which its copies were delivered", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wirelab-"));
    const file = join(folder, "log");
    const { received, counts } = await sendNumbers("--loss-up", "0.2", "--duplicate", "0.2", "--log", file);
    const log = readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    rmSync(folder, { recursive: true });
    const texts = log.map(({ octets }) => Buffer.from(octets, "hex").toString());
    expect(texts).toEqual(Array.from({ length: COUNT }, (_, number) => `${number}`));
    expect(log.every(({ direction, to }) => direction === "up" && to === 9999)).toBe(true);
    expect(log.filter(({ delivered }) => delivered.length === 0).length).toBe(counts.lost);
    expect(log.flatMap(({ at, delivered }) => delivered.map((time: number) => time >= at))).toEqual(
      received.map(() => true),
    );
  }, 20_000);

  test.concurrent("applies an option with -up to packets to the server only", async () => {
    const script = `
      ip netns exec $LINK_SERVER bash -c 'echo x >/dev/udp/10.98.0.1/9'
      ip netns exec $LINK_CLIENT bash -c 'echo x >/dev/udp/10.98.0.2/9'
      echo sent`;
    const { account } = await overLink(["--loss-up", "1"], script);
    expect(account.down.udp).toMatchObject({ sent: 1, lost: 0, delivered: 1 });
    expect(account.up.udp).toMatchObject({ sent: 1, lost: 1, delivered: 0 });
  });

  test.concurrent("exits with the status of the command", async () => {
    expect((await overLink([], "echo ended; exit 7")).status).toBe(7);
  });

  test.concurrent("rejects an invalid value with status 2 and a line that names the option and the value", () => {
    const run = Bun.spawnSync([LINK, "--loss-up", "1.5", "--", "true"], { stderr: "pipe" });
    expect(run.stderr.toString()).toContain("argument --loss-up: 1.5 is not a probability (0 to 1)");
    expect(run.exitCode).toBe(2);
  });

  test.concurrent.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("ends its processes and removes its namespaces on %s", async (signal, status) => {
    const script = "ip netns exec $LINK_SERVER sleep 1000 & echo started; ip netns exec $LINK_CLIENT sleep 1000";
    const child = Bun.spawn([LINK, "--", "bash", "-c", script], { stdout: "pipe", stderr: "inherit" });
    const { value } = await child.stdout.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toBe("started\n");
    expect(namespacesOf(child.pid)).toHaveLength(2);
    child.kill(signal);
    expect(await child.exited).toBe(status);
    expect(namespacesOf(child.pid)).toEqual([]);
  });

  test.concurrent("removes the namespaces of a link that was killed", async () => {
    const child = Bun.spawn([LINK, "--", "bash", "-c", "exec ip netns exec $LINK_CLIENT sleep 1000"]);
    await until(() => namespacesOf(child.pid).length === 2, "the namespaces exist");
    child.kill("SIGKILL");
    await child.exited;
    await overLink([], "echo started");
    expect(namespacesOf(child.pid)).toEqual([]);
  });
});
