import { describe, expect, test } from "bun:test";
import { createLog } from "../../src/base/log.ts";
import type { DirectionFate } from "../../src/faults/decide.ts";
import { DelayQueue } from "../../src/faults/delay-queue.ts";
import type { Faults } from "../../src/faults/faults.ts";
import { createMetrics, type DropReason } from "../../src/metrics/counters.ts";
import { type Exchange, PEER_GONE, SEND_FAILED } from "../../src/reflector/exchange.ts";
import { PacketLog } from "../../src/reflector/packet-log.ts";
import { Responder } from "../../src/reflector/responder.ts";
import { Session } from "../../src/reflector/session.ts";
import { silentErrors } from "../support/errors.ts";
import { endAt } from "../support/session.ts";
import { until } from "../support/until.ts";

/** A packet whose `send` returns the next of `results`, by default the length of a 7-octet response. */
class TestExchange implements Exchange {
  receivedAt: number;
  readonly bytes = 11;
  readonly heldBytes = 11;
  readonly workMs: number = 0;
  readonly encoded: { sequence: number; fate: DirectionFate }[] = [];
  sent = 0;
  dropped: DropReason | undefined;

  constructor(
    readonly clock: { now(): number },
    readonly session: Session | undefined = undefined,
    readonly sequence = 0,
    private readonly results: readonly number[] = [],
  ) {
    this.receivedAt = clock.now();
  }

  peer = () => "192.0.2.1:5";
  keep = () => this;
  depart = (dueAt: number) => dueAt;
  arrive(now: number): boolean {
    this.receivedAt = now;
    return true;
  }
  order = (dueAt: number) => dueAt;
  encode(sequence: number, fate: Readonly<DirectionFate>): void {
    this.encoded.push({ sequence, fate: { ...fate } });
  }
  send(): number {
    return this.results[this.sent++] ?? 7;
  }
  copy?: () => TestExchange;
  drop(reason: DropReason): void {
    this.dropped = reason;
  }
}

/** A UDP responder with a clock that the test advances. */
function setUp(faults: Faults = {}, queueLimit = 10) {
  const time = { now: 1000 };
  const clock = { now: () => time.now, wallAt: (now: number) => 1_000_000 + now };
  const metrics = createMetrics();
  const traffic = metrics.traffic.udp;
  const lines: string[] = [];
  const log = createLog({ level: "error", readable: false, sink: (line) => lines.push(line) });
  const packetLog = new PacketLog({ limit: 100, perSecond: 1000 }, log, metrics, silentErrors());
  const queue = new DelayQueue(queueLimit, clock);
  const responder = new Responder({ traffic, clock, queue, packetLog, log, seed: 1 });
  responder.setFaults(faults);
  const session = new Session(endAt("udp", 7000), "192.0.2.1", 5, 7, time.now);
  return {
    time,
    clock,
    traffic,
    packetLog,
    queue,
    responder,
    session,
    lines,
    [Symbol.dispose]: () => packetLog.stop(),
  };
}

describe("Responder without faults", () => {
  test("counts, answers with the session's next sequence number, times and logs a packet", () => {
    using lab = setUp();
    const { clock, traffic, responder, session, packetLog, time } = lab;
    const exchange = new TestExchange(clock, session, 3);
    time.now += 2;
    responder.receive(exchange);
    responder.receive(new TestExchange(clock, session, 4));
    expect(exchange.encoded.map(({ sequence }) => sequence)).toEqual([0]);
    expect([traffic.packets, traffic.receivedBytes, traffic.sentBytes, traffic.dropped]).toEqual([2, 22, 14, 0]);
    expect([traffic.responseTime.count, traffic.responseTime.sum]).toEqual([2, 0.002]);
    expect([session.unique, session.handled, session.answered]).toEqual([2, 2, 2]);
    expect(packetLog.recent()[0]).toEqual({
      at: 1_001_000,
      protocol: "udp",
      peer: "192.0.2.1:5",
      bytes: 11,
      outcome: "answered",
      responseTimeMs: 2,
      session: 7,
    });
  });

  test("drops a packet whose response cannot be sent, and sends no copy", () => {
    using lab = setUp({ duplicate: 1 });
    const { clock, traffic, responder, session } = lab;
    const failed = new TestExchange(clock, session, 0, [SEND_FAILED]);
    const gone = new TestExchange(clock, session, 1, [PEER_GONE]);
    responder.receive(failed);
    responder.receive(gone);
    expect([failed.dropped, failed.sent, gone.dropped, gone.sent]).toEqual(["send-failed", 1, "peer-gone", 1]);
    expect([traffic.dropped, traffic.responseTime.count, session.discarded]).toEqual([2, 0, 2]);
    expect(traffic.injected.get("duplicate/down")).toBe(0);
  });
});

