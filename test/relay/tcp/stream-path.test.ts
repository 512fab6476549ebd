/** One direction of a TCP connection, between ends that the test controls. */
import { expect, test } from "bun:test";
import { Budget } from "../../../src/base/bounded.ts";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { random } from "../../../src/base/random.ts";
import { ITEMS_PER_TURN, nextTurn, TurnLimit } from "../../../src/base/turns.ts";
import { chance } from "../../../src/faults/decide.ts";
import { DelayQueue } from "../../../src/faults/delay-queue.ts";
import { NO_LINK_FAULTS, packetFaultsOf } from "../../../src/faults/link-faults.ts";
import { DirectionCounts } from "../../../src/relay/counts.ts";
import type { LinkShare } from "../../../src/relay/tcp/receive-limit.ts";
import { SharedLink } from "../../../src/relay/tcp/shared-link.ts";
import { type StreamEnding, type StreamFaults, StreamPath } from "../../../src/relay/tcp/stream-path.ts";
import { until } from "../../support/until.ts";
import { octets, tcpFaults } from "../support/tcp.ts";

/** The faults of the direction up of a text. */
function faultsOf(text: string, seed = 1): StreamFaults {
  const { up } = tcpFaults(text);
  const isNone = Object.keys(up).length === 0;
  return { faults: isNone ? NO_LINK_FAULTS : up, packetFaults: packetFaultsOf(up), chance: chance(seed, "test").up };
}

/** A clock that the test sets, and the delay queue on it: entries run at exactly their due times, when the test says so. */
class SteppedQueue extends DelayQueue {
  readonly #entries: { readonly dueAt: number; readonly run: () => void }[] = [];

  constructor(private readonly time = { ms: 1000 }) {
    super(65_536, { now: () => time.ms });
  }

  override put(dueAt: number, run: () => void): boolean {
    this.#entries.push({ dueAt, run });
    return true;
  }

  /** Runs all entries, also those that they add. */
  runAll(): void {
    for (;;) {
      this.#entries.sort((a, b) => a.dueAt - b.dueAt);
      const first = this.#entries.shift();
      if (!first) return;
      this.time.ms = Math.max(this.time.ms, first.dueAt);
      first.run();
    }
  }
}

/** A path, what its source is told, and what its sink got. */
class Rig {
  readonly counts = new DirectionCounts();
  readonly clock: Clock;
  readonly delayQueue: DelayQueue;
  readonly unsent = new Budget(1 << 24);
  readonly link: SharedLink;
  readonly errors: unknown[] = [];
  readonly got: Buffer[] = [];
  readonly lengths: number[] = [];
  /** Octets that the sink accepts, and when the last ones came. */
  room = Number.POSITIVE_INFINITY;
  gotAt: number[] = [];
  isPaused = false;
  /** The shares of the link to which the source was limited. */
  readonly shares: (LinkShare | undefined)[] = [];
  isFinished = false;
  overflows = 0;
  readonly endings: StreamEnding[] = [];
  readonly path: StreamPath;

  constructor(
    text: string,
    { waitingBytes = 1 << 20, delayedBytes = 1 << 28, turn = new TurnLimit() } = {},
    stepped?: SteppedQueue,
  ) {
    this.clock = stepped ? { ...systemClock(), now: () => stepped.clock.now() } : systemClock();
    this.delayQueue = stepped ?? new DelayQueue(65_536, this.clock, delayedBytes);
    this.link = new SharedLink(this.clock, (error) => this.errors.push(error));
    const { counts, clock, delayQueue, unsent, link } = this;
    const source = {
      write: () => 0,
      finish() {},
      pause: () => this.#pause(true),
      resume: () => this.#pause(false),
      limitReceiving: (share: LinkShare | undefined) => void this.shares.push(share),
      readBytes: 0,
    };
    const sink = {
      write: (bytes: Buffer, at: number, length: number) => this.#write(bytes.subarray(at, at + length)),
      finish: () => {
        this.isFinished = true;
      },
      pause() {},
      resume() {},
      limitReceiving() {},
      readBytes: 0,
    };
    const events = {
      onEnded: (ending: StreamEnding) => void this.endings.push(ending),
      onOverflow: () => {
        this.overflows++;
        this.path.close("memory-limit");
      },
      onFailed: (error: unknown) => void this.errors.push(error),
    };
    const faults = faultsOf(text);
    link.set(faults.faults);
    const parts = { counts, clock, delayQueue, turn, unsent, link, waitingBytes };
    this.path = new StreamPath(parts, source, sink, events, faults);
  }

