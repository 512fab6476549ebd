import { describe, expect, test } from "bun:test";
import { cleanFate, type DirectionFate, type Fate } from "../../src/faults/decide.ts";
import { DelayQueue } from "../../src/faults/delay-queue.ts";
import type { Direction } from "../../src/faults/faults.ts";
import { FaultPath } from "../../src/faults/path.ts";
import { until } from "../support/until.ts";

/** A packet that is its name. */
class Parcel {
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

/** A path whose end writes down what happens; `failing` names packets that cannot be delivered. */
function setUp(direction: Direction, failing: readonly string[] = [], limit = 100) {
  const events: string[] = [];
  const queue = new DelayQueue(limit, performance);
  const path = new FaultPath<Parcel>(
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
    },
    (kind, way) => events.push(`${kind}/${way}`),
  );
  const carry = (name: string, fault: Partial<DirectionFate> = {}, delay = 0, to = "a") => {
    const fate = cleanFate();
    Object.assign(fate[direction], fault);
    path.carry(new Parcel(name, to), fate, delay === 0 ? 0 : performance.now() + delay, performance.now());
  };
  return { events, queue, path, carry };
}

describe.each(["up", "down"] as const)("%s", (way) => {
  test("without a fault a packet is prepared and delivered", () => {
    const { events, carry } = setUp(way);
    carry("1");
    expect(events).toEqual(["prepare 1", "deliver 1"]);
  });

  test("a lost packet is prepared, counted and not delivered", () => {
    const { events, carry } = setUp(way);
    carry("1", { lostBy: "burst", duplicate: true, corruptAt: 0.5 });
    expect(events).toEqual(["prepare 1", `burst/${way}`, "lose 1 burst"]);
  });

  test("corruption and a status are counted where the packet is delivered", () => {
    const { events, carry } = setUp(way);
    carry("1", { corruptAt: 0, status: 500 });
    expect(events).toEqual(["prepare 1", `status/${way}`, `corrupt/${way}`, "deliver 1"]);
  });

  test("a copy follows a delivery, not a failed one", () => {
    const { events, carry } = setUp(way, ["2"]);
    carry("1", { duplicate: true });
    carry("2", { duplicate: true });
    expect(events).toEqual(["prepare 1", "deliver 1", `duplicate/${way}`, "copy 1", "prepare 2", "deliver 2"]);
  });

  test("a reordered packet follows the next one to the same peer", () => {
    const { events, carry } = setUp(way);
    carry("1", { reorder: true });
    carry("other", {}, 0, "b");
    carry("2", { reorder: true }); // one is held already
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

  test("a reordered packet without a successor is delivered after a while", async () => {
    const { events, carry } = setUp(way);
    carry("1", { reorder: true });
    await until(() => events.includes("deliver 1"), "the packet that is held");
    expect(events).toEqual(["prepare 1", `reorder/${way}`, "deliver 1"]);
  });

  test("a delayed packet is delivered later, by the fate that it had", async () => {
    const { events, queue, path } = setUp(way);
    const fate: Fate = cleanFate();
    fate[way].delayMs = 5;
    fate[way].duplicate = true;
    path.carry(new Parcel("1"), fate, performance.now() + 5, performance.now());
    fate[way].duplicate = false; // the caller reuses its record
    expect([events, queue.size]).toEqual([[`delay/${way}`], 1]);
    await until(() => events.includes("copy 1"), "the delayed packet");
    expect(events).toEqual([`delay/${way}`, "prepare 1", "deliver 1", `duplicate/${way}`, "copy 1"]);
  });

  test("a full queue loses the packet", () => {
    const { events, carry } = setUp(way, [], 0);
    carry("1", { delayMs: 5 }, 5);
    carry("2", { reorder: true }); // cannot be held, so it is delivered at once
    expect(events).toEqual([`delay/${way}`, "overflow 1", "prepare 2", "deliver 2"]);
  });

  test("the fate of the other direction has no effect", () => {
    const { events, path } = setUp(way);
    const fate = cleanFate();
    Object.assign(fate[way === "up" ? "down" : "up"], { lostBy: "drop", duplicate: true, delayMs: 100 });
    path.carry(new Parcel("1"), fate, 0, 0);
    expect(events).toEqual(["prepare 1", "deliver 1"]);
  });
});
