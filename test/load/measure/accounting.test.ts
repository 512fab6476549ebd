import { describe, expect, test } from "bun:test";
import { random } from "../../../src/base/random.ts";
import { PacketAccounting } from "../../../src/load/measure/accounting.ts";
import { attributeByLab, unattributed } from "../../../src/load/measure/directions/loss-direction.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { wilson } from "../../../src/load/measure/statistics/estimates.ts";
import { reportOn } from "../support/reports.ts";
import { summaryOf } from "../support/summaries.ts";
import { balanced } from "../support/sums.ts";

const TIMEOUT = 100;
const WAIT = 250;

function account(slots = 64) {
  const recorder = new Recorder();
  return { recorder, accounting: new PacketAccounting(recorder, { slots, timeoutMs: TIMEOUT, waitMs: WAIT }) };
}

describe("PacketAccounting", () => {
  test("counts the first answer to a packet as answered and further ones as duplicates", () => {
    const { recorder, accounting } = account();
    const sequence = accounting.add(0, 1, 1000);
    expect([accounting.answer(sequence, 5), accounting.answer(sequence, 6)]).toEqual(["answered", "duplicate"]);
    expect(recorder.counts).toMatchObject({ sent: 1, answered: 1, duplicate: 1, lost: 0 });
    // From the intended send time, and from the actual one.
    expect([recorder.response.max, recorder.service.max]).toEqual([0.005, 0.004]);
    expect(accounting.pending).toBe(0);
  });

  test("distinguishes duplicates made upstream and downstream by the reflector's sequence number", () => {
    const { recorder, accounting } = account();
    const sequence = accounting.add(0, 0, 0);
    for (const reflected of [7, 7, 8, 8, 7]) accounting.answer(sequence, 1, reflected);
    expect(recorder.counts).toMatchObject({ duplicate: 4, duplicateUp: 1 });
  });

  test("counts an answer after the timeout as late, whether or not the packet was counted as lost before", () => {
    const { recorder, accounting } = account();
    const [expired, open] = [accounting.add(0, 0, 0), accounting.add(0, 0, 0)];
    expect(accounting.answer(open, 150)).toBe("late");
    expect(accounting.expire(160)).toBe(1);
    expect(recorder.counts).toMatchObject({ lost: 1, late: 1 });
    expect([accounting.answer(expired, 170), accounting.answer(expired, 171)]).toEqual(["late", "duplicate"]);
    expect(recorder.counts).toMatchObject({ sent: 2, lost: 0, late: 2, duplicate: 1, answered: 0 });
  });

  test("has no capacity while the next slot holds a pending packet", () => {
    const { accounting } = account(4);
    for (let packet = 0; packet < 4; packet++) accounting.add(0, packet, 0);
    expect(accounting.hasCapacity).toBe(false);
    accounting.answer(0, 5);
    accounting.expire(6);
    expect(accounting.hasCapacity).toBe(true);
  });

  test("resolves a packet once, and replaces a provisional loss by a more precise outcome", () => {
    const { recorder, accounting } = account();
    const [failed, lost] = [accounting.add(0, 0, 0), accounting.add(0, 0, 0)];
    expect([accounting.resolve(failed, "failed"), accounting.resolve(failed, "corrupt")]).toEqual([true, false]);
    expect([accounting.resolve(lost, "lost"), accounting.resolve(lost, "lost")]).toEqual([true, false]);
    const expired = accounting.add(0, 0, 0);
    accounting.expire(TIMEOUT + 1);
    expect(accounting.resolve(expired, "corrupt")).toBe(true);
    expect(recorder.counts).toMatchObject({ sent: 3, failed: 1, corrupt: 1, lost: 1 });
  });

  test("a loss is provisional from the timeout on and final after the waiting time", () => {
    const { recorder, accounting } = account();
    const [late, unanswered, punctual] = [0, 0, 0].map(() => accounting.add(0, 0, 0));
    accounting.answer(punctual ?? -1, TIMEOUT);
    expect(accounting.expire(TIMEOUT + 1)).toBe(2);
    expect(recorder).toMatchObject({ awaited: 2, counts: { answered: 1, lost: 2 } });
    expect(accounting.answer(late ?? -1, WAIT)).toBe("late");
    expect(recorder).toMatchObject({ awaited: 1, counts: { late: 1, lost: 1 } });
    // Whether or not the end of the waiting time was noticed before the answer.
    expect(accounting.answer(unanswered ?? -1, WAIT + 1)).toBe("unknown");
    accounting.expire(WAIT + 1);
    expect(recorder).toMatchObject({ awaited: 0, counts: { answered: 1, late: 1, lost: 1 } });
  });

  test("no loss is awaited after all were made final", () => {
    const { recorder, accounting } = account();
    for (let packet = 0; packet < 5; packet++) accounting.add(0, packet, 0);
    accounting.expire(TIMEOUT + 2.5);
    expect(recorder.awaited).toBe(3);
    expect(accounting.expireAll()).toBe(2);
    expect(recorder.awaited).toBe(0);
    expect([accounting.answer(0, TIMEOUT + 3), accounting.answer(4, TIMEOUT + 3)]).toEqual(["unknown", "unknown"]);
    expect(recorder.counts).toMatchObject({ sent: 5, lost: 5, late: 0 });
  });

  test("a full accounting makes the oldest provisional loss final, and counts it", () => {
    const { recorder, accounting } = account(4);
    for (let packet = 0; packet < 4; packet++) accounting.add(0, 0, 0);
    accounting.answer(1, 5);
    accounting.expire(TIMEOUT + 1);
    for (let packet = 0; packet < 3; packet++) accounting.add(0, TIMEOUT + 2, 0);
    expect(recorder).toMatchObject({ awaited: 1, counts: { lost: 3, discarded: 2 } });
    accounting.expireAll();
    expect(recorder).toMatchObject({ awaited: 0, counts: { sent: 7, answered: 1, lost: 6 } });
  });

  test("records final outcomes in order of sending: bursts, gaps, and the times of the answers", () => {
    const { recorder, accounting } = account();
    for (let packet = 0; packet < 8; packet++) accounting.add(packet - 1, packet, 0);
    // Lost: 1, 2 and 5. Packet 3 is late, packet 4 failed; answers arrive out of order.
    for (const answered of [7, 0, 6]) accounting.answer(answered, answered + 10);
    accounting.resolve(4, "failed");
    accounting.expire(TIMEOUT + 3.5);
    expect([recorder.losses.packets, recorder.responses.packets]).toEqual([1, 1]);
    accounting.answer(3, TIMEOUT + 4);
    accounting.expire(WAIT + 100);
    const { losses, responses } = recorder;
    expect([losses.packets, losses.lost, losses.bursts.count, losses.bursts.longest]).toEqual([8, 3, 2, 2]);
    expect([losses.gaps.count, losses.gaps.mean]).toEqual([1, 2]);
    expect([responses.packets, responses.values.count, responses.mean]).toEqual([8, 3, 0.011]);
  });

  test("records the packets of a reused slot first", () => {
    const { recorder, accounting } = account(4);
    for (let packet = 0; packet < 6; packet++) {
      const sequence = accounting.add(packet, packet, 0);
      if (packet !== 1) accounting.answer(sequence, packet + 1);
      accounting.expire(packet + (packet === 4 ? TIMEOUT : 0));
    }
    expect([recorder.losses.packets, recorder.losses.lost]).toEqual([6, 1]);
    expect([recorder.counts.discarded, recorder.losses.gaps.count]).toEqual([1, 0]);
  });

  test("counts the lost packets up to a sequence number", () => {
    const { accounting } = account();
    for (let packet = 0; packet < 6; packet++) accounting.add(0, 0, 0);
    for (const answered of [1, 4]) accounting.answer(answered, 1);
    accounting.expireAll();
    expect([0, 1, 3, 5].map((sequence) => accounting.lostUpTo(sequence))).toEqual([1, 1, 3, 4]);
  });

  test("computes the known jitter and delay differences of delays of 10, 20, 10 and 30 ms", () => {
    const { recorder, accounting } = account();
    for (const [index, delay] of [10, 20, 10, 30].entries()) {
      accounting.answer(accounting.add(0, index * 50, 0), index * 50 + delay);
    }
    // RFC 3550 section 6.4.1 by hand: 10/16, then + (10 - J)/16, then + (20 - J)/16.
    const { absolute, lastJitter, meanJitter, min, max } = recorder.variation;
    const last = 0.625 + (10 - 0.625) / 16 + (20 - (0.625 + (10 - 0.625) / 16)) / 16;
    expect(lastJitter).toBeCloseTo(last / 1000, 9);
    expect(meanJitter).toBeCloseTo((10 + 10 + 20) / 3000, 9);
    expect(absolute.count).toBe(3);
    expect(absolute.quantile(0.5)).toBeCloseTo(0.01, 4);
    expect([min, max]).toEqual([-0.01, 0.02]);
  });
});