  #pause(isPaused: boolean): void {
    this.isPaused = isPaused;
  }

  #write(bytes: Buffer): number {
    const accepted = Math.min(bytes.length, this.room);
    this.room -= accepted;
    if (accepted === 0) return 0;
    this.got.push(Buffer.from(bytes.subarray(0, accepted)));
    this.lengths.push(accepted);
    this.gotAt.push(this.clock.now());
    return accepted;
  }

  /** Sets the faults, as a relay does. */
  set(text: string): void {
    const faults = faultsOf(text);
    this.link.set(faults.faults);
    this.path.setFaults(faults);
  }

  get received(): Buffer {
    return Buffer.concat(this.got);
  }

  /** What came in less what went out, was dropped and waits: 0. */
  get difference(): number {
    const { bytesIn, bytesOut, droppedBytes, waitingBytes } = this.counts;
    return bytesIn - bytesOut - droppedBytes - waitingBytes;
  }
}

test("without faults octets pass at once, and the FIN behind them", () => {
  const rig = new Rig("none");
  rig.path.data(Buffer.from("abc"));
  expect([rig.received.toString(), rig.counts.bytesOut, rig.path.waiting]).toEqual(["abc", 3, 0]);
  rig.path.end();
  expect([rig.isFinished, rig.endings]).toEqual([true, ["fin"]]);
});

test("octets that the kernel does not accept wait, pause the source, and go before later ones", () => {
  const rig = new Rig("none");
  rig.room = 2;
  rig.path.data(Buffer.from("abc"));
  rig.path.data(Buffer.from("def"));
  rig.path.end();
  expect([rig.received.toString(), rig.path.waiting, rig.isPaused, rig.isFinished]).toEqual(["ab", 4, true, false]);
  expect([rig.counts.bytesOut, rig.counts.waitingBytes]).toEqual([2, 4]);
  rig.room = 3;
  rig.path.drain();
  expect([rig.received.toString(), rig.isPaused, rig.isFinished]).toEqual(["abcde", true, false]);
  rig.room = 9;
  rig.path.drain();
  expect([rig.received.toString(), rig.isFinished, rig.unsent.size]).toEqual(["abcdef", true, 0]);
  expect([rig.counts.packetsIn, rig.counts.packetsOut, rig.counts.added.count]).toEqual([2, 2, 2]);
});

test("a source that was paused for a full sink goes on when nothing waits for it", () => {
  const rig = new Rig("none");
  rig.room = 0;
  rig.path.data(Buffer.from("abc"));
  expect(rig.isPaused).toBe(true);
  rig.room = 3;
  rig.path.drain();
  expect(rig.isPaused).toBe(false);
});

test("delayed octets and their FIN keep their order, whatever their delays", async () => {
  const rig = new Rig("delay=uniform(0,20)/0");
  const sent = octets(40_000);
  for (let at = 0; at < sent.length; at += 1000) rig.path.data(sent.subarray(at, at + 1000));
  rig.path.end();
  expect(rig.isFinished).toBe(false);
  await until(() => rig.isFinished, "the FIN");
  expect(rig.received.equals(sent)).toBe(true);
  expect([rig.path.waiting, rig.delayQueue.octets.size, rig.counts.effects.get("delay")]).toEqual([0, 0, 40]);
  expect(rig.counts.added.sum / rig.counts.added.count).toBeGreaterThan(0.01); // each waits for the longest before it
});

test("the FIN alone is delayed too", async () => {
  const rig = new Rig("delay=40/0");
  const startedAt = performance.now();
  rig.path.end();
  await until(() => rig.isFinished, "the FIN");
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(39.9);
});

