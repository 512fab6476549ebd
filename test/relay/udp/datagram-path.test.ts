/** One direction of a UDP relay: fates, times, order and accounting. The clock is the test's. */
import { describe, expect, test } from "bun:test";
import { type Random, random } from "../../../src/base/random.ts";
import { chance } from "../../../src/faults/decide.ts";
import { DelayQueue } from "../../../src/faults/delay-queue.ts";
import type { Direction } from "../../../src/faults/faults.ts";
import type { LinkFaults } from "../../../src/faults/link-faults.ts";
import { parseLinkFaults } from "../../../src/faults/link-text.ts";
import { DirectionCounts, type LossReason } from "../../../src/relay/counts.ts";
import type { Exit } from "../../../src/relay/udp/datagram.ts";
import { DatagramPath } from "../../../src/relay/udp/datagram-path.ts";

/** A flow that notes what leaves it. */
class TestExit implements Exit {
  delayed = 0;
  delayedBytes = 0;
  isOpen = true;
  readonly out: string[] = [];
  outBytes = 0;
  drops = 0;
  /** The result of the next calls; an error is thrown. */
  result: LossReason | undefined | Error;
  waiting: (() => void)[] = [];
  mostWaiting = 64;

  constructor(readonly name = "a") {}

  transmit(_: Direction, datagram: Buffer): LossReason | undefined {
    if (this.result instanceof Error) throw this.result;
    if (this.result === undefined) {
      this.out.push(datagram.toString("latin1"));
      this.outBytes += datagram.length;
    }
    return this.result;
  }
  lost(): void {
    this.drops++;
  }
  whenOpen(forward: () => void): boolean {
    if (this.waiting.length >= this.mostWaiting) return false;
    this.waiting.push(forward);
    return true;
  }
  open(): void {
    this.isOpen = true;
    for (const forward of this.waiting.splice(0)) forward();
  }
}

const faultsOf = (text: string) => parseLinkFaults("udp", text).up;

function setUp(faults: LinkFaults = {}, { limit = 65_536, limitBytes = 2 ** 28, seed = 1 } = {}) {
  const clock = { at: 0, now: () => clock.at };
  const queue = new DelayQueue(limit, clock, limitBytes);
  const counts = new DirectionCounts();
  const errors: unknown[] = [];
  const path = new DatagramPath(
    "up",
    counts,
    clock,
    queue,
    () => chance(seed, "relay/test"),
    (error) => errors.push(error),
  );
  path.setFaults(faults);
  const exit = new TestExit();
  const send = (data: string | Buffer, to = exit) => path.forward(Buffer.from(data), to, clock.at);
  /** Forwards the names of `count` packets from `from` on. */
  const sendMany = (count: number, from = 0) => {
    for (let i = from; i < from + count; i++) send(`${i}`);
  };
  return { clock, queue, counts, errors, path, exit, send, sendMany };
}

/** Whether in + copies = out + dropped + waiting, in packets and octets, and the drops by reason are all of them. */
function expectBalance(counts: DirectionCounts, what = ""): void {
  const { packetsIn, copies, packetsOut, dropped, waiting } = counts;
  const { bytesIn, copiedBytes, bytesOut, droppedBytes, waitingBytes } = counts;
  expect([what, packetsIn + copies, bytesIn + copiedBytes]).toEqual([
    what,
    packetsOut + dropped + waiting,
    bytesOut + droppedBytes + waitingBytes,
  ]);
  expect(Math.min(waiting, waitingBytes)).toBeGreaterThanOrEqual(0);
  const sum = (tally: DirectionCounts["drops"]) => tally.names.reduce((sum, name) => sum + tally.get(name), 0);
  expect([sum(counts.drops), sum(counts.dropBytes)]).toEqual([dropped, droppedBytes]);
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);

