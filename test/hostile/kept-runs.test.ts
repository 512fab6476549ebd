/**
 * The file of kept runs: no lock, no size and no reader holds the event loop, and a run that ends is not lost. The tests
 * take 15 s, because DELETE waits 5 s for a lock, and medians of several requests are compared.
 */
import { expect, test } from "bun:test";
import { RunStore } from "../../src/runs/kept/store.ts";
import { JSON_TYPE, request } from "../api/support.ts";
import { lockExclusively, lockForWriters, makeRun, newPath } from "../runs/support.ts";
import { startLabProcess } from "../servers/support/lab-process.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { startMain } from "../support/process.ts";
import { scrape } from "../support/scrape.ts";
import { watchTurns } from "../support/turns.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";
import { DEADLINE_MS } from "./support/scale.ts";
import { expectService, startingPoint } from "./support/service.ts";

const { report, detail } = await makeRun();
/** Longest time for which a request may hold the event loop, ms. */
const MOST_HELD_MS = 5;
/** Most growth of memory by results and unread responses, which are limited to 64 MiB, and the thread that makes them. */
const MOST_GROWTH = 256e6;

/** A file with `count` runs of three protocols, and one of 100 repetitions (about 3 MB) with the id `count` + 1. */
function newFile(count: number): string {
  const path = newPath();
  using store = RunStore.open(path);
  const runOf = (reports: number) =>
    ({
      source: "command",
      reports: Array.from({ length: reports }, () => report),
      details: Array.from({ length: reports }, () => detail),
    }) as const;
  for (let i = 0; i < count; i++) store.save(runOf(3));
  store.save(runOf(300));
  return path;
}

/** Sends a datagram after each answer, until `isDone`; returns the response times in ms, the longest first. */
async function probe(port: number, isDone: () => boolean): Promise<number[]> {
  using peer = await openUdp();
  const times: number[] = [];
  while (!isDone()) {
    const sentAt = performance.now();
    peer.send("probe", port);
    await until(() => peer.got.length > times.length, "the answer to a datagram", 10_000);
    times.push(performance.now() - sentAt);
  }
  return times.toSorted((a, b) => b - a);
}

/** Probes until `work` is done. */
async function probeDuring(port: number, work: Promise<unknown>): Promise<{ longest: number; p95: number }> {
  let isDone = false;
  const probed = probe(port, () => isDone);
  await work.finally(() => {
    isDone = true;
  });
  const times = await probed;
  return { longest: times[0] ?? Number.NaN, p95: times[Math.floor(times.length / 20)] ?? Number.NaN };
}

test(
  "while the file is locked, a run ends and DELETE waits 5 s: datagrams are answered, and the run is kept afterwards",
  async () => {
    const path = newFile(10);
    await using lab = await startLabProcess({ data: path });
    await request(urlOf(lab, "/runs"));
    const idle = await probeDuring(lab.ports.udp, Bun.sleep(1000)); // the time for which the machine is measured
    const { locked, state } = await (async () => {
      using _lock = lockForWriters(path);
      const run = { protocol: "udp", rate: 50, seconds: 0.5 };
      await request(urlOf(lab, "/runs"), { method: "POST", body: JSON.stringify(run), headers: JSON_TYPE });
      const ended = until(
        async () => {
          const state = (await request(urlOf(lab, "/runs/current"))).json();
          return state.state === "done" && state;
        },
        "the end of the run",
        20_000,
      );
      const locked = await probeDuring(
        lab.ports.udp,
        Promise.all([
          ended,
          request(urlOf(lab, "/runs")).then(({ status }) => expect(status).toBe(200)),
          request(urlOf(lab, "/runs/1"), { method: "DELETE" }).then(({ status }) => expect(status).toBe(503)),
        ]),
      );
      return { locked, state: await ended };
    })();
    expect(state).toMatchObject({
      kept: null,
      error: "the run is not kept yet: the file of kept runs is locked",
      reports: [{ protocol: "udp" }],
    });
    const kept = await until(
      async () => (await request(urlOf(lab, "/runs/current"))).json().kept,
      "the run is kept after the lock",
      10_000,
    );
    expect(kept).toBe(12);
    expect((await request(urlOf(lab, `/runs/${kept}`))).json().reports).toEqual(state.reports);
    expect((await request(urlOf(lab, "/runs/current"))).json().error).toBeNull();
    expect(locked.p95).toBeLessThan(MOST_HELD_MS + 2 * idle.p95);
    expect(locked.longest).toBeLessThan(500); // of a machine with other work; a lock held the lab for 2 s
    await expectService(lab);
  },
  DEADLINE_MS,
);

test(
  "GET of 600 runs, of a run of 3 MB, of its report and of its comparison: none holds the event loop for 5 ms",
  async () => {
    await using lab = await startTestLab({ data: newFile(600) });
    for (const path of ["/runs", "/runs/601", "/runs/601/report", "/runs/601/compare/600"]) {
      const held: number[] = [];
      for (let i = 0; i < 9; i++) {
        const body = fetch(urlOf(lab, path)).then((response) => response.bytes());
        held.push((await watchTurns(0, body)).longestCpuMs); // the client of this process included
        expect((await body).length).toBeGreaterThan(500);
      }
      const median = held.toSorted((a, b) => a - b)[4] ?? Number.NaN;
      expect([path, median, median < MOST_HELD_MS]).toEqual([path, median, true]);
    }
  },
  DEADLINE_MS,
);

test(
  "100 requests for a run of 3 MB at the same time: 200 or 503, and then the lab serves as before",
  async () => {
    await using lab = await startLabProcess({ data: newFile(1) });
    const before = await startingPoint(lab);
    const get = () => request(urlOf(lab, "/runs/2"), { headers: { connection: "close" } });
    const requests = Array.from({ length: 100 }, get);
    const during = await probeDuring(lab.ports.udp, Promise.all(requests));
    const statuses = (await Promise.all(requests)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(10);
    expect(during.p95).toBeLessThan(200); // the clients are in the process that sends the datagrams
    expect((await get()).status).toBe(200);
    const series = await scrape(lab);
    expect(series.get("process_resident_memory_bytes")).toBeLessThan(before.memory + MOST_GROWTH);
    const rejected = (reason: string) => series.get("wirelab_rejected_total", { protocol: "http", reason });
    const refused = statuses.filter((status) => status === 503).length;
    expect(rejected("failed") + rejected("memory-limit")).toBe(refused);
    expect(series.get("wirelab_bounded_size", { structure: "run-bytes" })).toBe(0);
    await expectService(lab);
  },
  DEADLINE_MS,
);

test(
  "a process whose file is locked starts, stops within 4 s on SIGTERM, and ends with status 0",
  async () => {
    const path = newFile(1);
    using _lock = lockExclusively(path);
    await using lab = await startMain(["--data", path]);
    const waiting = fetch(`http://127.0.0.1:${lab.ports.http}/runs`).then(
      ({ status }) => status,
      () => "closed",
    );
    expect((await request(`http://127.0.0.1:${lab.ports.http}/healthz`)).status).toBeLessThan(500);
    const stoppedAt = performance.now();
    lab.signal("SIGTERM");
    expect(await lab.exited).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(4000);
    expect([503, "closed"]).toContain(await waiting);
    expect(lab.err).toBe("");
  },
  DEADLINE_MS,
);
