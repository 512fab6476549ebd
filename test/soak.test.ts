/** scripts/soak.ts: its options, its faults, and its checks, which find what is wrong in counts that were changed. */
import { describe, expect, test } from "bun:test";
import { addUp, balanceDefects, balanceLine } from "../scripts/soak/balance.ts";
import { memoryDefects, memoryTrend, remainderDefects, reportDefects, type Series } from "../scripts/soak/checks.ts";
import { faultTexts } from "../scripts/soak/fault-texts.ts";
import { readOptions, readSize, SoakUsageError } from "../scripts/soak/options.ts";
import { growthDefects } from "../scripts/soak/restarts.ts";
import { TimerCount } from "../scripts/soak/timer-count.ts";
import { KINDS } from "../src/faults/faults.ts";
import { parseImpairments } from "../src/faults/text.ts";
import type { RunReport } from "../src/load/report/report.ts";
import { runLoad } from "../src/load/run.ts";
import { startTestLab } from "./support/lab.ts";
import { runScript } from "./support/process.ts";
import { scrape } from "./support/scrape.ts";

const MIB = 2 ** 20;

/** The series with some of them changed, by name or by name and the value of a label. */
function changed(series: Series, changes: Readonly<Record<string, number>>): Series {
  const keyOf = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    [name, ...Object.values(labels)].filter((part) => part !== "udp").join(" ");
  return {
    get: (name, labels) => changes[keyOf(name, labels)] ?? series.get(name, labels),
    sum: (name, labels) => changes[keyOf(name, labels)] ?? series.sum(name, labels),
  };
}

describe("options", () => {
  test("have defaults, and fewer starts in a short soak", () => {
    expect(readOptions([])).toEqual({ seconds: 600, rate: undefined, memory: undefined, starts: 1000, seed: 1 });
    const short = readOptions(["--duration", "60s", "--memory", "512M", "--rate", "2k", "--seed", "7"]);
    expect(short).toEqual({ seconds: 60, rate: 2000, memory: 512 * MIB, starts: 200, seed: 7 });
    expect(readOptions(["-h"])).toBe("help");
    expect([readSize("1G"), readSize("300K"), readSize("5"), readSize("-1M")]).toEqual([
      2 ** 30,
      300 * 1024,
      undefined,
      undefined,
    ]);
  });

  test.each([
    [["--duration", "5s"], "--duration 5s: not allowed; allowed: a time from 10s, such as 60s or 10m"],
    [["--memory", "1M"], "--memory 1M: not allowed; allowed: a size from 128M, such as 512M or 1G"],
    [["--rate", "0"], "--rate 0: not allowed; allowed: a number from 1 to 1000000"],
    [["--starts", "1.5"], "--starts 1.5: not allowed; allowed: a whole number from 0 to 1000000"],
    [["--fast"], "Unknown option '--fast'; allowed: --duration, --rate, --memory, --starts, --seed"],
  ])("%p is refused in one line", (args, line) => {
    expect(() => readOptions(args)).toThrow(new SoakUsageError(line));
  });

  test("the command exits with 2 and that line", async () => {
    const { status, out, err } = await runScript("scripts/soak.ts", ["--rate", "none"]);
    expect([status, out, err]).toEqual([
      2,
      "",
      "soak: --rate none: not allowed; allowed: a number from 1 to 1000000\n",
    ]);
  });
});

test("the faults repeat with the seed, are valid and contain every kind", () => {
  const first = (seed: number) => faultTexts(seed).take(200).toArray();
  expect(first(1)).toEqual(first(1));
  expect(first(1)).not.toEqual(first(2));
  for (const text of first(1)) expect(() => parseImpairments(text)).not.toThrow();
  expect(KINDS.filter((kind) => !first(1).some((text) => text.includes(`${kind}=`)))).toEqual([]);
});

test("a real run has no defect, and each changed count is found", async () => {
  await using lab = await startTestLab({ impair: { udp: { drop: { up: 0.2, down: 0.1 } } } });
  const before = await scrape(lab);
  const target = `127.0.0.1:${lab.ports.udp}`;
  const report = await runLoad({
    protocol: "udp",
    target,
    control: `127.0.0.1:${lab.ports.http}`,
    rate: 500,
    count: 200,
    timeout: 1,
    wait: 1,
  }).report;
  expect(reportDefects(report)).toEqual([]);
  const totals = addUp([report, report], "udp");
  expect([totals.sent, totals.droppedUp]).toEqual([400, 2 * report.packets.droppedUp]);

  const after = await scrape(lab);
  const once = addUp([report], "udp");
  const defectsOf = (changes: Readonly<Record<string, number>>) =>
    balanceDefects("udp", once, changed(after, changes)).map((line) => line.split(/[:,]/)[1]?.trim());
  expect(defectsOf({})).toEqual([]);
  expect(defectsOf({ packets_total: 199 })).toEqual([
    "packets answered and dropped",
    "packets that the lab did not receive",
    "packets that the lab did not receive",
  ]);
  expect(defectsOf({ wirelab_udp_receive_buffer_drops_total: 1 })).toEqual(["packets that the lab did not receive"]);
  expect(defectsOf({ wirelab_drops_total: 1 })).toEqual(["drops by reason"]);
  expect(defectsOf({ "wirelab_drops_total fault-up": once.droppedUp + 1 })).toEqual([
    "packets that faults dropped upstream",
  ]);
  expect(defectsOf({ "wirelab_drops_total fault-down": once.droppedDown - 1 })).toEqual([
    "packets that faults dropped downstream",
  ]);
  expect(defectsOf({ "wirelab_drops_total peer-gone": 1 })).toEqual(["other losses downstream"]);
  expect(defectsOf({ response_time_seconds_count: once.answered + 1 })).toEqual([
    "packets answered and dropped",
    "other losses downstream",
    "answers that did not arrive",
  ]);
  expect(defectsOf({ "wirelab_rejected_total failed": 1 })).toEqual(["internal errors"]);
  const { answered, droppedUp, droppedDown } = once;
  expect(balanceLine("udp", once, after)).toBe(
    `udp: 200 sent = ${answered} answered (0 late, 0 failed, 0 corrupt) + ${droppedUp} dropped by faults upstream + ` +
      `${droppedDown} dropped by faults downstream + 0 dropped because the peer had gone or for other reasons + ` +
      "0 answered without the sender having the answer in time + 0 not received by the lab",
  );

  expect(remainderDefects(before, changed(after, { process_open_fds: before.get("process_open_fds") }))).toEqual([]);
  expect(
    remainderDefects(before, changed(after, { "wirelab_bounded_size delay-queue": 3, process_open_fds: 1 })),
  ).toEqual(["delay-queue after the load: 3, expected 0"]);
});

