import { expect, test } from "bun:test";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { SnapshotStream, takeSnapshot } from "../../../src/load/measure/snapshot.ts";
import { EMPTY_SNAPSHOT } from "../support/reports.ts";

test("a snapshot has the totals of the run and the percentiles of its interval", () => {
  const recorder = new Recorder();
  const about = { protocol: "udp", seconds: 1, interval: 1, totalSeconds: 10 } as const;
  recorder.counts.sent = 7;
  for (let packet = 0; packet < 7; packet++) recorder.recordTimes(2, 1);
  const first = takeSnapshot(recorder, about, 2);
  expect(first).toMatchObject({ sent: 7, p99: null, max: 0.002 });
  expect(first.p50).toBeCloseTo(0.002, 5);
  expect(takeSnapshot(recorder, { ...about, seconds: 2 }, 2)).toMatchObject({ sent: 7, p50: null, max: null });
  expect(recorder.response.count).toBe(7);
});

test("the percentiles of an interval are over the packets whose outcome became known in it", () => {
  const recorder = new Recorder();
  const about = { protocol: "udp", seconds: 1, interval: 1, totalSeconds: 10 } as const;
  const { counts } = recorder;
  /** An interval with answers of 1 to `answered` ms. */
  const interval = (answered: number, change: Partial<typeof counts>) => {
    for (let ms = 1; ms <= answered; ms++) recorder.recordTimes(ms, ms);
    for (const [name, value] of Object.entries(change)) counts[name as keyof typeof counts] += value;
    return takeSnapshot(recorder, about, 2);
  };
  const mixed = interval(40, { answered: 40, lost: 30, failed: 10, corrupt: 20, refused: 7 });
  expect(mixed).toMatchObject({ refused: 7, p50: null, p99: null, over: { p50: 2 }, max: 0.04 });
  const few = interval(60, { answered: 60, lost: 40 });
  expect(few.p50).toBeCloseTo(0.05, 4); // rank 50 of 100, of which 60 have a time
  expect(few.over).toEqual({ p95: 2 }); // rank 95
  const many = interval(400, { answered: 400, lost: 10 });
  expect(many.over).toEqual({ p99: 2 });
  expect(many.p95).toBeCloseTo(0.39, 3); // rank 390 of 410
  // Losses that turn out to be late are not counted again.
  const late = interval(60, { answered: 60, lost: -30, late: 30 });
  expect(late.p50).toBeCloseTo(0.03, 4);
  const none = interval(0, { lost: 6 });
  expect(none).toMatchObject({ p50: null, max: null, over: { p50: 2 } });
  expect(interval(0, {})).toMatchObject({ p50: null, over: {} });
});

/** Everything that is in an ended stream, by its seconds. */
async function secondsOf(stream: SnapshotStream): Promise<number[]> {
  stream.end();
  return (await Array.fromAsync(stream)).map(({ seconds }) => seconds);
}

test("a stream passes snapshots on in order, and ends", async () => {
  const stream = new SnapshotStream();
  const reader = stream[Symbol.asyncIterator]();
  const first = reader.next();
  for (const seconds of [1, 2]) stream.push({ ...EMPTY_SNAPSHOT, seconds });
  stream.end();
  const results = [await first, await reader.next(), await reader.next()];
  expect(results.map(({ value, done }) => (done ? "done" : value.seconds))).toEqual([1, 2, "done"]);
});

test("a stream leaves out a last snapshot without changes", async () => {
  const same = new SnapshotStream();
  same.push({ ...EMPTY_SNAPSHOT, seconds: 1 });
  same.push({ ...EMPTY_SNAPSHOT, seconds: 2 }, true);
  expect(await secondsOf(same)).toEqual([1]);
  const changed = new SnapshotStream();
  changed.push({ ...EMPTY_SNAPSHOT, seconds: 1 });
  changed.push({ ...EMPTY_SNAPSHOT, seconds: 2, answered: 1 }, true);
  expect(await secondsOf(changed)).toEqual([1, 2]);
});

test("a stream without a reader keeps the newest snapshots", async () => {
  const stream = new SnapshotStream();
  for (let seconds = 1; seconds <= 5000; seconds++) stream.push({ ...EMPTY_SNAPSHOT, seconds });
  const kept = await secondsOf(stream);
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([4096, 905, 5000]);
});
