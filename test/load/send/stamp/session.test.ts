import { describe, expect, test } from "bun:test";
import { LabIdentity } from "../../../../src/load/measure/directions/lab-identity.ts";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import { SenderSession } from "../../../../src/load/send/stamp/session.ts";
import { readTimestamp, sequenceOf, ssidOf, writeAnswer } from "../../../../src/stamp/packet.ts";

const SSID = 7;
/** The wall clock is this much ahead of the monotonic clock, ms. */
const WALL = 1_700_000_000_000;

/** A session with a clock that is set by hand. */
function startSession() {
  const clock = { time: 1000, offset: WALL, now: () => clock.time, wallAt: (now: number) => now + clock.offset };
  const recorder = new Recorder();
  const identity = new LabIdentity();
  const settings = { clock, size: 64, timeoutMs: 100, waitMs: 1100, highestRate: 100, ssid: SSID, identity, seed: 1 };
  const session = new SenderSession({ ...settings, recorder });
  const send = () => {
    const packet = session.newPacket();
    session.add(clock.time, clock.time);
    session.stamp(packet, 0, 1, clock.time);
    return packet;
  };
  return { session, recorder, identity, clock, send };
}

/** A reflector's answer to `packet` with its sequence number, 2 ms after the packet was sent. */
function reflect(packet: Buffer, sequence: number): Buffer {
  const answer = Buffer.from(packet);
  const sentAt = readTimestamp(packet, 4);
  writeAnswer(answer, { sequence, receivedAt: sentAt + 2, sentAt: sentAt + 2 });
  return answer;
}

test("packets have the session id, the send time, and numbers from 1", () => {
  const { send } = startSession();
  const packets = [send(), send()];
  expect(packets.map((packet) => [sequenceOf(packet), ssidOf(packet)])).toEqual([
    [1, SSID],
    [2, SSID],
  ]);
  expect(readTimestamp(packets[0] ?? Buffer.alloc(44), 4)).toBeCloseTo(WALL + 1000, 2);
});

test("the send time of a packet is that of its hand-over, not that at which it was added", () => {
  const { session, recorder, clock } = startSession();
  recorder.handOver.start();
  session.add(999, clock.time);
  const packet = session.newPacket();
  session.stamp(packet, 0, 1, clock.time + 5);
  session.handedOver(1);
  expect(readTimestamp(packet, 4)).toBeCloseTo(WALL + 1005, 2);
  session.receive(packet, clock.time + 6);
  expect([recorder.response.max, recorder.service.max]).toEqual([0.007, 0.001]);
  expect(recorder.scheduleError.max).toBe(0.006);
});

test("packets that are passed to the kernel in one call have different send times, none after the call", () => {
  const { session, clock } = startSession();
  for (let packet = 0; packet < 3; packet++) session.add(clock.time, clock.time);
  const sentAt = [3, 2, 1].map((back) => {
    const packet = session.newPacket();
    session.stamp(packet, 0, back, clock.time + 5);
    return readTimestamp(packet, 4) - WALL;
  });
  expect(sentAt[2]).toBeCloseTo(1005, 3);
  expect((sentAt[1] ?? 0) - (sentAt[0] ?? 0)).toBeWithin(0.0007, 0.0013);
  expect((sentAt[2] ?? 0) - (sentAt[1] ?? 0)).toBeWithin(0.0007, 0.0013);
});

test("packets that are passed to the kernel right after they were added, or after others, have different send times", () => {
  const { session, clock } = startSession();
  const pass = (count: number, at: number) => {
    for (let packet = 0; packet < count; packet++) session.add(clock.time, clock.time);
    return Array.from({ length: count }, (_, index) => {
      const packet = session.newPacket();
      session.stamp(packet, 0, count - index, at);
      return readTimestamp(packet, 4);
    });
  };
  const sentAt = [...pass(16, clock.time + 0.002), ...pass(16, clock.time + 0.004), ...pass(1, clock.time + 0.004)];
  const gaps = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(0.0006);
  expect(sentAt[0]).toBeCloseTo(WALL + clock.time, 3);
});

test("a packet that was added before a restart is not written again, and not counted", () => {
  const { session, recorder, clock } = startSession();
  session.add(clock.time, clock.time);
  const next = new Recorder();
  next.handOver.start();
  session.restart(next, SSID + 1);
  const packet = session.newPacket();
  session.stamp(packet, 0, 1, clock.time);
  session.handedOver(1);
  expect([sequenceOf(packet), next.scheduleError.count, recorder.scheduleError.count]).toEqual([0, 0, 0]);
});

