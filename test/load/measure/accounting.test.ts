import { describe, expect, test } from "bun:test";
import { random } from "../../../src/base/random.ts";
import { Ledger, slotsFor } from "../../../src/load/measure/accounting.ts";
import { wilson } from "../../../src/load/measure/estimates.ts";
import { type SessionSummary, settleByLab, settleByNothing } from "../../../src/load/measure/loss-direction.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { makeReport } from "../../../src/load/report/make.ts";
import { balanced } from "../support/sums.ts";

const TIMEOUT = 100;

function ledgerOf(slots = 64, first = 0) {
  const recorder = new Recorder();
  return { recorder, ledger: new Ledger(recorder, slots, TIMEOUT, first) };
}

describe("Ledger", () => {
  test("a packet is answered once, and then only duplicated", () => {
    const { recorder, ledger } = ledgerOf();
    const sequence = ledger.open(0, 1, 1000);
    expect([ledger.answer(sequence, 5), ledger.answer(sequence, 6)]).toEqual(["answered", "duplicate"]);
    expect(recorder.counts).toMatchObject({ sent: 1, answered: 1, duplicate: 1, lost: 0 });
    // From the planned moment, and from the sending.
    expect([recorder.response.max, recorder.service.max]).toEqual([0.005, 0.004]);
    expect(ledger.pending).toBe(0);
  });

  test("lost until an answer makes it late, whether or not the loss was noticed first", () => {
    const { recorder, ledger } = ledgerOf();
    const [noticed, unnoticed] = [ledger.open(0, 0, 0), ledger.open(0, 0, 0)];
    expect(ledger.answer(unnoticed, 150)).toBe("late");
    expect(ledger.expire(160)).toBe(1);
    expect(recorder.counts).toMatchObject({ lost: 1, late: 1 });
    expect([ledger.answer(noticed, 170), ledger.answer(noticed, 171)]).toEqual(["late", "duplicate"]);
    expect(recorder.counts).toMatchObject({ sent: 2, lost: 0, late: 2, duplicate: 1, answered: 0 });
  });

  test("a slot is not given to another packet while its own is pending", () => {
    const { ledger } = ledgerOf(4);
    for (let packet = 0; packet < 4; packet++) ledger.open(0, packet, 0);
    expect(ledger.hasRoom).toBe(false);
    ledger.answer(0, 5);
    ledger.expire(6);
    expect(ledger.hasRoom).toBe(true);
  });

  test("numbers on the wire wrap after 2^32 and are known again", () => {
    const { ledger } = ledgerOf(8, 2 ** 32 - 2);
    const sequences = [0, 1, 2, 3].map(() => ledger.open(0, 0, 0));
    expect(sequences.at(-1)).toBe(2 ** 32 + 1);
    expect([2 ** 32 - 2, 2 ** 32 - 1, 0, 1].map((onWire) => ledger.recall(onWire))).toEqual(sequences);
    expect([2, 77, 2 ** 32 - 3].map((onWire) => ledger.recall(onWire))).toEqual([-1, -1, -1]);
  });

  test("what has left the window is nobody's answer", () => {
    const { ledger } = ledgerOf(4);
    for (let packet = 0; packet < 6; packet++) {
      ledger.answer(ledger.open(0, packet, 0), packet + 1);
      ledger.expire(packet + 1);
    }
    expect(ledger.recall(1)).toBe(-1);
    expect(ledger.recall(2)).toBe(2);
  });

  test("a damaged number is found again by the moment of sending, and of two that left together the nearer one", () => {
    const { ledger } = ledgerOf();
    for (const wall of [1000, 1000.5, 1000.5, 1001]) ledger.open(0, wall, wall);
    expect(ledger.recallByWall(1000, 99)).toBe(0);
    expect(ledger.recallByWall(1000.5, 2 + 64)).toBe(2);
    expect(ledger.recallByWall(1000.5, 1 + 1024)).toBe(1);
    expect(ledger.recallByWall(999, 0)).toBe(-1);
  });

  test("jitter and IPDV of delays 10, 20, 10, 30 ms are the known ones", () => {
    const { recorder, ledger } = ledgerOf();
    for (const [index, delay] of [10, 20, 10, 30].entries()) {
      ledger.answer(ledger.open(0, index * 50, 0), index * 50 + delay);
    }
    // RFC 3550 section 6.4.1 by hand: 10/16, then + (10 - J)/16, then + (20 - J)/16.
    expect(recorder.jitter).toBeCloseTo(0.625 + (10 - 0.625) / 16 + (20 - (0.625 + (10 - 0.625) / 16)) / 16, 9);
    expect(recorder.variation.count).toBe(3);
    expect(recorder.variation.quantile(0.5)).toBeCloseTo(0.01, 4);
    expect(recorder.variation.max).toBeCloseTo(0.02, 9);
  });

  test("a session has slots for two timeouts of packets, and a limit", () => {
    expect(slotsFor(1000, 2000)).toBe(8192);
    expect(slotsFor(1, 100)).toBe(128);
    expect(slotsFor(1e9, 60_000)).toBe(2 ** 22);
  });
});