test("a delay that is removed lets nothing overtake", async () => {
  const rig = new Rig("delay=60/0");
  rig.path.data(Buffer.from("first "));
  rig.set("none");
  rig.path.data(Buffer.from("second"));
  expect(rig.received.toString()).toBe("");
  await until(() => rig.received.length === 12, "both");
  expect(rig.received.toString()).toBe("first second");
});

test("the same seed gives the same delays, another seed others", () => {
  const addedBy = (seed: number) => {
    const queue = new SteppedQueue();
    const rig = new Rig("none", {}, queue);
    rig.path.setFaults(faultsOf("delay=uniform(0,30)/0,correlation=0.5/0", seed));
    return Array.from({ length: 5 }, () => {
      const before = rig.counts.added.sum;
      rig.path.data(Buffer.from("x"));
      queue.runAll();
      return Math.round((rig.counts.added.sum - before) * 1e6);
    });
  };
  const [one, same, other] = [addedBy(1), addedBy(1), addedBy(2)];
  for (const us of one) expect(us).toBeWithin(0, 30_000);
  expect(new Set(one).size).toBe(5);
  expect(same).toEqual(one);
  expect(other).not.toEqual(one);
});

test("a stall holds octets and the FIN, pauses the source, and lets them pass in order when it ends", () => {
  const rig = new Rig("none");
  rig.path.data(Buffer.from("a"));
  rig.path.stall(true);
  rig.path.setFaults(faultsOf("stall=1"));
  expect(rig.isPaused).toBe(false);
  rig.path.data(Buffer.from("b"));
  rig.path.data(Buffer.from("c"));
  rig.path.end();
  expect([rig.received.toString(), rig.isPaused, rig.isFinished, rig.path.waiting]).toEqual(["a", true, false, 2]);
  rig.path.setFaults(faultsOf("none"));
  rig.path.stall(false);
  expect([rig.received.toString(), rig.isFinished, rig.path.waiting]).toEqual(["abc", true, 0]);
});

test("a limit passes exactly its octets, then the end, and counts the others", () => {
  const rig = new Rig("limit=10/none");
  rig.path.data(octets(4));
  expect(rig.endings).toEqual([]);
  rig.path.data(octets(9));
  expect([rig.received.length, rig.endings, rig.isFinished]).toEqual([10, ["limit"], true]);
  rig.path.data(octets(5));
  rig.set("none");
  rig.path.data(octets(6));
  expect([rig.received.length, rig.counts.dropBytes.get("limit"), rig.difference]).toEqual([10, 14, 0]);
});

test("a limit that is reached exactly ends the stream, without another octet", () => {
  const rig = new Rig("limit=4/none");
  rig.path.data(octets(4));
  expect([rig.received.length, rig.endings, rig.counts.droppedBytes]).toEqual([4, ["limit"], 0]);
});

test("slices have the lengths of the fault, and the time between them", () => {
  const queue = new SteppedQueue();
  const rig = new Rig("slice=slice(100,20,3)/0", {}, queue);
  const sent = octets(1000);
  rig.path.data(sent);
  queue.runAll();
  expect(rig.received.equals(sent)).toBe(true);
  expect(Math.min(...rig.lengths.slice(0, -1))).toBeGreaterThanOrEqual(80);
  expect(Math.max(...rig.lengths)).toBeLessThanOrEqual(120);
  expect(new Set(rig.lengths).size).toBeGreaterThan(1);
  const gaps = rig.gotAt.slice(1).map((at, i) => at - (rig.gotAt[i] ?? 0));
  expect(gaps).toEqual(gaps.map(() => 3));
});

test("slices of one octet do not fill the delay queue, nor hold the event loop", async () => {
  const rig = new Rig("slice=1/0");
  const sent = octets(100_000);
  rig.path.data(sent);
  expect(rig.received.length).toBeLessThan(1000); // the others follow in later turns
  expect(rig.delayQueue.size).toBe(1);
  await until(() => rig.received.length === sent.length, "all slices");
  expect([rig.received.equals(sent), rig.overflows]).toEqual([true, 0]);
});

test("slow-close delays the FIN alone", async () => {
  const rig = new Rig("slow-close=50/0");
  const startedAt = performance.now();
  rig.path.data(Buffer.from("abc"));
  rig.path.end();
  expect([rig.received.toString(), rig.isFinished]).toEqual(["abc", false]);
  await until(() => rig.isFinished, "the FIN");
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49.9);
});

