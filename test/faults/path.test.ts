import { describe, expect, test } from "bun:test";
import { cleanFate, type DirectionFate, type Fate } from "../../src/faults/decide.ts";
import { DelayQueue } from "../../src/faults/delay-queue.ts";
import type { Direction } from "../../src/faults/faults.ts";
import { FaultPath } from "../../src/faults/path.ts";
import { until } from "../support/until.ts";

/** A packet that consists of a name. */
class TestPacket {
  readonly heldBytes = 10;
  constructor(
    readonly name: string,
    readonly to = "a",
  ) {}
  peer(): string {
    return this.to;
  }
  keep(): this {
    return this;
  }
}

/** A path with a list of events; `failing` names packets whose delivery fails. */
function setUp(direction: Direction, failing: readonly string[] = [], limit = 100) {
  const events: string[] = [];
  const queue = new DelayQueue(limit, performance);
  const path = new FaultPath<TestPacket>(
    direction,
    queue,
    {
      prepare: ({ name }) => events.push(`prepare ${name}`),
      lose: ({ name }, fault) => events.push(`lose ${name} ${fault}`),
      overflow: ({ name }) => events.push(`overflow ${name}`),
      deliver: ({ name }) => {
        events.push(`deliver ${name}`);
        return !failing.includes(name);
      },
      deliverCopy: ({ name }) => events.push(`copy ${name}`),
      fail: ({ name }, error) => events.push(`fail ${name} ${error}`),
    },
    (kind, way) => events.push(`${kind}/${way}`),
  );
  const carry = (name: string, fault: Partial<DirectionFate> = {}, delay = 0, to = "a") => {
    const fate = cleanFate();
    Object.assign(fate[direction], fault);
    path.carry(new TestPacket(name, to), fate, delay === 0 ? 0 : performance.now() + delay, performance.now());
  };
  return { events, queue, path, carry };
}

describe.each(["up", "down"] as const)("FaultPath %s", (way) => {
  test("prepares and delivers a packet without a fault", () => {
    const { events, carry } = setUp(way);
    carry("1");
    expect(events).toEqual(["prepare 1", "deliver 1"]);
  });

  test("prepares and counts a lost packet and does not deliver it", () => {
    const { events, carry } = setUp(way);
    carry("1", { lostBy: "burst", duplicate: true, corruptAt: 0.5 });
    expect(events).toEqual(["prepare 1", `burst/${way}`, "lose 1 burst"]);
  });

  test("counts corruption and an injected status of a delivered packet", () => {
    const { events, carry } = setUp(way);
    carry("1", { corruptAt: 0, status: 500 });
    expect(events).toEqual(["prepare 1", `status/${way}`, `corrupt/${way}`, "deliver 1"]);
  });

  test("delivers a copy of a duplicated packet, unless the first delivery failed", () => {
    const { events, carry } = setUp(way, ["2"]);
    carry("1", { duplicate: true });
    carry("2", { duplicate: true });
    expect(events).toEqual(["prepare 1", "deliver 1", `duplicate/${way}`, "copy 1", "prepare 2", "deliver 2"]);
  });

  test("delivers a reordered packet after the next one to the same peer", () => {
    const { events, carry } = setUp(way);
    carry("1", { reorder: true });
    carry("other", {}, 0, "b");
    carry("2", { reorder: true }); // not held, because packet 1 is
    expect(events).toEqual([
      "prepare 1",
      `reorder/${way}`,
      "prepare other",
      "deliver other",
      "prepare 2",
      "deliver 2",
      "deliver 1",
    ]);
  });

  test("delivers a reordered packet without a successor after a time limit", async () => {
    const { events, carry } = setUp(way);
    carry("1", { reorder: true });
    await until(() => events.includes("deliver 1"), "delivery of the held packet");
    expect(events).toEqual(["prepare 1", `reorder/${way}`, "deliver 1"]);
  });

  test("delivers a delayed packet later, with the fate at the time of the call", async () => {
    const { events, queue, path } = setUp(way);
    const fate: Fate = cleanFate();
    fate[way].delayMs = 5;
    fate[way].duplicate = true;
    path.carry(new TestPacket("1"), fate, performance.now() + 5, performance.now());
    fate[way].duplicate = false; // callers reuse the fate
    expect([events, queue.size]).toEqual([[`delay/${way}`], 1]);
    await until(() => events.includes("copy 1"), "delivery of the copy");
    expect(events).toEqual([`delay/${way}`, "prepare 1", "deliver 1", `duplicate/${way}`, "copy 1"]);
  });

  test("loses a delayed packet if the queue is full, and delivers a reordered one at once", () => {
    const { events, carry } = setUp(way, [], 0);
    carry("1", { delayMs: 5 }, 5);
    carry("2", { reorder: true });
    expect(events).toEqual([`delay/${way}`, "overflow 1", "prepare 2", "deliver 2"]);
  });

  test("ignores the fate of the other direction", () => {
    const { events, path } = setUp(way);
    const fate = cleanFate();
    Object.assign(fate[way === "up" ? "down" : "up"], { lostBy: "drop", duplicate: true, delayMs: 100 });
    path.carry(new TestPacket("1"), fate, 0, 0);
    expect(events).toEqual(["prepare 1", "deliver 1"]);
  });
});
