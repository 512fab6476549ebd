/** The driver of a run: when an open loop and a closed loop send, what counts as late, and how both end. */
import { describe, expect, spyOn, test } from "bun:test";
import type { Clock } from "../../../src/base/clock.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { startSchedule } from "../../../src/load/plan/schedule.ts";
import type { Client } from "../../../src/load/send/client.ts";
import { Driver } from "../../../src/load/send/driver.ts";
import { until } from "../../support/until.ts";

const START = 1000;
const TIMEOUT_MS = 20;
/** How far the fake clock advances at each reading, ms. */
const STEP_MS = 0.05;
/** Longest delay of a packet that is due, ms: ten readings of the fake clock. */
const PROMPT_MS = 10 * STEP_MS;

/** A clock that advances by itself at each reading, and further by hand. */
function fakeClock() {
  const clock = {
    time: START,
    now() {
      clock.time += STEP_MS;
      return clock.time;
    },
    wallAt: (now: number) => now,
  };
  return clock;
}

/** A clock that advances by 1 µs at each reading. */
function fineClock(): () => number {
  let time = START;
  return () => {
    time += 0.001;
    return time;
  };
}

/** Replaces setTimeout: `pass` is called with the delay in place of the delay itself. */
function fakeTimers(pass: (ms: number) => void): Disposable {
  const timers = spyOn(globalThis, "setTimeout");
  const fire = (callback: () => void, ms: number) => {
    pass(ms);
    queueMicrotask(callback);
  };
  timers.mockImplementation(fire as unknown as typeof setTimeout); // the driver does not use what setTimeout returns
  return { [Symbol.dispose]: () => timers.mockRestore() };
}

interface Sent {
  /** Intended and actual send time, monotonic ms. */
  readonly intendedAt: number;
  readonly at: number;
  /** Flushes before this packet. */
  readonly flushes: number;
}

/** Parts of the driver's input that a test replaces. */
interface Fakes {
  readonly accepts: (now: number) => boolean;
  readonly clock: Clock;
  readonly countLost: NonNullable<Client["countLost"]>;
}

/** A driver with a client that accepts packets while `accepts` returns true, and records them. */
function drive({ accepts = (_now: number): boolean => true, clock = fakeClock(), countLost }: Partial<Fakes> = {}) {
  const recorder = new Recorder();
  const sent: Sent[] = [];
  const calls = { flush: 0, tick: 0 };
  const client: Client = {
    async open() {},
    send(intendedAt, now) {
      if (!accepts(now)) return false;
      sent.push({ intendedAt, at: now, flushes: calls.flush });
      recorder.handOver.record(intendedAt, now);
      recorder.counts.sent++;
      return true;
    },
    ...(countLost && { countLost }),
    flush: () => void calls.flush++,
    tick: () => void calls.tick++,
    restart() {},
    pending: 0,
    lastArrival: 0,
    localPorts: new Set(),
    bufferDrops: () => undefined,
    finish() {},
    close() {},
  };
  const driver = new Driver({ client, recorder, clock, timeoutMs: TIMEOUT_MS });
  return { driver, recorder, sent, calls };
}

/** `count` packets at `rate` a second. */
function schedule(rate: number, count: number) {
  const stages = [{ from: rate, to: rate, seconds: Number.POSITIVE_INFINITY }];
  return startSchedule({ stages, arrival: "constant", count, seed: 1 });
}

