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

/** A packet whose `send` returns the next of `results`, by default the length of a 7-octet response. */
class TestExchange implements Exchange {
  readonly receivedAt: number;
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
  order = (dueAt: number) => dueAt;
  encode(sequence: number, fate: Readonly<DirectionFate>): void {
    this.encoded.push({ sequence, fate: { ...fate } });
  }
  send(): number {
    return this.results[this.sent++] ?? 7;
  }
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