test("a reset of the source follows what waits", async () => {
  const rig = new Rig("delay=30/0");
  rig.path.data(Buffer.from("abc"));
  rig.path.abort();
  expect(rig.endings).toEqual([]);
  await until(() => rig.endings.length > 0, "the end");
  expect([rig.received.toString(), rig.endings, rig.isFinished]).toEqual(["abc", ["reset"], false]);
});

test("a reset after a FIN that waits takes its place", async () => {
  const rig = new Rig("delay=30/0");
  rig.path.data(Buffer.from("abc"));
  rig.path.end();
  rig.path.abort();
  await until(() => rig.endings.length > 0, "the end");
  expect([rig.received.toString(), rig.endings, rig.isFinished]).toEqual(["abc", ["reset"], false]);
});

test("octets that stall are lost when their source resets the connection, and the reset passes when the stall ends", () => {
  const rig = new Rig("stall=1/0");
  rig.path.stall(true);
  rig.path.data(octets(1000));
  rig.path.end();
  rig.path.abort();
  expect([rig.counts.dropBytes.get("stall"), rig.path.waiting, rig.difference, rig.endings]).toEqual([1000, 0, 0, []]);
  rig.path.stall(false);
  expect([rig.received.length, rig.endings, rig.delayQueue.octets.size]).toEqual([0, ["reset"], 0]);
});

test("what waits in every place counts as lost once when the path is closed, and its memory is free at once", () => {
  for (const text of ["none", "delay=60000/0", "rate=100/0", "slice=slice(10,0,60000)/0", "stall=1/0"]) {
    const rig = new Rig(text);
    if (text.startsWith("stall")) rig.path.stall(true);
    rig.room = 5;
    rig.path.data(octets(1000));
    const out = rig.received.length;
    rig.path.close("peer-gone");
    rig.path.data(octets(7));
    expect([text, rig.counts.dropBytes.get("peer-gone"), rig.path.waiting]).toEqual([text, 1007 - out, 0]);
    expect([rig.difference, rig.counts.waitingBytes]).toEqual([0, 0]);
    expect([rig.delayQueue.octets.size, rig.unsent.size]).toEqual([0, 0]);
  }
});

test("octets do not pass those that wait for the kernel, also if it accepts octets again before it says so", () => {
  const rig = new Rig("none");
  rig.room = 2;
  rig.path.data(Buffer.from("abc"));
  rig.room = Number.POSITIVE_INFINITY;
  rig.path.data(Buffer.from("def"));
  expect([rig.received.toString(), rig.path.waiting]).toEqual(["ab", 4]);
  rig.path.drain();
  expect([rig.received.toString(), rig.path.waiting]).toEqual(["abcdef", 0]);
});

test("a late end of a path that is closed takes no place in the delay queue, and is not sent", async () => {
  const rig = new Rig("slow-close=20");
  rig.path.end();
  rig.path.close("peer-gone");
  expect(rig.delayQueue.size).toBe(0);
  const other = new Rig("slow-close=20");
  other.path.end();
  await until(() => other.isFinished, "the end of another path");
  expect([rig.isFinished, rig.endings]).toEqual([false, []]);
});

test("a release sends an end that is late", () => {
  const rig = new Rig("slow-close=60000");
  rig.path.data(Buffer.from("abc"));
  rig.path.end();
  expect([rig.received.toString(), rig.isFinished]).toEqual(["abc", false]);
  rig.path.release();
  expect([rig.isFinished, rig.endings]).toEqual([true, ["fin"]]);
});

test("without slices, no octet waits for the time between two of them", () => {
  const rig = new Rig("slice=slice(10,0,60000)/0");
  rig.path.data(octets(100));
  expect(rig.lengths).toEqual([10]);
  rig.set("limit=1000/none");
  expect(rig.received.equals(octets(100))).toBe(true);
});

test("octets that come after a release do not wait for the time of those before", () => {
  const rig = new Rig("delay=60000/0");
  rig.path.data(octets(5));
  rig.set("limit=1000/none");
  rig.path.release();
  rig.path.data(octets(7));
  expect([rig.received.length, rig.path.waiting]).toEqual([12, 0]);
});