describe("an open loop", () => {
  test("sends each packet at its intended time, not before", async () => {
    const { driver, recorder, sent } = drive();
    await driver.openLoop(schedule(1000, 20), START);
    expect(sent.map(({ intendedAt }) => intendedAt)).toEqual(Array.from({ length: 20 }, (_, n) => START + n));
    for (const { intendedAt, at } of sent) {
      expect(at).toBeGreaterThanOrEqual(intendedAt);
      expect(at - intendedAt).toBeLessThan(PROMPT_MS);
    }
    expect(recorder.counts).toMatchObject({ planned: 20, sent: 20, unsent: 0 });
    expect(recorder.scheduleError.count).toBe(20);
    expect(recorder.scheduleError.max).toBeLessThan(PROMPT_MS / 1000);
  });

  test("sleeps until shortly before the next packet, at most 200 ms at a time", async () => {
    const clock = fakeClock();
    const sleeps: number[] = [];
    using _ = fakeTimers((ms) => {
      sleeps.push(ms);
      clock.time += ms + 1;
    });
    const { driver, sent, calls } = drive({ clock });
    await driver.openLoop(schedule(2, 3), START);
    expect(sent.map(({ intendedAt }) => intendedAt)).toEqual([START, START + 500, START + 1000]);
    for (const { intendedAt, at } of sent) {
      expect(at).toBeGreaterThanOrEqual(intendedAt);
      expect(at - intendedAt).toBeLessThan(PROMPT_MS);
    }
    expect(Math.max(...sleeps)).toBe(200);
    expect(calls.tick).toBeGreaterThan(sleeps.length);
  });

  test("sends overdue packets at once, and counts the delay as schedule error", async () => {
    const clock = fakeClock();
    let packets = 0;
    const stall = () => {
      if (++packets === 3) clock.time += 50;
      return true;
    };
    const { driver, recorder, sent } = drive({ clock, accepts: stall });
    await driver.openLoop(schedule(1000, 100), START);
    expect(sent.map(({ intendedAt }) => intendedAt)).toEqual(Array.from({ length: 100 }, (_, n) => START + n));
    // The fourth packet was intended 1 ms after the third, and left when the stall of 50 ms was over.
    expect(recorder.scheduleError.max).toBeGreaterThan(0.049 - PROMPT_MS / 1000);
    expect(recorder.scheduleError.max).toBeLessThan(0.049 + PROMPT_MS / 1000);
  });

  test("waits while the client has no capacity, keeps the intended times, and counts no schedule error for it", async () => {
    const clock = fakeClock();
    const blocked = (now: number) => now < START + 15;
    const accepts = (now: number) => {
      if (blocked(now)) clock.time += 1;
      return !blocked(now);
    };
    const { driver, recorder, sent } = drive({ clock, accepts });
    await driver.openLoop(schedule(1000, 30), START);
    expect(sent.map(({ intendedAt }) => intendedAt)).toEqual(Array.from({ length: 30 }, (_, n) => START + n));
    expect(sent[0]?.at).toBeGreaterThanOrEqual(START + 15);
    expect(recorder.counts).toMatchObject({ planned: 30, sent: 30, unsent: 0 });
    // The backlog of 15 packets leaves after the block, one reading of the clock apart.
    expect(recorder.scheduleError.max).toBeLessThan(0.002);
  });

  test("sends when the client reports capacity, without another wait", async () => {
    let capacity = 0;
    const { driver, sent } = drive({ accepts: () => capacity-- > 0 });
    const done = driver.openLoop(schedule(1e6, 3), START);
    expect(sent).toHaveLength(0);
    capacity = 3;
    driver.onCapacity();
    expect(sent).toHaveLength(3);
    await done;
  });

  test("counts a packet that is not sent within the timeout as unsent", async () => {
    const clock = fakeClock();
    const accepts = () => {
      clock.time += 1;
      return false;
    };
    const { driver, recorder } = drive({ clock, accepts });
    await driver.openLoop(schedule(1000, 10), START);
    expect(clock.time).toBeGreaterThan(START + 9 + TIMEOUT_MS);
    expect(recorder.counts).toMatchObject({ planned: 10, sent: 0, unsent: 10 });
    expect(recorder.scheduleError.count).toBe(0);
  });

  test("lets the client count such a packet instead, one timeout after its intended time", async () => {
    const clock = fakeClock();
    const missed: { intendedAt: number; waited: number }[] = [];
    const accepts = () => {
      clock.time += 1;
      return false;
    };
    const countLost = (intendedAt: number, now: number) =>
      missed.push({ intendedAt, waited: now - intendedAt }) % 2 === 1;
    const { driver, recorder } = drive({ clock, accepts, countLost });
    await driver.openLoop(schedule(1000, 4), START);
    expect(missed.map(({ intendedAt }) => intendedAt)).toEqual([START, START + 1, START + 2, START + 3]);
    for (const { waited } of missed) expect(waited).toBeGreaterThan(TIMEOUT_MS);
    expect(recorder.counts).toMatchObject({ planned: 4, unsent: 2 });
  });

  test("ends with the plan: what it has not reached by then is unsent", async () => {
    const clock = fakeClock();
    const { driver, recorder, sent } = drive({ clock });
    const stages = [{ from: 1e6, to: 1e6, seconds: 0.5 }];
    await driver.openLoop(startSchedule({ stages, arrival: "constant", seed: 1 }), START, 0.5);
    const { planned, unsent, unreached } = recorder.counts;
    expect({ planned, unsent, unreached }).toEqual({
      planned: 500_000,
      unsent: 500_000 - sent.length,
      unreached: 500_000 - sent.length,
    });
    expect(sent.length).toBeGreaterThan(3000);
    expect(clock.time).toBeLessThan(START + 520);
    expect(driver.lastSentAt).toBeGreaterThan(START + 499);
    expect(driver.lastSentAt).toBeLessThan(START + 520);
  });

  test("sends what is overdue by a short stall at the end of the plan", async () => {
    const clock = fakeClock();
    let packets = 0;
    const stall = () => {
      if (++packets === 480) clock.time += 60;
      return true;
    };
    const { driver, recorder, sent } = drive({ clock, accepts: stall });
    const stages = [{ from: 1000, to: 1000, seconds: 0.5 }];
    await driver.openLoop(startSchedule({ stages, arrival: "constant", seed: 1 }), START, 0.5);
    expect(sent).toHaveLength(500);
    expect(recorder.counts).toMatchObject({ planned: 500, unsent: 0 });
    expect(driver.lastSentAt).toBeGreaterThan(START + 535);
  });

  test("packets that wait for capacity at the end of the plan are unsent for that reason", async () => {
    const clock = fakeClock();
    const accepts = (now: number) => now < START + 300;
    const { driver, recorder, sent } = drive({ clock, accepts, countLost: () => false });
    const stages = [{ from: 1000, to: 1000, seconds: 0.31 }];
    await driver.openLoop(startSchedule({ stages, arrival: "constant", seed: 1 }), START, 0.31);
    expect(sent).toHaveLength(300);
    expect(recorder.counts).toMatchObject({ planned: 310, unsent: 10, unreached: 0 });
  });

  test("hands over packets one by one, and those of a backlog in groups of 16", async () => {
    const { driver, sent } = drive();
    await driver.openLoop(schedule(1e9, 300), START);
    const perFlush = Map.groupBy(sent, ({ flushes }) => flushes);
    const turn = (packets: number) => [...Array(16).fill(1), ...Array((packets - 16) / 16).fill(16)];
    // A turn has 256 packets; the last one is not full.
    expect([...perFlush.values()].map(({ length }) => length)).toEqual([...turn(256), ...turn(32), 12]);
  });

  test("counts the packets that were due when the one before was handed over", async () => {
    const clock = fakeClock();
    let packets = 0;
    const stall = () => {
      if (++packets === 3) clock.time += 20;
      return true;
    };
    const { driver, recorder } = drive({ clock, accepts: stall });
    await driver.openLoop(schedule(1000, 100), START);
    const { bunched, largestBurst } = recorder.handOver;
    expect(bunched).toBeWithin(18, 24);
    expect(largestBurst).toBe(bunched + 1);
  });

  test("does not run the event loop between packets that are due very soon while no answer is awaited", async () => {
    const turns = spyOn(globalThis, "setImmediate");
    const { driver, sent } = drive({ clock: { ...fakeClock(), now: fineClock() } });
    await driver.openLoop(schedule(50_000, 100), START);
    expect(sent).toHaveLength(100);
    expect(turns.mock.calls.length).toBeLessThan(110);
    turns.mockRestore();
  });

  test("ends at stop(), and sends nothing afterwards", async () => {
    const { driver, sent } = drive();
    const done = driver.openLoop(schedule(1000, Number.POSITIVE_INFINITY), START);
    await until(() => sent.length >= 5, "five packets");
    driver.stop();
    const { length } = sent;
    await done;
    driver.onCapacity();
    expect(sent).toHaveLength(length);
  });
});

