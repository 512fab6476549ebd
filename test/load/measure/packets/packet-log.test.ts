/** The packet log: which rows it has, and what it leaves out when they are not drained in time. */
import { describe, expect, test } from "bun:test";
import { PacketAccounting } from "../../../../src/load/measure/accounting.ts";
import { PacketDrain } from "../../../../src/load/measure/packets/packet-drain.ts";
import { PacketLog, type PacketSink } from "../../../../src/load/measure/packets/packet-log.ts";
import type { PacketRow } from "../../../../src/load/measure/packets/packet-row.ts";
import { Recorder } from "../../../../src/load/measure/recorder.ts";

const CLOCK = { now: () => 77, wallAt: (now: number) => now };

/** A recorder with a log that started at 10 ms, and the rows that were drained. */
function logged(accepts = () => true) {
  const rows: PacketRow[] = [];
  const sink: PacketSink = {
    add: (row) => accepts() && rows.push({ ...row }) > 0,
    flush() {},
    unwritten: 0,
  };
  const recorder = new Recorder();
  const log = new PacketLog(CLOCK, (now) => 1000 + now);
  log.startedAt = 10;
  recorder.log = log;
  return { recorder, log, sink, rows, drain: (limit = 1000) => log.drain(limit, sink) };
}

function account(recorder: Recorder, slots = 16): PacketAccounting {
  return new PacketAccounting(recorder, { slots, timeoutMs: 10, waitMs: 20, first: 1 });
}

describe("rows of packets", () => {
  test("have the fate, the times from the start of the run, and the order of answers and of fates", () => {
    const { recorder, rows, drain } = logged();
    const accounting = account(recorder);
    for (const at of [10, 11, 12, 13]) accounting.add(at, at + 0.5, 500 + at);
    accounting.answer(3, 14);
    accounting.answer(1, 15);
    accounting.resolve(2, "failed");
    accounting.answer(4, 25);
    accounting.expire(40);
    expect(drain()).toBe(4);
    const about = rows.map(({ sequence, fate, receivedAt, arrival, order }) => [
      sequence,
      fate,
      receivedAt,
      arrival,
      order,
    ]);
    expect(about).toEqual([
      [1, "answered", 5, 2, 1],
      [2, "failed", Number.NaN, Number.NaN, 2],
      [3, "answered", 4, 1, 3],
      [4, "late", 15, 3, 4],
    ]);
    expect(rows[0]).toMatchObject({ session: 0, intendedAt: 0, sentAt: 0.5, wallSentAt: 510, count: 1 });
  });

  test("are there when the fate is final, not before", () => {
    const { recorder, rows, drain } = logged();
    const accounting = account(recorder);
    accounting.add(10, 10, 10);
    accounting.expire(25);
    expect([recorder.counts.lost, drain()]).toEqual([1, 0]);
    accounting.expire(31);
    expect([drain(), rows[0]?.fate]).toEqual([1, "lost"]);
  });

  test("are drained in portions, over all sessions, those that ended first", () => {
    const { recorder, rows, drain } = logged();
    const [open, ended] = [account(recorder), account(recorder)];
    for (const accounting of [open, ended]) {
      for (let packet = 0; packet < 3; packet++) accounting.answer(accounting.add(10, 10, 10), 11);
      accounting.expire(12);
    }
    ended.close();
    expect([drain(2), drain(2), drain(2), drain(2)]).toEqual([2, 2, 2, 0]);
    expect(rows.map(({ session, sequence }) => `${session}:${sequence}`)).toEqual([
      ..."0:1 0:2 0:3 1:1 1:2 1:3".split(" "),
    ]);
  });

  test("have T1 and T4 by the sender's time if the answer has T2 and T3", () => {
    const { recorder, rows, drain } = logged();
    const accounting = account(recorder);
    accounting.add(10, 11, 12);
    const fields = { reflected: 0, receivedAt: 1013, reflectedAt: 1014, estimateBits: 0x1601 };
    accounting.notes?.noteAnswer(accounting.answer(1, 15), 1, 15, 64, fields);
    accounting.expire(16);
    drain();
    expect(rows[0]).toMatchObject({ t1: 1011, t2: 1013, t3: 1014, t4: 1015, reflected: 0, estimate: 0x1601 });
  });

  test("that are overwritten before they were drained are left out and counted", () => {
    const { recorder, log, sink, rows, drain } = logged();
    const accounting = account(recorder, 8);
    for (let packet = 0; packet < 20; packet++) {
      accounting.answer(accounting.add(10, 10, 10), 11);
      accounting.expire(12);
    }
    drain();
    expect(rows.map(({ sequence }) => sequence)).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
    expect([log.rows, log.omitted]).toEqual([8, 12]);
    log.end(sink);
    expect(rows.at(-1)).toMatchObject({ fate: "omitted", count: 12 });
  });

  test("without a final fate at the end are left out", () => {
    const { recorder, log, sink, rows } = logged();
    account(recorder).add(10, 10, 10);
    log.end(sink);
    expect([log.omitted, rows.length]).toEqual([1, 1]);
  });
});

describe("rows of events", () => {
  test("a further answer, an unknown one, an error and packets that were not sent", () => {
    const { recorder, log, rows, drain } = logged();
    const accounting = account(recorder);
    accounting.answer(accounting.add(10, 10, 10), 11);
    const fields = { reflected: 7, receivedAt: 1, reflectedAt: 2, estimateBits: 0 };
    accounting.notes?.noteAnswer(accounting.answer(1, 13), 1, 13, 64, fields);
    accounting.notes?.noteAnswer("unknown", 9, 14, 60);
    recorder.countError("EPERM");
    log.add("unreached", { count: 5 });
    accounting.expire(20);
    expect(drain()).toBe(5);
    expect(rows.map(({ fate }) => fate)).toEqual(["answered", "duplicate", "unknown-answer", "error", "unreached"]);
    expect(rows[1]).toMatchObject({
      session: 0,
      sequence: 1,
      receivedAt: 3,
      reflected: 7,
      t2: 1,
      t3: 2,
      octetsReceived: 64,
    });
    expect(rows[2]).toMatchObject({ sequence: 9, receivedAt: 4, octetsReceived: 60, reflected: Number.NaN });
    expect(rows[3]).toMatchObject({ error: "EPERM", receivedAt: 67, session: Number.NaN, count: 1 });
    expect(rows[4]).toMatchObject({ count: 5 });
  });

  test("above 16,384 that are not drained are left out and counted", () => {
    const { log, drain } = logged();
    for (let event = 0; event < 16_390; event++) log.add("error", { error: "EPERM" });
    expect(log.omitted).toBe(6);
    expect(drain(100_000)).toBe(16_384);
    log.add("error", { error: "EPERM" });
    expect(drain()).toBe(1);
  });
});

test("rows that the sink does not accept are left out", () => {
  const { recorder, log, drain } = logged(() => false);
  recorder.countError("EPERM");
  drain();
  expect([log.rows, log.omitted]).toEqual([0, 1]);
});

test("a drain passes all rows on until its end, and returns how many", async () => {
  const { recorder, log, sink, rows } = logged();
  const drain = new PacketDrain(log, sink);
  for (let event = 0; event < 500; event++) recorder.countError("EPERM");
  expect(await drain.end()).toEqual({ rows: 500, omitted: 0 });
  expect(rows.length).toBe(500);
});