test("the source pauses while all paths together use more than half of the budget", async () => {
  const rig = new Rig("delay=30/0", { delayedBytes: 20_000 });
  let sent = 0;
  for (; sent < 20 && !rig.isPaused; sent++) rig.path.data(octets(1000));
  expect([sent, rig.overflows]).toEqual([9, 0]); // each with the memory of a part
  await until(() => rig.path.waiting === 0, "all octets");
  expect(rig.isPaused).toBe(false);
});

test("octets beyond the budget are an overflow, counted", () => {
  const rig = new Rig("delay=60000/0", { delayedBytes: 10_000 });
  for (let i = 0; i < 20; i++) rig.path.data(octets(1000));
  expect([rig.overflows, rig.path.waiting, rig.difference]).toEqual([1, 0, 0]);
  expect(rig.counts.dropBytes.get("memory-limit")).toBe(20_000);
});

test("the source pauses when more than the limit waits, also in tiny parts, and goes on later", async () => {
  const rig = new Rig("delay=30/0", { waitingBytes: 10_000 });
  for (let i = 0; i < 90 && !rig.isPaused; i++) rig.path.data(octets(1));
  expect([rig.isPaused, rig.path.waiting]).toEqual([true, 78]); // each part costs memory besides its octet
  await until(() => rig.path.waiting === 0, "all octets");
  expect(rig.isPaused).toBe(false);
});

test("a source is limited to its share of the link: at the start, when the rate changes and when others have joined", () => {
  const rig = new Rig("rate=8M/0,queue=64kB");
  const whole = { queueBytes: 64_000, rate: 8e6 };
  expect(rig.shares).toEqual([whole]);
  let left = 10_000_000; // of another connection
  rig.link.join({
    next: (most) => Math.min(most, left),
    take(length) {
      left -= length;
    },
  });
  rig.path.data(Buffer.alloc(100_000));
  expect([rig.isPaused, rig.shares.at(-1)]).toEqual([true, { queueBytes: 32_000, rate: 4e6 }]);
  rig.set("rate=4M/0");
  expect(rig.shares.at(-1)).toEqual({ queueBytes: 25_000, rate: 2e6 }); // 100 ms
  rig.set("none");
  expect(rig.shares.at(-1)).toBeUndefined();
  expect(new Rig("none").shares).toEqual([undefined]);
});

test("the time of each part in the queue is measured, and nothing without a rate", async () => {
  const rig = new Rig("rate=800k/0");
  rig.path.data(Buffer.alloc(1000)); // 10 ms
  rig.path.data(Buffer.alloc(2000)); // 20 ms more
  await until(() => rig.counts.bytesOut === 3000, "all octets");
  const { count, sum } = rig.counts.queued;
  expect(count).toBe(2);
  expect(sum * 1000).toBeWithin(39, 41);
  rig.set("none");
  rig.path.data(Buffer.alloc(1000));
  expect(rig.counts.queued.count).toBe(2);
});

test("a rate that is removed lets what waits pass at once, in order", () => {
  const rig = new Rig("rate=1k/0");
  const sent = octets(5000);
  rig.path.data(sent);
  expect([rig.received.length, rig.path.waiting, rig.isPaused]).toEqual([0, 5000, true]);
  rig.set("none");
  rig.path.data(Buffer.from("end"));
  expect(rig.received.equals(Buffer.concat([sent, Buffer.from("end")]))).toBe(true);
  expect(rig.isPaused).toBe(false);
});

const CHANGES = [
  "none",
  "none",
  "delay=2/0",
  "delay=uniform(0,4)/0",
  "delay=uniform(0,3)/0,correlation=0.9/0",
  "rate=40M/0",
  "rate=8M/0,queue=5kB/0",
  "rate=20M/0,delay=1/0",
  "slice=700/0",
  "slice=slice(300,200,0.2)/0",
  "slow-close=3/0",
  "delay=1/0,slice=slice(400,10,0.1)/0,rate=30M/0,slow-close=2/0",
];