describe("a closed loop", () => {
  test("sends as long as the client has capacity, and again when it reports capacity, until the count", async () => {
    let capacity = 3;
    const { driver, recorder, sent } = drive({ accepts: () => capacity-- > 0 });
    const done = driver.closedLoop(Number.POSITIVE_INFINITY, 10);
    for (const expected of [3, 6, 9, 10]) {
      expect(sent).toHaveLength(expected);
      capacity = 3;
      driver.onCapacity();
    }
    await done;
    expect(recorder.counts).toMatchObject({ planned: 10, sent: 10, unsent: 0 });
    for (const { intendedAt, at } of sent) expect(intendedAt).toBe(at);
  });

  test("counts from its own start, not from that of the recorder", async () => {
    const { driver, recorder, sent } = drive();
    recorder.counts.sent = 7;
    await driver.closedLoop(Number.POSITIVE_INFINITY, 5);
    expect(sent).toHaveLength(5);
  });

  test("ends at its end time", async () => {
    const { driver, sent } = drive();
    await driver.closedLoop(START + 10, Number.POSITIVE_INFINITY);
    expect(sent.length).toBeGreaterThanOrEqual(10 / STEP_MS - 5);
    for (const { at } of sent) expect(at).toBeLessThan(START + 10);
  });

  test("ends at its end time also where the client never has capacity, and checks for timeouts until then", async () => {
    const clock = fakeClock();
    const { driver, sent, calls } = drive({ clock, accepts: () => false });
    const done = driver.closedLoop(START + 10_000, Number.POSITIVE_INFINITY);
    await until(() => calls.tick >= 2, "two checks for timeouts");
    clock.time = START + 10_000;
    await done;
    expect(sent).toHaveLength(0);
  });

  test("ends at stop(), and sends nothing afterwards", async () => {
    let capacity = 1;
    const { driver, sent } = drive({ accepts: () => capacity-- > 0 });
    const done = driver.closedLoop(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    driver.stop();
    await done;
    capacity = 1;
    driver.onCapacity();
    expect(sent).toHaveLength(1);
  });
});
