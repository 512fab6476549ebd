import { expect, test } from "bun:test";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { SnapshotStream, takeSnapshot } from "../../../src/load/measure/snapshot.ts";
import { EMPTY_SNAPSHOT } from "../support/reports.ts";

test("a snapshot has the totals of the run and the percentiles of its interval", () => {
  const recorder = new Recorder();
  const about = { protocol: "udp", seconds: 1, interval: 1, totalSeconds: 10 } as const;
  recorder.counts.sent = 7;
  for (let packet = 0; packet < 7; packet++) recorder.recordTimes(2, 1);
  const first = takeSnapshot(recorder, about);
  expect(first).toMatchObject({ sent: 7, p99: null, max: 0.002 });
  expect(first.p50).toBeCloseTo(0.002, 5);
  expect(takeSnapshot(recorder, { ...about, seconds: 2 })).toMatchObject({ sent: 7, p50: null, max: null });
  expect(recorder.response.count).toBe(7);
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
