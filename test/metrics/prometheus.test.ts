/** The numbers themselves, and how a scrape tells them. */
import { describe, expect, test } from "bun:test";
import { version } from "../../package.json";
import { REGISTRY } from "../../src/base/protocol.ts";
import {
  createMetrics,
  Distribution,
  DROP_REASONS,
  RESPONSE_BUCKETS,
  Tally,
  Traffic,
} from "../../src/metrics/counters.ts";
import { startTestLab } from "../support/lab.ts";
import { scrape, textOf } from "../support/scrape.ts";

describe("a distribution", () => {
  test("puts a value on a bound into the bucket that ends there", () => {
    const distribution = new Distribution([1, 2, 4]);
    for (const value of [0, 1, 1.5, 2, 2.000_001, 4, 5, 1000]) distribution.observe(value);
    expect([...distribution.counts]).toEqual([2, 2, 2, 2]);
    expect([distribution.count, distribution.sum]).toEqual([8, 1015.500_001]);
  });

  test("has the contract's range for response times: 10 µs to 10 s, rising", () => {
    expect([RESPONSE_BUCKETS[0], RESPONSE_BUCKETS.at(-1)]).toEqual([10e-6, 10]);
    expect(RESPONSE_BUCKETS).toEqual([...RESPONSE_BUCKETS].sort((a, b) => a - b));
    for (const bound of RESPONSE_BUCKETS) {
      const distribution = new Distribution(RESPONSE_BUCKETS);
      distribution.observe(bound);
      expect(distribution.counts[RESPONSE_BUCKETS.indexOf(bound)]).toBe(1);
    }
  });
});

describe("a tally", () => {
  test("counts each of its names, and refuses others", () => {
    const tally = new Tally<string>(["a", "b"]);
    tally.add("a");
    tally.add("a");
    expect([tally.get("a"), tally.get("b"), tally.get("c")]).toEqual([2, 0, 0]);
    expect(() => tally.add("c")).toThrow(new RangeError("no counter named c"));
    expect(() => new Traffic("udp").rejects.add("not-json")).toThrow("no counter named not-json");
  });
});

test("a packet is received, then answered or dropped", () => {
  const { udp } = createMetrics().traffic;
  udp.received(11);
  udp.received(9);
  udp.answered(7, 0.002);
  udp.drop("queue-full");
  expect([udp.packets, udp.receivedBytes, udp.sentBytes, udp.dropped]).toEqual([2, 20, 7, 1]);
  expect([udp.drops.get("queue-full"), udp.responseTime.count, udp.responseTime.sum]).toEqual([1, 1, 0.002]);
});

describe("the exposition", () => {
  test("has every series at 0 from the first scrape", async () => {
    await using lab = await startTestLab();
    const series = await scrape(lab);
    for (const protocol of ["http", "tcp", "udp"] as const) {
      for (const name of ["packets_total", "dropped_packets_total", "response_time_seconds_sum"]) {
        expect(series.get(name, { protocol })).toBe(0);
      }
      expect(series.get("response_time_seconds_count", { protocol })).toBe(0);
      for (const le of [...RESPONSE_BUCKETS, "+Inf"]) {
        expect(series.get("response_time_seconds_bucket", { protocol, le: `${le}` })).toBe(0);
      }
      for (const reason of DROP_REASONS) expect(series.get("wirelab_drops_total", { protocol, reason })).toBe(0);
      for (const reason of REGISTRY[protocol].rejects) {
        expect(series.get("wirelab_rejected_total", { protocol, reason })).toBe(0);
      }
    }
    for (const kind of ["drop", "burst", "delay", "duplicate", "reorder", "corrupt"]) {
      expect(series.get("wirelab_impairments_total", { protocol: "udp", kind, direction: "down" })).toBe(0);
    }
    expect(series.get("wirelab_udp_receive_buffer_drops_total", { socket: "udp" })).toBe(0);
  });

  test("tells what runs and what it uses", async () => {
    await using lab = await startTestLab({ commit: "abc1234" });
    const series = await scrape(lab);
    const build = { version, bun_version: Bun.version, commit: "abc1234" };
    expect(series.get("wirelab_build_info", build)).toBe(1);
    expect(series.get("process_resident_memory_bytes")).toBeGreaterThan(10e6);
    expect(series.get("process_open_fds")).toBeGreaterThan(3);
    expect(series.get("process_start_time_seconds")).toBeGreaterThan(1.7e9);
    expect(series.get("wirelab_bounded_limit", { structure: "sessions" })).toBe(1024);
  });

  test("is the text format of version 0.0.4, with help and type for each name, twice over", async () => {
    await using lab = await startTestLab();
    for (let round = 0; round < 2; round++) {
      const { text, contentType } = await textOf(lab);
      expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
      expect(text).toContain("# TYPE packets_total counter");
      expect(text).toContain("# TYPE response_time_seconds histogram");
      const names = [...text.matchAll(/^(\w+?)(?:_bucket|_sum|_count)?(?:\{.*\})? \S+$/gm)].map(([, name]) => name);
      for (const name of new Set(names)) expect(text).toMatch(new RegExp(`^# HELP ${name} .+\\n# TYPE ${name} `, "m"));
    }
  });

  test("has only labels from closed sets: no address, no port, no path", async () => {
    await using lab = await startTestLab();
    await fetch(`http://127.0.0.1:${lab.ports.http}/no/such/route?x=1`);
    const { text } = await textOf(lab);
    const labels = new Set([...text.matchAll(/(\w+)="/g)].map(([, label]) => label));
    const allowed = ["protocol", "le", "reason", "kind", "direction", "structure", "socket", "mode"];
    expect([...labels].sort()).toEqual([...allowed, "version", "bun_version", "commit"].sort());
    expect(text).not.toContain("such");
  });

  const promtool = Bun.which("promtool");
  if (!promtool) console.warn("SKIPPED: promtool is not installed, so the exposition is not checked by it");
  test.skipIf(!promtool)("is accepted by promtool without a complaint", async () => {
    await using lab = await startTestLab();
    const { text } = await textOf(lab);
    const check = Bun.spawn([promtool ?? "", "check", "metrics"], {
      stdin: Buffer.from(text),
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await new Response(check.stderr).text()).toBe("");
    expect(await new Response(check.stdout).text()).toBe("");
    expect(await check.exited).toBe(0);
  });
});