/** Sends 400 packets with random losses, copies, delays and damage in both directions. */
function randomRun(seed: number): { recorder: Recorder; handled: number } {
  const draw = random(seed, "test");
  const { recorder, accounting } = account(256);
  const [lossUp, lossDown, copies, damage] = [draw() * 0.5, draw() * 0.5, draw() * 0.5, draw() * 0.2];
  const arrivals: { at: number; sequence: number }[] = [];
  let handled = 0;
  let now = 0;
  for (let packet = 0; packet < 400; packet++) {
    now += draw() * 5;
    accounting.expire(now);
    recorder.counts.planned++;
    if (!accounting.hasCapacity) {
      recorder.counts.unsent++;
      continue;
    }
    const sequence = accounting.add(now - draw(), now, now);
    if (draw() >= lossUp) {
      handled++;
      for (let copy = draw() < copies ? 2 : 1; copy > 0; copy--) {
        if (draw() >= lossDown) arrivals.push({ at: now + draw() ** 3 * 180, sequence });
      }
    }
    for (const [index, { at, sequence: number }] of arrivals.entries()) {
      if (at > now) continue;
      arrivals.splice(index, 1);
      if (draw() >= damage) accounting.answer(number, at, handled);
      else if (draw() < 0.3) recorder.counts.unidentified++;
      else if (!accounting.resolve(number, draw() < 0.5 ? "corrupt" : "failed")) recorder.counts.duplicate++;
      break;
    }
  }
  accounting.expireAll();
  recorder.resolveUnidentified();
  return { recorder, handled };
}

