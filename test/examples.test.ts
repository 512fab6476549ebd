/** The examples, each run as its reader runs it: in a process of its own. */
import { expect, test } from "bun:test";
import { deadUdpPort } from "./load/support/targets.ts";
import { startTestLab } from "./support/lab.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** Runs Bun with these arguments in the repository's root, to the end. */
async function runBun(...args: string[]) {
  const child = Bun.spawn([process.execPath, ...args], { cwd: ROOT, stdout: "pipe", stderr: "pipe" });
  const [out, err, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, status };
}

test.concurrent("lab-in-a-test passes", async () => {
  const { err, status } = await runBun("test", "./examples/lab-in-a-test.test.ts");
  expect(err).toContain(" 2 pass\n 0 fail\n");
  expect(status).toBe(0);
}, 20_000);

test.concurrent("relay-in-a-test passes", async () => {
  const { err, status } = await runBun("test", "./examples/relay-in-a-test.test.ts");
  expect(err).toContain(" 2 pass\n 0 fail\n");
  expect(status).toBe(0);
}, 20_000);

test("load-with-objectives exits with 0 if every objective is met", async () => {
  await using lab = await startTestLab();
  const { out, status } = await runBun("examples/load-with-objectives.ts", `127.0.0.1:${lab.ports.udp}`);
  expect(out).toStartWith("1000 sent, 1000 answered, 0 lost\n");
  expect(out.match(/^met: .*$/gm)).toHaveLength(3);
  expect(status).toBe(0);
}, 20_000);

test.concurrent("load-with-objectives exits with 1 if an objective is missed", async () => {
  await using lab = await startTestLab({ impair: { http: {}, tcp: {}, udp: { drop: { up: 0.2, down: 0 } } } });
  const { out, status } = await runBun("examples/load-with-objectives.ts", `127.0.0.1:${lab.ports.udp}`);
  const lost = Number(/^1000 sent, \d+ answered, (\d+) lost$/m.exec(out)?.[1]);
  expect(lost).toBeWithin(150, 250);
  expect(out).toContain(`missed: loss<5% (measured: ${lost / 1000})`);
  expect(status).toBe(1);
}, 20_000);

test.concurrent("load-with-objectives exits with 3 if nothing answers", async () => {
  const { out, err, status } = await runBun("examples/load-with-objectives.ts", `127.0.0.1:${await deadUdpPort()}`);
  expect(out).toMatch(/^\d+ sent, 0 answered, \d+ lost$/m);
  expect(err).toContain("ECONNREFUSED");
  expect(status).toBe(3);
}, 20_000);

test.concurrent("custom-scenario measures what it injects", async () => {
  const { out, status } = await runBun("examples/custom-scenario.ts");
  expect(status).toBe(0);
  const [, sent, up, down] = /measured: (\d+) sent, (\d+) lost upstream, (\d+) lost downstream/.exec(out) ?? [];
  expect(sent).toBe("600");
  expect(Number(up)).toBeGreaterThan(30);
  expect(Number(down)).toBeGreaterThan(3);
  expect(out).toContain(`injected: ${Number(up) + Number(down)} drops`);
  const delayed = [...out.matchAll(/udp:delay=20 +\d+ +([\d.]+)$/gm)].map(([, p50]) => Number(p50));
  expect(Math.max(...delayed)).toBeGreaterThanOrEqual(20);
}, 20_000);