/** Feeds a path at random and checks it at each step; returns what was sent, how it ended, and the rig. */
async function play(seed: number): Promise<{ rig: Rig; sent: Buffer; ending: string }> {
  const draw = random(seed, "stream-path");
  const below = (n: number) => Math.floor(draw() * n);
  const rig = new Rig(CHANGES[below(CHANGES.length)] ?? "none");
  const source = octets(400_000, seed);
  let at = 0;
  let isStalled = false;
  const check = () => {
    expect([seed, rig.difference, rig.counts.waitingBytes]).toEqual([seed, 0, rig.path.waiting]);
    expect(rig.received.equals(source.subarray(0, rig.counts.bytesOut))).toBe(true);
  };
  const send = () => {
    const length = 1 + below(below(4) === 0 ? 20_000 : 300);
    rig.path.data(Buffer.from(source.subarray(at, at + length)));
    at = Math.min(source.length, at + length);
  };
  const steps: readonly (() => void)[] = [
    send,
    send,
    send,
    () => {
      rig.room = below(3) === 0 ? Number.POSITIVE_INFINITY : below(5000);
      rig.path.drain();
    },
    () => rig.set(CHANGES[below(CHANGES.length)] ?? "none"),
    () => {
      isStalled = !isStalled && below(3) === 0;
      rig.path.stall(isStalled);
    },
  ];
  for (let step = 0; step < 120; step++) {
    steps[below(steps.length)]?.();
    check();
    if (below(4) === 0) await nextTurn();
    check();
  }
  const ending = (["fin", "reset", "close", "limit"] as const)[below(4)] ?? "fin";
  rig.path.stall(false);
  rig.room = Number.POSITIVE_INFINITY;
  rig.path.drain();
  const sent = source.subarray(0, at);
  if (ending === "close") rig.path.close("peer-gone");
  else if (ending === "fin") rig.path.end();
  else if (ending === "reset") rig.path.abort();
  else {
    rig.set(`limit=${at + 10}/none`);
    rig.path.data(Buffer.from(source.subarray(at, at + 30)));
    await until(() => rig.endings.length > 0, `the limit of seed ${seed}`);
    check();
    return { rig, sent: source.subarray(0, at + 10), ending };
  }
  check();
  if (ending !== "close") await until(() => rig.endings.length > 0, `the end of seed ${seed}`);
  check();
  return { rig, sent, ending };
}

test.each(Array.from({ length: 24 }, (_, n) => n + 1))(
  "random octets, faults, changes, stalls and ends (seed %d): nothing is lost, reordered or miscounted",
  async (seed) => {
    const { rig, sent, ending } = await play(seed);
    expect([rig.errors, rig.overflows, rig.path.waiting, rig.counts.waitingBytes]).toEqual([[], 0, 0, 0]);
    expect([rig.delayQueue.octets.size, rig.unsent.size]).toEqual([0, 0]);
    if (ending === "close") expect(sent.subarray(0, rig.received.length).equals(rig.received)).toBe(true);
    else expect([rig.endings, Bun.hash(rig.received)]).toEqual([[ending as StreamEnding], Bun.hash(sent)]);
  },
);

test.each(["slice=1", "slice=1,rate=1G", "delay=1,slice=1"])(
  "%s: the segments of all paths together that leave in one turn are limited, and all arrive in order",
  async (faults) => {
    const turn = new TurnLimit();
    const rigs = Array.from({ length: 20 }, () => new Rig(faults, { turn }));
    const passed = () => rigs.reduce((sum, { lengths }) => sum + lengths.length, 0);
    for (const rig of rigs) rig.path.data(octets(200));
    expect(passed()).toBeLessThanOrEqual(ITEMS_PER_TURN);
    let before = passed();
    while (passed() < 20 * 200) {
      await nextTurn();
      // The limit ends at some place in a turn: between two places, it can be used twice.
      expect(passed() - before).toBeLessThanOrEqual(2 * ITEMS_PER_TURN);
      before = passed();
    }
    for (const rig of rigs) {
      expect(Buffer.concat(rig.got).equals(octets(200))).toBe(true);
      expect([rig.path.waiting, rig.counts.waitingBytes]).toEqual([0, 0]);
    }
  },
);