describe("receive", () => {
  test("counts an echoed packet and a reflected one as answered", () => {
    const { session, recorder, clock, send } = startSession();
    session.receive(send(), clock.time + 4);
    session.receive(reflect(send(), 0), clock.time + 4);
    expect(recorder.counts).toMatchObject({ sent: 2, answered: 2, bytesSent: 128, bytesReceived: 128 });
    expect(recorder.oneWay.up.count).toBe(1);
    expect(recorder.oneWay.up.max).toBeCloseTo(0.002, 5);
    expect(recorder.statefulAnswers).toBe(1);
  });

  test("counts a damaged answer as corrupt, by its number or by its send time", () => {
    const { session, recorder, clock, send } = startSession();
    const [number, time] = [reflect(send(), 0), reflect(send(), 1)];
    number.writeUInt8((number[27] ?? 0) ^ 64, 27);
    time.writeUInt8((time[29] ?? 0) ^ 1, 29);
    for (const answer of [number, time]) session.receive(answer, clock.time + 1);
    expect(recorder.counts).toMatchObject({ sent: 2, corrupt: 2, answered: 0, unidentified: 0 });
  });

  test.each([0, 0.123456, 1.987, 250.5])(
    "a bit of the send time that is damaged is that of its packet, in a batch sent %p ms later",
    (later) => {
      const { session, recorder, identity, clock } = startSession();
      identity.decide(true);
      clock.offset += later;
      const back = Array.from({ length: 16 }, (_, index) => 16 - index);
      for (const _ of back) session.add(clock.time, clock.time);
      const packets = back.map((place) => {
        const packet = session.newPacket();
        session.stamp(packet, 0, place, clock.time + 5);
        return packet;
      });
      const [first, bits] = [28 * 8, 8 * 8]; // T1 in an answer
      for (const [n, packet] of packets.entries()) {
        session.receive(reflect(packet, n), clock.time + 6);
        for (let bit = first; bit < first + bits; bit++) {
          const answer = reflect(packet, n);
          answer[bit >> 3] = (answer[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          session.receive(answer, clock.time + 6);
        }
        // All of them are further answers to packets that were answered before, and none is one to a later packet.
        expect(recorder.counts).toMatchObject({ answered: n + 1, corrupt: 0, duplicate: bits * (n + 1) });
      }
    },
  );

  test("of two packets whose numbers and send times differ in one bit each, a damaged answer is that of its number", () => {
    const { session, recorder, identity, clock } = startSession();
    identity.decide(true);
    const send = (time: number) => {
      const packet = session.newPacket();
      session.add(time, time);
      session.stamp(packet, 0, 1, time);
      return packet;
    };
    send(clock.time - 1);
    const second = send(clock.time); // number 2, sent at a whole second
    const third = send(clock.time + 31.25); // 2^-5 s later
    const damaged = reflect(third, 2);
    second.copy(damaged, 28, 4, 12);
    session.receive(reflect(second, 1), clock.time + 32);
    session.receive(damaged, clock.time + 32);
    expect(recorder.counts).toMatchObject({ answered: 1, corrupt: 1, duplicate: 0 });
  });

  test("counts an answer without a packet as unknown if it is intact, otherwise as unidentified", () => {
    const { session, recorder, clock, send } = startSession();
    const packet = send();
    packet.writeUInt32BE(900, 0);
    packet.writeUInt32BE(5, 4);
    const answer = reflect(packet, 0);
    session.receive(answer, clock.time);
    expect(recorder.counts).toMatchObject({ unknownAnswers: 1, unidentified: 0 });
    session.receive(Buffer.alloc(64, 255), clock.time);
    session.receive(Buffer.alloc(43), clock.time);
    expect(recorder.counts).toMatchObject({ unknownAnswers: 1, unidentified: 2 });
  });

  test("ignores answers to the session before a restart", () => {
    const { session, recorder, clock, send } = startSession();
    const earlier = send();
    const measured = new Recorder();
    session.restart(measured, SSID + 1);
    clock.time += 500;
    const packet = send();
    for (const bytes of [earlier, reflect(earlier, 0), reflect(packet, 0)]) session.receive(bytes, clock.time + 1);
    expect(measured.counts).toMatchObject({ sent: 1, answered: 1, unknownAnswers: 0, unidentified: 0, corrupt: 0 });
    expect(recorder.counts.answered).toBe(0);
  });
});

/** The answer of a reflector that writes the sender's TTL, as RFC 8762 requires and a lab does not. */
function reflectWithTtl(packet: Buffer, sequence: number): Buffer {
  const answer = reflect(packet, sequence);
  answer.writeUInt8(64, 40);
  return answer;
}

describe("an answer that a lab does not give", () => {
  test("is corrupt if the target is a lab, and answered if it is not", () => {
    for (const [isLab, expected] of [
      [true, { answered: 0, corrupt: 1 }],
      [false, { answered: 1, corrupt: 0 }],
    ] as const) {
      const { session, recorder, identity, clock, send } = startSession();
      identity.decide(isLab);
      session.receive(reflectWithTtl(send(), 0), clock.time + 4);
      expect(recorder.counts).toMatchObject(expected);
    }
  });

  test("is held until that is decided, with its time of arrival", () => {
    for (const [isLab, expected] of [
      [true, { answered: 1, corrupt: 1, lost: 0, late: 0 }],
      [false, { answered: 2, corrupt: 0, lost: 0, late: 0 }],
    ] as const) {
      const { session, recorder, identity, clock, send } = startSession();
      session.receive(reflectWithTtl(send(), 0), clock.time + 4);
      session.receive(reflect(send(), 1), clock.time + 4);
      expect(recorder.counts).toMatchObject({ answered: 1, corrupt: 0 });
      expect(recorder.deferredAnswers).toBe(1);
      session.expire(clock.time + 101); // lost until the answer is counted
      expect(recorder.counts.lost).toBe(1);
      identity.decide(isLab);
      expect(recorder.counts).toMatchObject(expected);
      expect(recorder.deferredAnswers).toBe(0);
      expect(recorder.service.max).toBeCloseTo(0.004, 5);
    }
  });

  test("is not held for longer than its packet is kept", () => {
    const { session, recorder, identity, clock, send } = startSession();
    session.receive(reflectWithTtl(send(), 0), clock.time + 4);
    session.expire(clock.time + 204);
    expect(identity.isLab).toBe(undefined);
    session.expire(clock.time + 205);
    expect(identity.isLab).toBe(false);
    expect(recorder.counts).toMatchObject({ answered: 1, lost: 0 });
  });

  test("is forgotten when the session is restarted", () => {
    const { session, recorder, identity, clock, send } = startSession();
    session.receive(reflectWithTtl(send(), 0), clock.time + 4);
    const measured = new Recorder();
    session.restart(measured, SSID + 1);
    identity.decide(false);
    expect([recorder.deferredAnswers, recorder.counts.answered, measured.counts.answered]).toEqual([0, 0, 0]);
  });
});

test("an intact answer of another session is unknown, so that it does not turn a loss into a corrupt answer", () => {
  const { session, recorder, clock, send } = startSession();
  const packet = send();
  packet.writeUInt16BE(SSID + 9, 14);
  packet.writeUInt32BE(77, 0);
  packet.writeUInt32BE(5, 4);
  session.receive(reflect(packet, 3), clock.time + 1);
  expect(recorder.counts).toMatchObject({ unknownAnswers: 1, unidentified: 0, corrupt: 0 });
});

test("finish adds the reflector's sequence numbers: answers made, arrived, and losses before the last one", () => {
  const { session, recorder, clock, send } = startSession();
  const packets = Array.from({ length: 6 }, send);
  // The reflector received packets 0, 2, 3 and 4 and numbered its answers 0 to 3; that to packet 2 was lost.
  for (const [index, sequence] of [
    [0, 0],
    [3, 2],
    [4, 3],
  ] as const) {
    session.receive(reflect(packets[index] ?? Buffer.alloc(64), sequence), clock.time + 1);
  }
  expect(session.expire(clock.time + 200)).toBe(3);
  session.finish();
  expect(recorder.reflector).toEqual({ reflected: 4, arrived: 3, lostBefore: 2, overtaken: 0 });
});

test.each([3_600_000, -3_600_000])("a step of the own wall clock by %d ms corrupts no answer and no time", (step) => {
  const { session, recorder, identity, clock, send } = startSession();
  identity.decide(true);
  const answers: Buffer[] = [];
  for (let packet = 0; packet < 20; packet++) {
    if (packet === 10) clock.offset += step;
    const answer = send();
    const receivedAt = clock.time + WALL + 2;
    writeAnswer(answer, { sequence: packet, receivedAt, sentAt: receivedAt + 1 });
    answers.push(answer);
    clock.time += 5;
    // The answers to the last packets before the step arrive after it.
    if (packet !== 8 && packet !== 9) for (const late of answers.splice(0)) session.receive(late, clock.time);
  }
  expect(recorder.counts).toMatchObject({ sent: 20, answered: 20, corrupt: 0 });
  expect(recorder.oneWay.up.max).toBeCloseTo(0.002, 5);
  expect(recorder.oneWay.steps).toEqual([{ side: "sender", atSeconds: 0.05, seconds: step / 1000 }]);
  expect(recorder.oneWay.isComparable).toBe(false);
});

test("reads T2 and T3 in the PTP format if the reflector's error estimate names it", () => {
  const { session, recorder, clock, send } = startSession();
  const answer = reflect(send(), 0);
  // S=1, Z=1, scale 12, multiplier 4; TAI is 37 s ahead of UTC.
  answer.writeUInt16BE(0xcc04, 12);
  const tai = clock.time + WALL + 37_000;
  for (const [at, time] of [
    [16, tai + 2],
    [4, tai + 3],
  ] as const) {
    answer.writeUInt32BE(Math.floor(time / 1000), at);
    answer.writeUInt32BE((time % 1000) * 1e6, at + 4);
  }
  session.receive(answer, clock.time + 5);
  expect(recorder.counts).toMatchObject({ answered: 1, corrupt: 0 });
  expect(recorder.oneWay.up.max).toBeCloseTo(37.002, 5);
  expect(recorder.oneWay.down.max).toBeCloseTo(-36.998, 5);
  expect(recorder.server.max).toBeCloseTo(0.001, 5);
  expect(recorder.oneWay.reflectorClock).toEqual({ synchronized: true, format: "ptp", errorSeconds: 2 ** -18 });
  expect(recorder.oneWay.target.offset?.seconds).toBeCloseTo(37, 4);
});
