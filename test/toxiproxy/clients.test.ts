/** Client packages of Toxiproxy, unchanged, with this server. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { type Latency, Toxiproxy } from "toxiproxy-node-client";
import { temporaryFolder } from "../support/temporary.ts";
import { until } from "../support/until.ts";
import { openClient, startEcho, startToxiproxy } from "./support.ts";

test("toxiproxy-node-client creates, changes and removes proxies and toxics", async () => {
  using echo = startEcho();
  await using server = startToxiproxy();
  const toxiproxy = new Toxiproxy(server.url);
  expect(JSON.parse(await toxiproxy.getVersion())).toEqual({ version: "2.12.0+wirelab" });
  const upstream = `127.0.0.1:${echo.port}`;
  const proxy = await toxiproxy.createProxy({ name: "node", listen: "127.0.0.1:0", upstream });
  const port = Number(proxy.listen.split(":")[1]);
  const toxic = await proxy.addToxic<Latency>({
    name: "slow",
    type: "latency",
    stream: "upstream",
    toxicity: 1,
    attributes: { latency: 300, jitter: 0 },
  });
  expect(toxic.toJson()).toEqual({
    name: "slow",
    type: "latency",
    stream: "upstream",
    toxicity: 1,
    attributes: { latency: 300, jitter: 0 },
  });
  using client = await openClient(port);
  const startedAt = performance.now();
  client.write("ping");
  await until(() => client.read.length === 4, "the echo");
  expect(performance.now() - startedAt).toBeWithin(299, 700);
  await toxic.remove();
  await expect(proxy.getToxic("slow")).rejects.toThrow();
  const disabled = await proxy.update({ enabled: false, listen: proxy.listen, upstream });
  expect(disabled.enabled).toBe(false);
  await expect(openClient(port)).rejects.toThrow("connect");
  await toxiproxy.reset();
  expect((await toxiproxy.get("node")).enabled).toBe(true);
  const made = await toxiproxy.populate([{ name: "second", listen: "127.0.0.1:0", upstream }]);
  expect(Object.keys(made)).toEqual(["second"]);
  expect(Object.keys(await toxiproxy.getAll())).toEqual(["node", "second"]);
  await expect(toxiproxy.createProxy({ name: "node", listen: "127.0.0.1:0", upstream })).rejects.toThrow();
  await proxy.remove();
  expect(Object.keys(await toxiproxy.getAll())).toEqual(["second"]);
});

const textOf = (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => new Response(stream).text();

/** The version of toxiproxy-python that the test installs. */
const PYTHON_CLIENT = "toxiproxy-python==0.1.1";

/** A folder with the package; undefined if it cannot be had. */
async function pythonClient(): Promise<string | undefined> {
  const folder = temporaryFolder();
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, PYTHON_CLIENT];
  const child = Bun.spawn(["python3", ...install], { stdout: "ignore", stderr: "ignore", timeout: 60_000 });
  return (await child.exited) === 0 ? folder : undefined;
}

test("toxiproxy-python creates, changes and removes proxies and toxics", async () => {
  const folder = await pythonClient();
  if (folder === undefined) {
    console.warn(`not tested with ${PYTHON_CLIENT}: pip cannot install it`);
    return;
  }
  using echo = startEcho();
  await using server = startToxiproxy();
  const script = join(import.meta.dir, "python_client.py");
  const child = Bun.spawn(["python3", script, `${server.port}`, `${echo.port}`], {
    env: { PATH: process.env.PATH ?? "", PYTHONPATH: folder },
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  expect(err.replace(/.*Warning.*\n.*\n/g, "")).toBe("");
  const { slow_ms, fast_ms, ...result } = JSON.parse(out);
  expect(result).toEqual({
    running: true,
    version: "2.12.0+wirelab",
    enabled: true,
    again: "ProxyExists",
    toxics: { latency_downstream: { latency: 300, jitter: 0 } },
    answer: "ping",
    invalid: "InvalidToxic",
    absent: "NotFound",
    down: "ConnectionRefusedError",
    up: "ping",
    populated: ["other"],
    reset: true,
    left: [],
  });
  expect(slow_ms).toBeWithin(299, 1000);
  expect(fast_ms).toBeLessThan(299);
}, 90_000);

/** Path of toxiproxy-cli; `go build ./cmd/cli` in Toxiproxy's repository makes it. */
const cli = process.env.TOXIPROXY_CLI;
if (!cli) console.warn("not tested with toxiproxy-cli: TOXIPROXY_CLI has no path of it");

test.skipIf(!cli)("toxiproxy-cli creates, shows and removes proxies and toxics", async () => {
  await using server = startToxiproxy();
  const run = async (...args: readonly string[]) => {
    const child = Bun.spawn([cli ?? "", "-h", server.url, ...args], { stderr: "pipe" });
    const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    return { status: await child.exited, text: `${out}${err}`.trim() };
  };
  const created = await run("create", "-l", "127.0.0.1:0", "-u", "127.0.0.1:1", "cli");
  expect(created).toEqual({ status: 0, text: "Created new proxy cli" });
  expect(await run("toxic", "add", "-t", "latency", "-a", "latency=100", "-a", "jitter=5", "cli")).toEqual({
    status: 0,
    text: "Added downstream latency toxic 'latency_downstream' on proxy 'cli'",
  });
  expect((await run("inspect", "cli")).text).toContain("latency_downstream");
  expect((await run("toxic", "update", "-n", "latency_downstream", "-a", "jitter=9", "cli")).status).toBe(0);
  expect((await server.ask("GET", "/proxies/cli/toxics/latency_downstream")).body).toMatchObject({
    attributes: { latency: 100, jitter: 9 },
  });
  expect((await run("toxic", "delete", "-n", "latency_downstream", "cli")).status).toBe(0);
  expect((await run("toggle", "cli")).text).toContain("disabled");
  expect((await run("list")).text).toContain("cli");
  expect((await run("delete", "cli")).status).toBe(0);
  expect((await server.ask("GET", "/proxies")).text).toBe("{}");
});
