/** Sessions of the reflector: each sequence number is counted once, in one final state, and the table is limited. */
import { describe, expect, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import { Session } from "../../src/reflector/session.ts";
import { Sessions } from "../../src/reflector/sessions.ts";
import { endAt } from "../support/session.ts";

const UDP = endAt("udp", 7000);
const TCP = endAt("tcp", 6000);
const STAMP = endAt("udp", 862);

/** An empty table of a lab with three ends. */
function newSessions(limit: number): Sessions {
  const sessions = new Sessions(limit);
  for (const end of [UDP, TCP, STAMP]) sessions.addEnd(end);
  return sessions;
}

const WINDOW = 16_384;

function newSession(): Session {
  return new Session(UDP, "127.0.0.1", 4000, 7, 100);
}

/** Adds packets that arrived and were handled, and have no answer yet. */
function handled(session: Session, ...sequences: number[]): Session {
  for (const sequence of sequences) {
    session.arrive(sequence, 100);
    session.handle(sequence);
  }
  return session;
}

function counts({ unique, duplicate, handled, answered, droppedDown, discarded }: Session) {
  return { unique, duplicate, handled, answered, droppedDown, discarded };
}
const ZERO = { unique: 0, duplicate: 0, handled: 0, answered: 0, droppedDown: 0, discarded: 0 };

describe("Session", () => {
  test("starts with counts of 0 and has its source as text", () => {
    expect(counts(newSession())).toEqual(ZERO);
    expect(newSession().source).toBe("127.0.0.1:4000");
    expect(new Session(TCP, "::1", 9, 0, 0).source).toBe("[::1]:9");
  });

  test("counts a packet that was answered", () => {
    const session = handled(newSession(), 0);
    session.answer(0);
    expect(counts(session)).toEqual({ ...ZERO, unique: 1, handled: 1, answered: 1 });
  });

  test("counts a packet that was dropped upstream as received only", () => {
    const session = newSession();
    session.arrive(5, 130);
    expect(counts(session)).toEqual({ ...ZERO, unique: 1 });
    expect([session.firstAt, session.lastAt]).toEqual([100, 130]);
  });

  test("counts packets that were dropped downstream and packets that were discarded", () => {
    const session = handled(newSession(), 0, 1);
    session.dropDown(0);
    session.discard(1);
    expect(counts(session)).toEqual({ ...ZERO, unique: 2, handled: 2, droppedDown: 1, discarded: 1 });
  });
});

describe("Session with duplicates", () => {
  test("counts a second copy as a duplicate, and not as a second answered packet", () => {
    const session = handled(newSession(), 0, 0);
    session.answer(0);
    session.answer(0);
    expect(counts(session)).toEqual({ ...ZERO, unique: 1, duplicate: 1, handled: 1, answered: 1 });
  });

  test("counts a packet with one dropped and one answered copy as answered, in either order", () => {
    for (const dropFirst of [true, false]) {
      const session = handled(newSession(), 3, 3);
      if (dropFirst) session.dropDown(3);
      session.answer(3);
      if (!dropFirst) session.dropDown(3);
      expect(counts(session)).toEqual({ ...ZERO, unique: 1, duplicate: 1, handled: 1, answered: 1 });
    }
  });

  test("counts a packet with one discarded and one answered copy as answered", () => {
    const session = handled(newSession(), 3, 3);
    session.discard(3);
    session.answer(3);
    expect(counts(session)).toEqual({ ...ZERO, unique: 1, duplicate: 1, handled: 1, answered: 1 });
  });

  test("counts a packet with one dropped and one discarded copy once", () => {
    const session = handled(newSession(), 3, 3);
    session.dropDown(3);
    session.discard(3);
    expect(counts(session)).toEqual({ ...ZERO, unique: 1, duplicate: 1, handled: 1, droppedDown: 1 });
  });
});

describe("Session window", () => {
  test("distinguishes reordered packets from duplicates", () => {
    const session = handled(newSession(), 10, 8, 9, 8);
    expect(counts(session)).toEqual({ ...ZERO, unique: 3, duplicate: 1, handled: 3 });
  });

  test("contains 16,384 sequence numbers; an older one is a duplicate", () => {
    const session = handled(newSession(), WINDOW + 5);
    handled(session, 6);
    expect(session.unique).toBe(2);
    handled(session, 5);
    expect([session.unique, session.duplicate]).toEqual([2, 1]);
  });

  test("distinguishes all numbers of a session whose packets are reordered by thousands, from any first number", () => {
    for (const first of [0, 5000, 0xffff_f000]) {
      const session = newSession();
      const seen = new Set<number>();
      const next = random(1, `order ${first}`);
      let duplicates = 0;
      for (let i = 0; i < 20_000; i++) {
        const sequence = (first + Math.floor(i / 2 + next() * 4000)) >>> 0;
        if (seen.has(sequence)) duplicates++;
        seen.add(sequence);
        handled(session, sequence);
        if (i % 3 === 0) session.answer(sequence);
      }
      expect([session.unique, session.duplicate, session.handled]).toEqual([seen.size, duplicates, seen.size]);
    }
  });

  test("continues after the sequence number wraps", () => {
    const session = handled(newSession(), 0xffff_fffe, 0xffff_ffff, 0, 1, 0xffff_ffff);
    for (const sequence of [0xffff_fffe, 0xffff_ffff, 0, 1]) session.answer(sequence);
    expect(counts(session)).toEqual({ ...ZERO, unique: 4, duplicate: 1, handled: 4, answered: 4 });
  });

  test("clears the states that leave it, so that a reused slot is a new packet", () => {
    const session = newSession();
    for (let round = 0; round < 3; round++) handled(session, round * WINDOW + 1);
    expect(session.unique).toBe(3);
    handled(session, 0x7000_0000);
    expect(session.unique).toBe(4);
  });

  test("counts the answer to a delayed packet that has left the window once", () => {
    const session = handled(newSession(), 0, WINDOW + 1);
    session.answer(0);
    session.answer(WINDOW + 1);
    expect(counts(session)).toEqual({ ...ZERO, unique: 2, handled: 2, answered: 2 });
  });

  test("counts no answer to a packet that arrives after it has left the window", () => {
    const session = handled(newSession(), 100_000);
    session.answer(100_000);
    for (const old of [0, 1, 2, 1]) {
      handled(session, old);
      session.answer(old);
      session.dropDown(old);
      session.discard(old);
    }
    expect(counts(session)).toEqual({ ...ZERO, unique: 1, duplicate: 4, handled: 1, answered: 1 });
  });

  test("never counts more final states than handled packets when sequence numbers jump", () => {
    const session = newSession();
    const steps = [0, 1, 0x8000_0000, 0x8000_0001, 0, 0xffff_ffff, 3, 0x7fff_ffff, 0x4000_0000, 20_000, 0];
    for (const sequence of steps) {
      handled(session, sequence);
      session.answer(sequence);
      const { unique, handled: done, answered, droppedDown, discarded } = session;
      expect(done).toBeLessThanOrEqual(unique);
      expect(answered + droppedDown + discarded).toBeLessThanOrEqual(done);
    }
    expect(session.unique + session.duplicate).toBe(steps.length);
  });
});

test("takeSequence counts from 0", () => {
  const session = newSession();
  expect([session.takeSequence(), session.takeSequence(), session.takeSequence()]).toEqual([0, 1, 2]);
});

describe("Sessions", () => {
  test("has one session for each end of the lab, address, port and session id", () => {
    const sessions = newSessions(10);
    const first = sessions.of(UDP, "127.0.0.1", 4000, 7, 0);
    expect(sessions.of(UDP, "127.0.0.1", 4000, 7, 5)).toBe(first);
    const others = [
      sessions.of(TCP, "127.0.0.1", 4000, 7, 0),
      sessions.of(UDP, "127.0.0.2", 4000, 7, 0),
      sessions.of(UDP, "127.0.0.1", 4001, 7, 0),
      sessions.of(UDP, "127.0.0.1", 4000, 8, 0),
      sessions.of(STAMP, "127.0.0.1", 4000, 7, 0),
    ];
    expect(new Set([first, ...others]).size).toBe(6);
    expect(sessions.size).toBe(6);
    expect(sessions.withId(7).map((session) => session.source)).toEqual([
      "127.0.0.1:4000",
      "127.0.0.1:4000",
      "127.0.0.2:4000",
      "127.0.0.1:4001",
      "127.0.0.1:4000",
    ]);
    expect(sessions.withId(9)).toEqual([]);
  });

  test("distinguishes ports and session ids at their limits", () => {
    const sessions = newSessions(10);
    for (const [port, ssid] of [
      [0, 65_535],
      [1, 0],
      [65_535, 0],
      [65_535, 65_535],
      [0, 0],
    ] as const) {
      sessions.of(UDP, "::1", port, ssid, 0);
      sessions.of(TCP, "::1", port, ssid, 0);
    }
    expect([sessions.size, sessions.overflows]).toEqual([10, 0]);
  });

  test("when it is full, evicts the oldest session with few packets and counts an overflow", () => {
    const sessions = newSessions(3);
    const [a, b, c] = [1, 2, 3].map((port) => sessions.of(UDP, "10.0.0.1", port, 0, 0));
    for (const session of [a, b, c]) session?.arrive(0, 0);
    sessions.of(UDP, "10.0.0.1", 4, 0, 1); // all have one packet: evicts the oldest, 1
    expect(
      sessions
        .withId(0)
        .map(({ port }) => port)
        .sort(),
    ).toEqual([2, 3, 4]);
    for (let packet = 1; packet < 8; packet++) b?.arrive(packet, 2);
    sessions.of(UDP, "10.0.0.1", 5, 0, 3); // evicts 3, because 2 is established
    expect(
      sessions
        .withId(0)
        .map(({ port }) => port)
        .sort(),
    ).toEqual([2, 4, 5]);
    expect([sessions.size, sessions.limit, sessions.overflows]).toEqual([3, 3, 2]);
  });

  test("starts an evicted session from 0 when its sender returns", () => {
    const sessions = newSessions(1);
    sessions.of(UDP, "10.0.0.1", 1, 0, 0).arrive(0, 0);
    sessions.of(UDP, "10.0.0.1", 2, 0, 0);
    expect(sessions.of(UDP, "10.0.0.1", 1, 0, 0).unique).toBe(0);
    expect([sessions.size, sessions.overflows]).toEqual([1, 2]);
  });

  test("numbers the answers of a session from 0, and not those of one that was evicted and returns", () => {
    const sessions = newSessions(1);
    const first = (port: number, ssid: number) => sessions.of(UDP, "2001:db8::7", port, ssid, 0).takeSequence();
    expect([first(1, 7), first(2, 7), first(1, 8), first(65_535, 65_535)]).toEqual([0, 0, 0, 0]);
    expect([first(1, 7), first(2, 7), first(1, 8), first(65_535, 65_535)]).toEqual(Array(4).fill(2 ** 31));
    expect([first(3, 7), first(1, 9)]).toEqual([0, 0]);
  });

  test("counts evictions by session id, and a delayed answer of an evicted session changes no other", () => {
    const sessions = newSessions(1);
    const evictionsOf = (ssid: number) => sessions.shownTo("10.0.0.1", true, ssid, 0).evictedSessions;
    expect([evictionsOf(7), evictionsOf(8)]).toEqual([0, 0]);
    const first = handled(sessions.of(UDP, "10.0.0.1", 1, 7, 0), 0, 1);
    const second = sessions.of(UDP, "10.0.0.2", 1, 8, 0);
    first.answer(0); // a delayed answer of the evicted session
    first.arrive(2, 0);
    second.arrive(0, 0);
    expect(counts(second)).toEqual({ ...ZERO, unique: 1 });
    expect([evictionsOf(7), evictionsOf(8), sessions.overflows]).toEqual([1, 0, 1]);
  });

  test("holds no more sessions than the limit during a flood of new sources", () => {
    const sessions = newSessions(64);
    for (let i = 0; i < 20_000; i++) sessions.of(UDP, `10.0.${i >> 8}.${i & 255}`, 1000, i & 0xffff, i).arrive(i, i);
    expect([sessions.size, sessions.overflows]).toEqual([64, 19_936]);
  });
});

/** The `i`-th of many forged sources, each in a network of its own. */
function forgedSource(i: number): string {
  return `${10 + ((i >> 16) & 63)}.${(i >> 8) & 255}.${i & 255}.1`;
}

describe("Sessions in a flood of forged sources", () => {
  /** A packet of each of `count` forged sources, `perMs` in a ms, each with the next session id. */
  function flood(sessions: Sessions, fromMs: number, count: number, perMs = 100, packets = 1): void {
    for (let i = 0; i < count; i++) {
      const now = fromMs + Math.floor(i / perMs);
      const session = sessions.of(UDP, forgedSource(i), 1000, i & 0xffff, now);
      for (let n = 0; n < packets; n++) session.arrive(n, now);
    }
  }

  test.each([1, 8, 20])(
    "keep the session of a client that asked for it first, with %d packets from each source",
    (packets) => {
      const sessions = newSessions(64);
      flood(sessions, 0, 1000, 100, packets);
      const before = sessions.shownTo("192.0.2.7", false, 7, 10).evictedSessions;
      const own = handled(sessions.of(UDP, "192.0.2.7", 4000, 7, 10), 1);
      for (let ms = 10; ms < 20_000; ms += 5000) flood(sessions, ms, 10_000, 2, packets);
      expect(sessions.of(UDP, "192.0.2.7", 4000, 7, 20_000)).toBe(own);
      expect(sessions.shownTo("192.0.2.7", false, 7, 20_000)).toEqual({ sessions: [own], evictedSessions: before });
      expect([sessions.size, sessions.evictions.validated]).toEqual([64, 0]);
    },
  );

  test("keep a session that began before its client asked, and forget it when it has stopped", () => {
    const sessions = newSessions(64);
    const own = handled(sessions.of(UDP, "192.0.2.7", 4000, 7, 0), 1);
    const { evictedSessions } = sessions.shownTo("192.0.2.7", false, 7, 0);
    flood(sessions, 0, 10_000);
    expect(sessions.shownTo("192.0.2.7", false, 7, 1000)).toEqual({ sessions: [own], evictedSessions });
    flood(sessions, 31_000, 10_000);
    const after = sessions.shownTo("192.0.2.7", false, 7, 32_000);
    expect(after).toEqual({ sessions: [], evictedSessions: evictedSessions + 1 });
  });

  test("keep the sessions of a connection, whose source is not forged", () => {
    const sessions = newSessions(64);
    const own = sessions.of(TCP, "192.0.2.7", 4000, 7, 0);
    flood(sessions, 0, 10_000);
    expect(sessions.of(TCP, "192.0.2.7", 4000, 7, 1000)).toBe(own);
  });

  test("keep a session of which nobody asked, if it sends while the table is replaced once", () => {
    const sessions = newSessions(64);
    const own = handled(sessions.of(UDP, "192.0.2.7", 4000, 7, 0), 1);
    for (let n = 2; n < 8; n++) {
      flood(sessions, n, 50);
      expect(handled(sessions.of(UDP, "192.0.2.7", 4000, 7, n), n)).toBe(own);
    }
    flood(sessions, 10, 200);
    expect(sessions.of(UDP, "192.0.2.7", 4000, 7, 11)).not.toBe(own);
  });

  test("a client is told of the eviction of its own sessions, not of those of other addresses with the same id", () => {
    const sessions = newSessions(1);
    const ask = () => sessions.shownTo("192.0.2.7", false, 7, 0).evictedSessions;
    expect(ask()).toBe(0);
    for (let i = 0; i < 10; i++) sessions.of(UDP, forgedSource(i), 1000, 7, 0);
    expect(ask()).toBe(0);
    sessions.of(UDP, "192.0.2.7", 4000, 7, 0);
    sessions.of(UDP, "192.0.2.8", 4000, 7, 0);
    expect(ask()).toBe(1);
  });

  test("a client that was forgotten is told another number, if any session was evicted", () => {
    const sessions = newSessions(1);
    const ask = (client: string) => sessions.shownTo(client, false, 7, 0).evictedSessions;
    expect(ask("192.0.2.7")).toBe(0);
    sessions.of(UDP, "192.0.2.7", 1, 7, 0);
    for (let i = 0; i < 1024; i++) expect(ask(forgedSource(i))).toBe(0);
    expect(ask("192.0.2.7")).toBe(0);
    sessions.of(UDP, forgedSource(0), 1, 9, 0);
    for (let i = 0; i < 2000; i++) ask(forgedSource(i));
    expect(ask("192.0.2.7")).toBe(1);
  });

  test("a flood from one network forgets its own new sessions, and no other's", () => {
    const sessions = newSessions(256);
    const others = Array.from({ length: 240 }, (_, i) => handled(sessions.of(UDP, forgedSource(i), 1, 0, 0), 1));
    for (let i = 0; i < 20_000; i++) sessions.of(UDP, "203.0.113.9", i & 0xffff, i >> 16, 1).arrive(1, 1);
    expect(others.filter((other, i) => sessions.of(UDP, forgedSource(i), 1, 0, 2) !== other)).toEqual([]);
    expect(sessions.evictions).toEqual({ new: 20_000 - 16, established: 0, validated: 0 });
  });
});
