/** Simulated runs of many packets, whose intervals exist: their packets give every number of their reports. */
import { describe, expect, test } from "bun:test";
import { compareReport } from "../scripts/verify/compare.ts";
import { readRows } from "../scripts/verify/rows.ts";
import { random } from "../src/base/random.ts";
import { PacketAccounting } from "../src/load/measure/accounting.ts";
import { PacketLog } from "../src/load/measure/packets/packet-log.ts";
import { Recorder } from "../src/load/measure/recorder.ts";
import { PACKETS_HEADER } from "../src/load/report/files/packet-columns.ts";
import { PacketText } from "../src/load/report/files/packet-text.ts";
import type { NoLossInterval } from "../src/load/report/report-packets.ts";
import { reportOn } from "./load/support/reports.ts";

const CLOCK = { now: () => 0, wallAt: (now: number) => now };
const WALL = 1_795_380_420_000;
/** The timeout and the waiting time of the plan of `reportOn`. */
const [TIMEOUT_MS, WAIT_MS] = [2000, 4000];

/** The n-th packet's delay in ms; Infinity if it is lost. */
type Path = (n: number) => number;

/** Sends packets each ms, in turn in two sessions; they are answered after their delays, in order of arrival. */
function simulate(count: number, path: Path) {
  let packets = PACKETS_HEADER;
  const sink = new PacketText("udp", "csv", (text) => {
    packets += text;
    return true;
  });
  const recorder = new Recorder();
  const log = new PacketLog(CLOCK, (now) => WALL + now);
  log.startedAt = 0;
  recorder.log = log;
  recorder.handOver.start();
  const settings = { slots: 8192, timeoutMs: TIMEOUT_MS, waitMs: WAIT_MS };
  const sessions = [new PacketAccounting(recorder, settings), new PacketAccounting(recorder, settings)];
  const answers: { session: PacketAccounting; sequence: number; at: number }[] = [];
  let answered = 0;
  for (let n = 0; n < count + WAIT_MS + 1; n++) {
    for (; (answers[answered]?.at ?? Number.POSITIVE_INFINITY) <= n; answered++) {
      const answer = answers[answered];
      answer?.session.answer(answer.sequence, answer.at);
    }
    for (const session of sessions) session.expire(n);
    log.drain(64, sink);
    if (n >= count) continue;
    const session = sessions[n % 2];
    if (session === undefined) continue;
    const sequence = session.add(n, n + 0.01, WALL + n + 0.01);
    recorder.counts.planned++;
    session.notes?.noteSent(sequence, 64);
    recorder.counts.bytesSent += 64;
    session.notes?.noteScheduleError(sequence, recorder.handOver.record(n, n + 0.01));
    const at = n + 0.01 + path(n);
    if (!Number.isFinite(at)) continue;
    const before = answers.findLastIndex((answer) => answer.at <= at);
    answers.splice(before + 1, 0, { session, sequence, at });
  }
  while (log.drain(1000, sink) > 0);
  log.end(sink);
  const report = reportOn(recorder, { packetLog: { rows: log.rows, omitted: log.omitted }, seconds: count / 1000 });
  return { report, rows: readRows(packets) };
}

/** Delays and losses of some kinds of paths. */
function paths(draw: () => number): Readonly<Record<string, Path>> {
  const exponential = () => -Math.log1p(-draw());
  let [isLost, level, burst] = [false, 0, 0];
  return {
    "independent exponential delays": () => 5 + exponential(),
    "independent losses": () => (draw() < 0.03 ? Number.POSITIVE_INFINITY : 5 + 2 * draw()),
    "losses in bursts": () => {
      isLost = isLost ? draw() < 0.6 : draw() < 0.03;
      return isLost ? Number.POSITIVE_INFINITY : 5 + 2 * draw();
    },
    "rare long bursts among independent losses": () => {
      if (draw() < 0.002) burst = 30;
      return burst-- > 0 || draw() < 0.02 ? Number.POSITIVE_INFINITY : 5 + 2 * draw();
    },
    "a ratio of losses that changes": (n) =>
      draw() < (Math.floor(n / 400) % 2 === 0 ? 0.2 : 0.02) ? Number.POSITIVE_INFINITY : 5 + 2 * draw(),
    "a ratio of losses that rises": (n) => (draw() < 0.02 + n / 40_000 ? Number.POSITIVE_INFINITY : 5 + 2 * draw()),
    "delays that depend on each other": () => {
      level = 0.9 * level + draw() - 0.5;
      return 20 + level;
    },
    "heavy tails": () => 2 * (1 - draw()) ** -0.8,
    "half of the answers late": () => (draw() < 0.5 ? 1990 + 100 * draw() : 5 + draw()),
    "a level that shifts": (n) => 10 + (n > 3000 ? 5 : 0) + draw(),
  };
}

/** Why 9,000 packets have no interval of the loss, and above how many independent packets the interval would be wrong. */
const LOSSES: Readonly<Record<string, { readonly reason: NoLossInterval | null; readonly atMost?: number }>> = {
  "independent losses": { reason: null },
  "losses in bursts": { reason: null, atMost: 4500 },
  "rare long bursts among independent losses": { reason: null, atMost: 1000 },
  "a ratio of losses that changes": { reason: null, atMost: 4500 },
  "a ratio of losses that rises": { reason: "changes slowly" },
};

describe.each([300, 9000])("%d packets", (count) => {
  test.each(Object.keys(paths(() => 0)))("%s", (name) => {
    const path = paths(random(count, name))[name];
    if (path === undefined) throw new Error(name);
    const { report, rows } = simulate(count, path);
    expect(report.packets.sent).toBe(count);
    const lines = compareReport(report, rows);
    expect(lines.filter(({ result }) => result === "differs")).toEqual([]);
    const found =
      Object.keys(report.responseTime.intervals).length + Object.keys(report.responseTime.noInterval).length;
    expect(found).toBeGreaterThan(0);
    if (name === "independent exponential delays" && count === 9000) {
      expect(Object.keys(report.responseTime.intervals)).toEqual(["mean", "p50", "p90", "p95", "p99", "p999"]);
    }
    const least = LOSSES[name];
    if (count !== 9000 || least === undefined) return;
    const { reason, limits, effectiveSampleSize } = report.loss;
    expect({ reason, rough: limits !== null }).toEqual({ reason: least.reason, rough: least.reason !== null });
    if (least.atMost !== undefined) expect(effectiveSampleSize).toBeLessThan(least.atMost);
  });
});