test("the sums of the contract hold for 300 random runs", () => {
  for (let seed = 0; seed < 300; seed++) {
    const { recorder, handled } = randomRun(seed);
    const sessions = [summaryOf({ handled, answered: handled, dropped: { up: 3, down: 7 } })];
    for (const directions of [unattributed(recorder), attributeByLab(recorder, sessions)]) {
      const report = balanced(reportOn(recorder, { directions }));
      expect(report.packets.sent).toBe(recorder.counts.sent);
    }
    expect(recorder.pending).toBe(0);
    expect(recorder.losses.packets).toBe(recorder.counts.sent);
    expect(recorder.responses.values.count).toBe(recorder.counts.answered);
  }
}, 30_000);

test("the 95 % interval of the loss contains the true loss in 90 to 99 % of 200 runs", () => {
  for (const truth of [0.01, 0.2]) {
    let covered = 0;
    for (let run = 0; run < 200; run++) {
      const draw = random(run * 7919 + 1, "test");
      const { recorder, accounting } = account(1024);
      for (let packet = 0; packet < 1000; packet++) {
        const sequence = accounting.add(packet, packet, packet);
        if (draw() >= truth) accounting.answer(sequence, packet + 1);
        accounting.expire(packet);
      }
      accounting.expireAll();
      const { low, high } = wilson(recorder.counts.lost, recorder.counts.sent);
      if (low <= truth && truth <= high) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(180);
    expect(covered).toBeLessThanOrEqual(198);
  }
});