/** Anything that may happen to packets, in any order, by chance. */
function liveThrough(seed: number): { recorder: Recorder; handled: number } {
  const draw = random(seed, "test");
  const { recorder, ledger } = ledgerOf(256);
  const [lossUp, lossDown, copies, damage] = [draw() * 0.5, draw() * 0.5, draw() * 0.5, draw() * 0.2];
  const arrivals: { at: number; sequence: number }[] = [];
  let handled = 0;
  let now = 0;
  for (let packet = 0; packet < 400; packet++) {
    now += draw() * 5;
    ledger.expire(now);
    recorder.counts.planned++;
    if (!ledger.hasRoom) {
      recorder.counts.unsent++;
      continue;
    }
    const sequence = ledger.open(now - draw(), now, now);
    if (draw() >= lossUp) {
      handled++;
      for (let copy = draw() < copies ? 2 : 1; copy > 0; copy--) {
        if (draw() >= lossDown) arrivals.push({ at: now + draw() ** 3 * 180, sequence });
      }
    }
    for (const [index, { at, sequence: number }] of arrivals.entries()) {
      if (at > now) continue;
      arrivals.splice(index, 1);
      if (draw() >= damage) ledger.answer(number, at, handled);
      else if (draw() < 0.3) recorder.unreadable();
      else if (!ledger.settle(number, draw() < 0.5 ? "corrupt" : "failed")) recorder.counts.duplicate++;
      break;
    }
  }
  ledger.abandon();
  recorder.settleUnreadable();
  return { recorder, handled };
}

test("whatever happens, the sums of the contract hold", () => {
  const plan = planRun({ protocol: "udp", seed: 1 });
  for (let seed = 0; seed < 300; seed++) {
    const { recorder, handled } = liveThrough(seed);
    const sessions: SessionSummary[] = [
      {
        protocol: "udp",
        source: "",
        received: { unique: handled, duplicate: 0 },
        handled,
        answered: handled,
        dropped: { up: 3, down: 7 },
        discarded: 0,
      },
    ];
    for (const directions of [settleByNothing(recorder), settleByLab(recorder, sessions)]) {
      const finding = {
        plan,
        endpoint: undefined,
        recorder,
        directions,
        startedAt: new Date(0),
        seconds: 1,
        failures: [],
        bufferDrops: 0,
      };
      const report = balanced(makeReport(finding));
      expect(report.packets.sent).toBe(recorder.counts.sent);
    }
    expect(recorder.pending).toBe(0);
  }
});

test("200 runs of known loss have the truth in their 95 % interval, 90 to 99 % of the time", () => {
  for (const truth of [0.01, 0.2]) {
    let covered = 0;
    for (let run = 0; run < 200; run++) {
      const draw = random(run * 7919 + 1, "test");
      const { recorder, ledger } = ledgerOf(1024);
      for (let packet = 0; packet < 1000; packet++) {
        const sequence = ledger.open(packet, packet, packet);
        if (draw() >= truth) ledger.answer(sequence, packet + 1);
        ledger.expire(packet);
      }
      ledger.abandon();
      const { low, high } = wilson(recorder.counts.lost, recorder.counts.sent);
      if (low <= truth && truth <= high) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(180);
    expect(covered).toBeLessThanOrEqual(198);
  }
});
