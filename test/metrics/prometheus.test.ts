import { describe, expect, test } from "bun:test";
import type { SeriesTable } from "../../src/metrics/catalogue.ts";
import { Distribution } from "../../src/metrics/counters.ts";
import { bucketsOf, createExposition, processReaders } from "../../src/metrics/prometheus.ts";

const TABLE = {
  test_packets_total: { type: "counter", unit: "packets", labels: ["protocol"], help: "Packets." },
  test_open: { type: "gauge", unit: "", labels: [], help: "Open connections." },
  test_time_seconds: { type: "histogram", unit: "seconds", labels: ["protocol"], help: "Response time." },
} as const satisfies SeriesTable;

describe("createExposition", () => {
  test("renders every series of the table with help, type, labels and the values at the scrape", async () => {
    const values = { packets: 3, open: 2 };
    const distribution = new Distribution([0.1, 0.2]);
    for (const value of [0.05, 0.1, 0.15, 9]) distribution.observe(value);
    const exposition = createExposition(TABLE, {
      test_packets_total: () => [
        [{ protocol: "tcp" }, values.packets],
        [{ protocol: "udp" }, 0],
      ],
      test_open: () => [[{}, values.open]],
      test_time_seconds: () => [[{ protocol: "udp" }, bucketsOf(distribution)]],
    });
    const text = (packets: number, open: number) => `# HELP test_packets_total Packets.
# TYPE test_packets_total counter
test_packets_total{protocol="tcp"} ${packets}
test_packets_total{protocol="udp"} 0

# HELP test_open Open connections.
# TYPE test_open gauge
test_open ${open}

# HELP test_time_seconds Response time.
# TYPE test_time_seconds histogram
test_time_seconds_bucket{protocol="udp",le="0.1"} 2
test_time_seconds_bucket{protocol="udp",le="0.2"} 3
test_time_seconds_bucket{protocol="udp",le="+Inf"} 4
test_time_seconds_sum{protocol="udp"} 9.3
test_time_seconds_count{protocol="udp"} 4
`;
    expect(await exposition.render()).toBe(text(3, 2));
    values.packets = 5;
    values.open = 0;
    expect(await exposition.render()).toBe(text(5, 0));
    expect(exposition.contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  });

  test("thousands of lines are encoded in several turns, with the values of one", async () => {
    let turn = 0;
    const distribution = new Distribution([0.1, 0.2]);
    const ports = Array.from({ length: 2000 }, (_, port) => `${port}`);
    const exposition = createExposition(TABLE, {
      test_packets_total: () => ports.map((protocol) => [{ protocol }, turn]),
      test_open: () => [[{}, turn]],
      test_time_seconds: () => ports.slice(0, 500).map((protocol) => [{ protocol }, bucketsOf(distribution)]),
    });
    const timer = { isOver: false };
    const count = () => {
      turn++;
      distribution.observe(0.1);
      if (!timer.isOver) setImmediate(count);
    };
    setImmediate(count);
    const text = await exposition.render();
    timer.isOver = true;
    expect(turn).toBeGreaterThan(10);
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines.length).toBe(2000 + 1 + 500 * 5);
    expect(new Set(lines.map((line) => line.split(" ")[1]))).toEqual(new Set(["0"]));
    expect(text.match(/^# (HELP|TYPE) /gm)?.length).toBe(6);
    expect(lines[2000]).toBe("test_open 0");
    expect(lines.at(-1)).toBe('test_time_seconds_count{protocol="499"} 0');
  });

  test("uses a separate registry each time: two expositions of one table have their own values", async () => {
    const [first, second] = [1, 2].map((packets) =>
      createExposition(TABLE, {
        test_packets_total: () => [[{ protocol: "udp" }, packets]],
        test_open: () => [],
        test_time_seconds: () => [],
      }),
    );
    expect(await first?.render()).toContain('test_packets_total{protocol="udp"} 1\n');
    expect(await second?.render()).toContain('test_packets_total{protocol="udp"} 2\n');
  });
});

test("bucketsOf accumulates the counts up to each bound", () => {
  const distribution = new Distribution([1, 2, 4]);
  for (const value of [0.5, 1.5, 1.5, 3, 5]) distribution.observe(value);
  expect(bucketsOf(distribution)).toEqual({ bounds: [1, 2, 4], cumulative: [1, 3, 4], sum: 11.5, count: 5 });
});

test("processReaders reads each series from the process statistics", () => {
  const readers = processReaders(() => ({
    userSeconds: 1,
    systemSeconds: 2,
    residentBytes: 3,
    openFiles: 4,
    maxFiles: 5,
    startTime: 6,
  }));
  expect(readers.process_cpu_seconds_total()).toEqual([
    [{ mode: "user" }, 1],
    [{ mode: "system" }, 2],
  ]);
  expect(readers.process_resident_memory_bytes()).toEqual([[{}, 3]]);
  expect(readers.process_open_fds()).toEqual([[{}, 4]]);
  expect(readers.process_max_fds()).toEqual([[{}, 5]]);
  expect(readers.process_start_time_seconds()).toEqual([[{}, 6]]);
});