test("the effect delay counts datagrams that were delayed and not lost", async () => {
  const { sendMany, counts, queue } = setUp(faultsOf("drop=0.5/0.5,delay=5/5"));
  sendMany(200);
  await queue.flush();
  const lost = counts.drops.get("drop");
  expect(lost).toBeWithin(70, 130);
  expect([counts.effects.get("delay"), counts.packetsOut]).toEqual([200 - lost, 200 - lost]);
});

describe("without faults", () => {
  test("a datagram of any length passes at once, with its octets", () => {
    const { exit, send, counts } = setUp();
    for (const length of [0, 1, 64, 65_507]) send(Buffer.alloc(length, "x"));
    expect(exit.out.map(({ length }) => length)).toEqual([0, 1, 64, 65_507]);
    expect(counts).toMatchObject({ packetsIn: 4, bytesIn: 65_572, packetsOut: 4, bytesOut: 65_572, waiting: 0 });
  });

  test("the first datagrams of a flow wait until it is open; what does not fit is dropped", () => {
    const { exit, send, sendMany, counts } = setUp();
    exit.isOpen = false;
    exit.mostWaiting = 3;
    sendMany(4);
    expect([counts.waiting, counts.drops.get("memory-limit"), exit.drops]).toEqual([3, 1, 1]);
    expectBalance(counts);
    exit.open();
    send("last");
    expect(exit.out).toEqual(["0", "1", "2", "last"]);
    expect(counts.waiting).toBe(0);
  });

  test("a datagram that the kernel does not accept is dropped with the reason", () => {
    const { exit, send, counts } = setUp();
    exit.result = "send-failed";
    send("abc");
    expect([counts.drops.get("send-failed"), counts.dropBytes.get("send-failed"), exit.drops]).toEqual([1, 3, 1]);
    expectBalance(counts);
  });
});

test.each(["none", "delay=5/0,duplicate=1/0", "duplicate=1/0"])(
  "an error of the relay itself is reported, and the datagram counts as failed: %s",
  async (text) => {
    const { exit, send, counts, errors, queue } = setUp(faultsOf(text));
    const error = new Error("defect");
    exit.result = error;
    send("abc");
    exit.isOpen = false;
    send("defg");
    exit.open();
    await queue.flush();
    expect(errors).toEqual([error, error]);
    expect([counts.drops.get("failed"), counts.dropBytes.get("failed"), counts.waiting]).toEqual([2, 7, 0]);
    expectBalance(counts);
  },
);

test("an error while a copy is sent does not count the datagram as lost", () => {
  const { exit, send, counts, errors } = setUp(faultsOf("duplicate=1/0"));
  const transmit = exit.transmit.bind(exit);
  let calls = 0;
  exit.transmit = (direction, datagram) => {
    if (++calls % 2 === 0) throw new Error("copy");
    return transmit(direction, datagram);
  };
  send("abc");
  expect([errors.length, counts.packetsOut, counts.copies, counts.dropped]).toEqual([1, 1, 0, 0]);
  expectBalance(counts);
});