describe("an error while a packet is processed", () => {
  test.each([{}, { delay: { kind: "fixed", ms: 5 } }] as const)(
    "with %j drops the packet, is counted and logged once, and does not affect the next packet",
    async (faults) => {
      using lab = setUp(faults);
      const { clock, traffic, responder, session, queue, lines } = lab;
      const broken = [1, 2].map((sequence) => new TestExchange(clock, session, sequence));
      for (const exchange of broken) {
        exchange.send = () => {
          throw new Error("the send failed");
        };
        responder.receive(exchange);
      }
      const sound = new TestExchange(clock, session, 3);
      responder.receive(sound);
      await queue.flush();
      expect(broken.map(({ dropped }) => dropped)).toEqual(["failed", "failed"]);
      expect(sound.sent).toBe(1);
      expect([traffic.packets, traffic.dropped, traffic.responseTime.count]).toEqual([3, 2, 1]);
      expect([traffic.drops.get("failed"), traffic.rejects.get("failed")]).toEqual([2, 2]);
      expect([session.answered, session.discarded]).toEqual([1, 2]);
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "error", protocol: "udp" });
      expect(lines[0]).toContain("the send failed");
    },
  );
});

describe("Responder with faults", () => {
  test("does not handle a packet dropped upstream, and uses a sequence number for one dropped downstream", () => {
    using lab = setUp({ drop: { up: 1, down: 0 } });
    const { clock, traffic, responder, session } = lab;
    const up = new TestExchange(clock, session, 0);
    responder.receive(up);
    responder.setFaults({ drop: { up: 0, down: 1 } });
    const down = new TestExchange(clock, session, 1);
    responder.receive(down);
    responder.setFaults({});
    const answered = new TestExchange(clock, session, 2);
    responder.receive(answered);
    expect([up.dropped, down.dropped, answered.dropped]).toEqual(["fault-up", "fault-down", undefined]);
    expect([up.encoded.length, answered.encoded[0]?.sequence]).toEqual([0, 1]);
    expect([session.unique, session.handled, session.droppedDown, session.answered]).toEqual([3, 2, 1, 1]);
    expect([traffic.injected.get("drop/up"), traffic.injected.get("drop/down")]).toEqual([1, 1]);
  });

  test("sends a duplicated response twice and counts one answered packet", () => {
    using lab = setUp({ duplicate: 1 });
    const { clock, traffic, responder } = lab;
    const exchange = new TestExchange(clock);
    responder.receive(exchange);
    expect([exchange.sent, traffic.sentBytes, traffic.responseTime.count]).toEqual([2, 14, 1]);
  });

  test("handles a packet duplicated upstream twice, as two packets with one sequence number", () => {
    using lab = setUp({ duplicate: { up: 1 } });
    const { clock, traffic, responder, session } = lab;
    const copies: TestExchange[] = [];
    for (const sequence of [0, 1]) {
      const exchange = new TestExchange(clock, session, sequence);
      exchange.copy = () => {
        const copy = new TestExchange(clock, session, sequence);
        expect(exchange.sent).toBe(0);
        copies.push(copy);
        return copy;
      };
      responder.receive(exchange);
      expect(exchange.encoded.map(({ sequence }) => sequence)).toEqual([2 * sequence]);
    }
    expect(copies.map(({ encoded, sent }) => [encoded[0]?.sequence, sent])).toEqual([
      [1, 1],
      [3, 1],
    ]);
    expect([traffic.packets, traffic.receivedBytes, traffic.responseTime.count]).toEqual([4, 44, 4]);
    expect([session.unique, session.duplicate, session.handled, session.answered]).toEqual([2, 2, 2, 2]);
    expect([traffic.injected.get("duplicate/up"), traffic.injected.get("duplicate/down")]).toEqual([2, 0]);
  });

  test("copies made upstream have fates of their own and do not change those of the packets", () => {
    const outcomes = (faults: Faults) => {
      using lab = setUp(faults);
      const exchanges = Array.from({ length: 60 }, () => new TestExchange(lab.clock));
      const copies: TestExchange[] = [];
      for (const exchange of exchanges) {
        exchange.copy = () => copies[copies.push(new TestExchange(lab.clock)) - 1] ?? exchange;
        lab.responder.receive(exchange);
      }
      return [exchanges, copies].map((all) => all.map(({ dropped }) => dropped).join());
    };
    const drop = { up: 0, down: 0.3 };
    const [packets, copies] = outcomes({ drop, duplicate: { up: 1 } });
    expect(packets).toBe(outcomes({ drop })[0] ?? "");
    expect(copies).toContain("fault-down");
    expect(copies).not.toBe(packets ?? "");
  });

  test("times a delayed response from the receipt and keeps its fate when the faults change", async () => {
    using lab = setUp({ delay: { kind: "fixed", ms: 50 }, duplicate: 1 });
    const { clock, time, traffic, responder, queue } = lab;
    const exchange = new TestExchange(clock);
    responder.receive(exchange);
    expect([queue.size, exchange.sent]).toEqual([1, 0]);
    responder.setFaults({});
    time.now += 50;
    await queue.flush();
    expect([exchange.sent, traffic.responseTime.sum]).toEqual([2, 0.05]);
    expect(traffic.injected.get("delay/down")).toBe(1);
  });

  test("receives a packet after its delay upstream: no count of the session and no response time has it before", async () => {
    using lab = setUp({ delay: { up: { kind: "fixed", ms: 50 }, down: { kind: "fixed", ms: 30 } } });
    const { clock, time, traffic, responder, session, queue } = lab;
    const exchange = new TestExchange(clock, session, 3);
    responder.receive(exchange);
    expect([traffic.packets, session.unique, session.handled, session.onWayUp]).toEqual([1, 0, 0, 1]);
    responder.setFaults({});
    time.now += 55;
    await until(() => session.unique === 1, "the end of the way up");
    expect([session.unique, session.handled, session.onWayUp, exchange.sent]).toEqual([1, 1, 0, 0]);
    expect([exchange.receivedAt, session.lastAt]).toEqual([1055, 1055]);
    time.now += 30;
    await queue.flush();
    expect([exchange.sent, session.answered, traffic.responseTime.sum]).toEqual([1, 1, 0.03]);
    expect([traffic.injected.get("delay/up"), traffic.injected.get("delay/down")]).toEqual([1, 1]);
  });

  test("loses a packet upstream at the end of its delay", async () => {
    using lab = setUp({ delay: { up: { kind: "fixed", ms: 50 } }, drop: { up: 1, down: 0 } });
    const { clock, time, responder, session, queue } = lab;
    const exchange = new TestExchange(clock, session, 3);
    responder.receive(exchange);
    expect([exchange.dropped, session.unique, session.onWayUp]).toEqual([undefined, 0, 1]);
    time.now += 50;
    await queue.flush();
    expect([exchange.dropped, session.unique, session.handled, session.onWayUp]).toEqual(["fault-up", 1, 0, 0]);
  });

  test("discards a packet for whose delay upstream the queue is full, and one whose connection has ended meanwhile", async () => {
    using lab = setUp({ delay: { up: { kind: "fixed", ms: 50 } } }, 1);
    const { clock, time, traffic, responder, session, queue } = lab;
    const [gone, second] = [0, 1].map((sequence) => new TestExchange(clock, session, sequence));
    if (!gone || !second) throw new Error("no exchanges");
    gone.arrive = () => false;
    responder.receive(gone);
    responder.receive(second);
    expect([second.dropped, session.handled, session.discarded, session.onWayUp]).toEqual(["queue-full", 1, 1, 1]);
    time.now += 50;
    await queue.flush();
    expect([gone.dropped, gone.sent, session.handled, session.discarded]).toEqual(["peer-gone", 0, 2, 2]);
    expect([traffic.drops.get("queue-full"), traffic.drops.get("peer-gone"), session.waiting]).toEqual([1, 1, 0]);
  });

  test("drops and discards a packet if the delay queue is full", () => {
    using lab = setUp({ delay: { kind: "fixed", ms: 50 } }, 1);
    const { clock, traffic, responder, session } = lab;
    responder.receive(new TestExchange(clock, session, 0));
    const second = new TestExchange(clock, session, 1);
    responder.receive(second);
    expect([second.dropped, traffic.drops.get("queue-full")]).toEqual(["queue-full", 1]);
    expect([session.handled, session.discarded, session.waiting]).toEqual([2, 1, 1]);
  });

  test("makes the same decisions again after the same faults are set again", () => {
    using lab = setUp();
    const { clock, responder } = lab;
    const outcomes = () => {
      responder.setFaults({ drop: { up: 0.3, down: 0.3 } });
      return Array.from({ length: 50 }, () => {
        const exchange = new TestExchange(clock);
        responder.receive(exchange);
        return exchange.dropped;
      });
    };
    const first = outcomes();
    expect(new Set(first)).toEqual(new Set([undefined, "fault-up", "fault-down"]));
    expect(outcomes()).toEqual(first);
  });
});

test("Responder counts a rejected packet as received and dropped, before any fault", () => {
  using lab = setUp({ drop: { up: 1, down: 1 } });
  const { clock, traffic, responder } = lab;
  const exchange = new TestExchange(clock);
  responder.refuse(exchange, "own-reply");
  expect([exchange.dropped, traffic.packets, traffic.dropped]).toEqual(["own-reply", 1, 1]);
  expect([traffic.rejects.get("own-reply"), traffic.drops.get("own-reply")]).toEqual([1, 1]);
  expect(traffic.injected.get("drop/up")).toBe(0);
});
