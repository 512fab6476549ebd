/** More connections than file descriptors: the lab keeps some free, serves, and does not spin. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type LabProcess, startLabProcess } from "../servers/support/lab-process.ts";
import { openHttp } from "../support/http.ts";
import { rejected, scrape } from "../support/scrape.ts";
import { openTcp } from "../support/tcp.ts";
import { until } from "../support/until.ts";
import { openCrowd } from "./support/crowd.ts";

setDefaultTimeout(30_000);

const MOST = 256;
const LIMITED = ["sh", "-c", `ulimit -n ${MOST}; exec "$@"`, "sh"];
/** The runtime accepts an HTTP connection when its first octet arrives. */
const FIRST_OCTET = "G";
const LIMIT_MS = 15_000;

async function get(lab: LabProcess, path: string): Promise<number> {
  const url = `http://127.0.0.1:${lab.ports.http}${path}`;
  const answer = fetch(url, { signal: AbortSignal.timeout(5000), headers: { connection: "close" } });
  return (await answer.catch(() => undefined))?.status ?? 0;
}

/** Processor time of a process so far, s. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

test("GET / is answered at every number of free descriptors", async () => {
  await using lab = await startLabProcess({}, LIMITED);
  await until(async () => (await get(lab, "/")) === 200, "the first page");
  await using most = await openCrowd(lab.ports.http, MOST - 30);
  most.write(FIRST_OCTET);
  using open = new DisposableStack();
  for (let n = 0; n < 30; n++) {
    open.use(await openHttp(lab.ports.http)).write(FIRST_OCTET);
    expect([n, await get(lab, "/"), lab.running]).toEqual([n, 200, true]);
  }
});

test("a lab whose page was never viewed answers GET / after descriptors were used up", async () => {
  for (const count of [8, 10, 12, 15].map((free) => MOST - free)) {
    await using lab = await startLabProcess({}, LIMITED);
    await using crowd = await openCrowd(lab.ports.http, count);
    crowd.write(FIRST_OCTET);
    const statuses = new Set<number>();
    await until(async () => statuses.add(await get(lab, "/")).has(200), `the page (${count} connections)`, LIMIT_MS);
    statuses.delete(0); // not accepted in time
    expect([count, [...statuses], lab.running]).toEqual([count, [200], true]);
  }
});

test.each(["http", "tcp"] as const)(
  "idle %s connections above the number of descriptors take no time",
  async (port) => {
    await using lab = await startLabProcess({}, LIMITED);
    await until(async () => (await get(lab, "/")) === 200, "the first page");
    await using crowd = await openCrowd(lab.ports[port], 400);
    crowd.write(FIRST_OCTET);
    const answersWhileFull = async () => (await get(lab, "/healthz")) === 200 && crowd.closed > 0;
    await until(answersWhileFull, "an answer", LIMIT_MS);
    const before = cpuSeconds(lab.pid);
    await Bun.sleep(1000); // the time over which processor time is measured
    expect(cpuSeconds(lab.pid) - before).toBeLessThan(0.3);
    // Its connections are short of descriptors too, and a reset one is asked again.
    const areCounted = () => rejected(lab, port, "connection-limit").then((count) => count >= crowd.closed);
    await until(() => areCounted().catch(() => false), "the count of refused connections");
    if (port === "tcp") return; // the full port refuses
    using tcp = await openTcp(lab.ports.tcp);
    tcp.write("Hello");
    await until(() => tcp.read.length === 7, "an answer on TCP");
  },
);

test("HTTP connections above their limit are closed, those without a response for the longest time first", async () => {
  await using lab = await startLabProcess({ limits: { httpConnections: 100 } });
  await using crowd = await openCrowd(lab.ports.http, 120);
  crowd.write(FIRST_OCTET);
  using active = await openHttp(lab.ports.http);
  const ask = () => active.ask("GET /status/204 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await until(async () => {
    expect((await ask()).status).toBe(204);
    return crowd.closed >= 21;
  }, "the end of idle connections");
  const structure = { structure: "http-connections" };
  const series = await until(async () => {
    const read = await scrape(lab); // on a connection of its own; the number can be a second old
    return read.get("wirelab_bounded_size", structure) <= 101 && read;
  }, "a count within the limit");
  expect(series.get("wirelab_bounded_limit", structure)).toBe(100);
  expect(series.get("wirelab_bounded_size", structure)).toBeGreaterThanOrEqual(90);
  const closed = series.get("wirelab_bounded_overflows_total", structure);
  expect(closed).toBeGreaterThanOrEqual(21);
  expect(series.get("wirelab_rejected_total", { protocol: "http", reason: "connection-limit" })).toBe(closed);
  expect((await ask()).status).toBe(204);
});

test("HTTP connections above their limit are closed also while lower descriptors are free", async () => {
  await using lab = await startLabProcess({ limits: { httpConnections: 100 } });
  await using lower = await openCrowd(lab.ports.tcp, 150);
  await using crowd = await openCrowd(lab.ports.http, 130);
  crowd.write(FIRST_OCTET);
  lower.reset();
  await until(() => crowd.closed >= 30, "the end of the surplus", 5000); // the runtime's own limit is 10 s
  expect(await rejected(lab, "http", "connection-limit")).toBeGreaterThanOrEqual(30);
});