test("packets that TCP loses are those of connections that closed, and one more is found", async () => {
  await using lab = await startTestLab({ impair: { tcp: { reset: 0.03, delay: { kind: "fixed", ms: 3 } } } });
  const [target, control] = [`127.0.0.1:${lab.ports.tcp}`, `127.0.0.1:${lab.ports.http}`];
  const options = { protocol: "tcp", target, control, rate: 2000, count: 400, timeout: 1, wait: 1 } as const;
  const totals = addUp([await runLoad(options).report], "tcp");
  const series = await scrape(lab);
  expect(balanceDefects("tcp", totals, series)).toEqual([]);
  expect(totals.withConnection).toBe(totals.lost);
  const lost = totals.lost - totals.droppedDown;
  const [line] = balanceDefects("tcp", { ...totals, late: 0, withConnection: lost - 1 }, series);
  expect(line).toBe(
    `tcp: packets lost with their connection, of those unanswered when it closed: ${lost}, expected 0 to ${lost - 1}`,
  );
});

test("a report whose counts do not add up is a defect", async () => {
  await using lab = await startTestLab();
  const target = `127.0.0.1:${lab.ports.udp}`;
  const report = await runLoad({ protocol: "udp", target, rate: 500, count: 20, control: false, timeout: 0.2 }).report;
  const broken = (packets: Partial<RunReport["packets"]>) =>
    reportDefects({ ...report, packets: { ...report.packets, ...packets } }).map((line) => line.split(":")[1]?.trim());
  expect(broken({})).toEqual([]);
  expect(broken({ planned: 21 })).toEqual(["planned is not sent + unsent + refused"]);
  expect(broken({ unexplained: 1 })).toEqual(["lost is not the sum of its directions"]);
  expect(broken({ droppedUp: 1 })).toEqual(["more dropped than lost in a direction"]);
  expect(broken({ late: 2, lost: -2, lostUp: -2 })).toContain("a negative count");
});

test("memory is flat if the last third is as the first after the warm-up", () => {
  const flat = [...Array(25).fill(50 * MIB), ...Array(75).fill(100 * MIB)];
  expect(memoryTrend(flat)).toEqual({ first: 100 * MIB, last: 100 * MIB, most: 132 * MIB });
  expect(memoryDefects(flat)).toEqual([]);
  const growing = Array.from({ length: 100 }, (_, n) => (100 + n) * MIB);
  expect(memoryDefects(growing)).toEqual(["memory: from 137 MiB to 187 MiB, expected at most 169 MiB"]);
  expect(memoryDefects([])).toEqual([]);
});

test("descriptors, timers and memory that grow with the starts are defects", () => {
  const first = { starts: 20, descriptors: 12, timers: 2, residentBytes: 100 * MIB };
  expect(growthDefects(first, { ...first, starts: 200, residentBytes: 150 * MIB })).toEqual([]);
  expect(growthDefects(first, { starts: 200, descriptors: 13, timers: 4, residentBytes: 200 * MIB })).toEqual([
    "descriptors after 200 starts: 13, 12 after 20",
    "timers after 200 starts: 4, 2 after 20",
    "memory grew by 100 MiB from 20 to 200 starts",
  ]);
});

test("timers are counted until they fire or are cleared", async () => {
  const scope = { setTimeout, setInterval, clearTimeout, clearInterval };
  const timers = new TimerCount(scope);
  const cleared = scope.setTimeout(() => {}, 10_000);
  const interval = scope.setInterval(() => {}, 10_000);
  const { promise, resolve } = Promise.withResolvers<string>();
  scope.setTimeout(resolve, 1, "an argument");
  expect(timers.pending).toBe(3);
  expect(await promise).toBe("an argument");
  expect(timers.pending).toBe(2);
  scope.clearTimeout(cleared);
  scope.clearInterval(interval);
  expect(timers.pending).toBe(0);
});