describe("faults", () => {
  test("lose, duplicate, corrupt and reorder the shares of datagrams that they name", async () => {
    const { exit, sendMany, counts, queue } = setUp(
      faultsOf("drop=0.1,burst=gilbert(0.05,0.5),duplicate=0.2/0,corrupt=0.3/0,reorder=0.1/0"),
    );
    sendMany(20_000);
    await queue.flush();
    const share = (count: number) => count / 20_000;
    expect(share(counts.drops.get("burst"))).toBeCloseTo(0.05 / 0.55, 1.7);
    expect(counts.drops.get("drop") / (20_000 - counts.drops.get("burst"))).toBeCloseTo(0.1, 1.7);
    const kept = counts.packetsIn - counts.dropped;
    expect(counts.effects.get("duplicate") / kept).toBeCloseTo(0.2, 1.7);
    expect(counts.effects.get("corrupt") / kept).toBeCloseTo(0.3, 1.7);
    expect(counts.effects.get("reorder") / kept).toBeCloseTo(0.1, 1.5);
    expect([counts.copies, counts.waiting, exit.out.length]).toEqual([
      counts.effects.get("duplicate"),
      0,
      counts.packetsOut,
    ]);
    expectBalance(counts);
  });

  test("corruption flips one bit, also in a copy; an empty datagram has none", () => {
    const { exit, send, counts } = setUp(faultsOf("corrupt=1/0,duplicate=1/0"));
    send(Buffer.alloc(40));
    send("");
    const bits = exit.out.map((text) => Buffer.from(text, "latin1").reduce((sum, octet) => sum + (octet ? 1 : 0), 0));
    expect(bits).toEqual([1, 1, 0, 0]);
    expect(exit.out[0]).toBe(exit.out[1] ?? "");
    expect(counts.effects.get("corrupt")).toBe(1);
  });

  test("a reordered datagram follows the next one of its flow, not of another", async () => {
    const { exit, send, queue } = setUp(faultsOf("reorder=1/0"));
    const other = new TestExit("b");
    send("1");
    send("x", other);
    send("2");
    expect([exit.out, other.out]).toEqual([["2", "1"], []]);
    await queue.flush();
    expect(other.out).toEqual(["x"]);
  });

  test("the same seed has the same fates, another seed has others", async () => {
    const faults = faultsOf(
      "drop=0.2,delay=uniform(0,50)/0,correlation=0.7,duplicate=0.2/0,corrupt=0.2/0,reorder=0.2/0",
    );
    const run = async (seed: number) => {
      const { exit, sendMany, queue } = setUp(faults, { seed });
      sendMany(200);
      await queue.flush();
      return exit.out;
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  test("datagrams that wait for their flow have the fates of their order", async () => {
    const faults = faultsOf("drop=0.3,delay=uniform(0,50)/0,duplicate=0.3/0");
    const run = async (isOpen: boolean) => {
      const { exit, sendMany, queue } = setUp(faults);
      exit.isOpen = isOpen;
      sendMany(50);
      exit.open();
      await queue.flush();
      return exit.out;
    };
    expect(await run(false)).toEqual(await run(true));
  });

  test("a change starts the random streams again", () => {
    const { exit, path, sendMany } = setUp(faultsOf("drop=0.5"));
    sendMany(64);
    const fates = exit.out.splice(0);
    path.setFaults(faultsOf("drop=0.5"));
    sendMany(64);
    expect(fates.length).toBeWithin(10, 54);
    expect(exit.out).toEqual(fates);
  });

  test("a change leaves what is on its way with its fate", async () => {
    const { exit, send, path, counts, queue } = setUp(faultsOf("delay=50/0,duplicate=1/0"));
    send("before");
    path.setFaults(faultsOf("drop=1"));
    send("lost");
    path.setFaults({});
    send("after");
    expect([exit.out, counts.waiting]).toEqual([["after"], 1]);
    await queue.flush();
    expect(exit.out).toEqual(["after", "before", "before"]);
    expectBalance(counts);
  });
});

describe("order=keep", () => {
  test("datagrams leave in the order in which they came, whatever their delays are", async () => {
    const loose = setUp(faultsOf("delay=uniform(0,50)/0"));
    const kept = setUp(faultsOf("delay=uniform(0,50)/0,order=keep"));
    for (const { sendMany, queue } of [loose, kept]) {
      sendMany(100);
      await queue.flush();
    }
    expect(loose.exit.out).not.toEqual(names(100));
    expect(kept.exit.out).toEqual(names(100));
  });

  test("a datagram without a delay does not pass one that is due, but whose timer is late", async () => {
    const { clock, path, exit, send, queue } = setUp(faultsOf("delay=5/0,order=keep"));
    send("first");
    path.setFaults(faultsOf("order=keep"));
    clock.at = 10;
    send("second");
    expect(exit.out).toEqual([]);
    await queue.flush();
    expect(exit.out).toEqual(["first", "second"]);
    send("third");
    expect(exit.out).toEqual(["first", "second", "third"]);
  });

  test("applies to the datagrams that came before it was set", async () => {
    const { path, exit, send, queue } = setUp(faultsOf("delay=500/0"));
    send("first");
    path.setFaults(faultsOf("delay=1/0,order=keep"));
    send("second");
    await queue.flush();
    expect(exit.out).toEqual(["first", "second"]);
  });
});

describe("a rate", () => {
  /** An octet a millisecond. */
  const SLOW = "rate=8k/0,queue=1000/0";

  test("delays datagrams in its queue and drops what does not fit; both are measured", async () => {
    const { clock, exit, send, counts, queue } = setUp(faultsOf(SLOW));
    for (let i = 0; i < 15; i++) send(Buffer.alloc(100, "x"));
    expect([counts.waiting, counts.waitingBytes, counts.drops.get("queue-full")]).toEqual([10, 1000, 5]);
    expect([counts.queued.count, counts.queued.sum]).toEqual([10, 5.5]); // 0.1 + 0.2 + … + 1 s
    expectBalance(counts);
    clock.at = 1000;
    await queue.flush();
    expect([exit.out.length, counts.waiting]).toEqual([10, 0]);
    expectBalance(counts);
  });

  test("with a longer queue loses less and delays more: bufferbloat", () => {
    const measured = ["10ms", "1s"].map((length) => {
      const { clock, send, counts } = setUp(faultsOf(`rate=80k/0,queue=${length}/0`));
      for (let i = 0; i < 2000; i++, clock.at += 1) send(Buffer.alloc(20, "x")); // twice the rate
      return { lost: counts.dropped / counts.packetsIn, meanMs: (counts.queued.sum / counts.queued.count) * 1000 };
    });
    const [short, long] = measured;
    expect(short?.lost).toBeCloseTo(0.5, 1);
    expect(short?.meanMs).toBeLessThan(10.01);
    expect(long?.lost).toBeCloseTo(0.25, 1); // the queue fills in the first of two seconds
    expect(long?.meanMs).toBeGreaterThan(500);
  });

  test("keeps the order, also of empty datagrams", async () => {
    const { exit, send, queue } = setUp(faultsOf(SLOW));
    for (const data of ["1", "", "2"]) send(data);
    await queue.flush();
    expect(exit.out).toEqual(["1", "", "2"]);
  });

  test("an empty datagram does not pass one that has left the link, but whose timer is late", async () => {
    const { clock, exit, queue, send } = setUp(faultsOf(SLOW));
    send("x".repeat(100)); // 100 ms
    clock.at = 150;
    send("");
    expect(exit.out).toEqual([]);
    await queue.flush();
    expect(exit.out).toEqual(["x".repeat(100), ""]);
  });

  test("a change of it leaves what is queued at its time", async () => {
    const { path, exit, send, queue, counts } = setUp(faultsOf(SLOW));
    send("slow");
    path.setFaults({});
    send("fast");
    await queue.flush();
    expect(exit.out).toEqual(["fast", "slow"]);
    expectBalance(counts);
  });

  test.each([[["rate=8M/0"]], [["none", "rate=8M/0"]]])(
    "after %p, what waits at a low rate loses nothing",
    (changes) => {
      const { path, send, counts, queue } = setUp(faultsOf("rate=8k/0,queue=60kB/0"));
      for (let i = 0; i < 50; i++) send(Buffer.alloc(1000)); // 50 s
      for (const faults of changes) path.setFaults(faultsOf(faults));
      for (let i = 0; i < 50; i++) send(Buffer.alloc(1000)); // the queue has 100 kB
      expect([counts.dropped, counts.waiting]).toEqual([0, 100]);
      expectBalance(counts);
      void queue.flush();
    },
  );
});

describe("the delay queue", () => {
  test("one flow gets eight ninths of it, and others the rest", async () => {
    const { exit, send, sendMany, counts, queue } = setUp(faultsOf("delay=50/0"), { limit: 90 });
    sendMany(200);
    expect([exit.delayed, counts.drops.get("memory-limit")]).toEqual([80, 120]);
    const other = new TestExit("b");
    send("x", other);
    expect(other.delayed).toBe(1);
    await queue.flush();
    expect([exit.out.length, exit.delayed, exit.delayedBytes, other.out]).toEqual([80, 0, 0, ["x"]]);
    expectBalance(counts);
  });

  test("is limited in octets in the same way", async () => {
    const { exit, send, counts, queue } = setUp(faultsOf("delay=50/0"), { limitBytes: 9000 });
    for (let i = 0; i < 20; i++) send(Buffer.alloc(1000));
    const other = new TestExit("b");
    send("x", other);
    expect([exit.delayedBytes, counts.drops.get("memory-limit"), other.delayed]).toEqual([8000, 12, 1]);
    await queue.flush();
    expect(exit.delayedBytes).toBe(0);
    expectBalance(counts);
  });
});

/** A random text of faults of the direction up. */
function randomFaults(draw: Random): string {
  const p = () => (draw() < 0.2 ? 1 : draw() / 2);
  const parts = {
    drop: () => p(),
    burst: () => `gilbert(${p()},${0.1 + p() / 2})`,
    delay: () => ["5", "uniform(0,20)", "normal(5,5)", "pareto(1,1)"][Math.floor(draw() * 4)],
    correlation: () => draw() * 0.99,
    order: () => "keep",
    duplicate: p,
    reorder: p,
    corrupt: p,
    rate: () => `${1 + Math.floor(draw() * 1000)}k`,
    queue: () => (draw() < 0.5 ? `${1 + Math.floor(draw() * 5000)}` : `${draw() * 100}ms`),
  };
  const chosen = Object.entries(parts).filter(() => draw() < 0.4);
  return chosen.map(([kind, value]) => `${kind}=${value()}/0`).join(",");
}

test.each(Array.from({ length: 20 }, (_, i) => i + 1))(
  "in + copies = out + dropped + waiting after every step, seed %d",
  async (seed) => {
    const draw = random(seed, "balance");
    const { clock, queue, counts, path, errors } = setUp({}, { limit: 200, limitBytes: 100_000, seed });
    const exits = Array.from({ length: 5 }, (_, i) => new TestExit(`${i}`));
    const results = [undefined, undefined, undefined, "send-failed", "peer-gone", new Error("defect")] as const;
    for (let step = 0; step < 400; step++) {
      const exit = exits[Math.floor(draw() * exits.length)] ?? new TestExit();
      const kind = draw();
      if (kind < 0.05) path.setFaults(faultsOf(randomFaults(draw)));
      else if (kind < 0.1) exit.result = results[Math.floor(draw() * results.length)];
      else if (kind < 0.15) exit.isOpen = false;
      else if (kind < 0.2) exit.open();
      else if (kind < 0.22) await queue.flush();
      else
        for (let i = draw() * 10; i > 0; i--)
          path.forward(Buffer.alloc(Math.floor(draw() ** 3 * 9000)), exit, clock.at);
      clock.at += draw() * 2;
      expectBalance(counts, `seed ${seed}, step ${step}`);
    }
    for (const exit of exits) exit.open();
    await queue.flush();
    const total = (of: (exit: TestExit) => number) => exits.reduce((sum, exit) => sum + of(exit), 0);
    expect([counts.waiting, counts.waitingBytes, total((exit) => exit.delayed)]).toEqual([0, 0, 0]);
    expect([counts.packetsOut, counts.bytesOut]).toEqual([
      total((exit) => exit.out.length),
      total((exit) => exit.outBytes),
    ]);
    expect(counts.dropped).toBe(total((exit) => exit.drops));
    expect(counts.drops.get("failed")).toBeLessThanOrEqual(errors.length);
    expectBalance(counts);
  },
);
