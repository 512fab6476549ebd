/** A link with a rate: departure times, its queue, and changes. */
import { expect, test } from "bun:test";
import { Rate } from "../../src/relay/rate.ts";

/** A link of 8 kbit/s, an octet a millisecond. */
function linkWith(queue: { bytes: number } | { ms: number } | undefined) {
  const rate = new Rate();
  expect(rate.set({ rate: 8000, ...(queue && { queue }) }, 0)).toBe(true);
  return rate;
}

test("packets leave one after another, each after its time on the link", () => {
  const rate = linkWith({ bytes: 1000 });
  expect([rate.send(100, 0), rate.send(50, 10), rate.send(20, 500)]).toEqual([100, 150, 520]);
  expect([rate.backlog(500), rate.backlog(510), rate.backlog(600)]).toEqual([20, 10, 0]);
});

test("a packet that does not fit into the queue is not accepted, and one that does, behind it, is", () => {
  const rate = linkWith({ bytes: 150 });
  rate.send(100, 0);
  expect([rate.accepts(51, 0), rate.accepts(50, 0)]).toEqual([false, true]);
  expect([rate.accepts(51, 0.5), rate.accepts(51, 1)]).toEqual([false, true]);
});

test("an idle link accepts a packet that is larger than its queue", () => {
  const rate = linkWith({ bytes: 1 });
  expect(rate.accepts(1500, 0)).toBe(true);
  rate.send(1500, 0);
  expect([rate.accepts(1, 1499.5), rate.accepts(1500, 1500)]).toEqual([false, true]);
});

test.each([
  [undefined, 100],
  [{ ms: 20 }, 20],
  [{ ms: 0 }, 0],
])("a queue of %p holds %d octets at an octet a millisecond", (queue, octets) => {
  const rate = linkWith(queue);
  rate.send(1, 0);
  const fits = Array.from({ length: 200 }, (_, i) => i + 1).filter((bytes) => rate.accepts(bytes, 0));
  expect(fits.length + 1).toBe(Math.max(1, octets)); // the one on the link is in the queue too
});

test("at a lower rate, what was accepted leaves at its time, and what follows leaves behind it", () => {
  const rate = linkWith({ bytes: 1000 });
  rate.send(100, 0);
  rate.set({ rate: 800 }, 50);
  expect([rate.backlog(50), rate.send(10, 50)]).toEqual([5, 200]);
});

test("at a higher rate, what follows waits behind the octets that wait, as long as they would take at this rate", () => {
  const rate = linkWith({ bytes: 1000 });
  rate.send(100, 0);
  rate.set({ rate: 80_000 }, 50);
  expect([rate.backlog(50), rate.send(100, 50)]).toEqual([50, 65]);
});

test("a change to the same rate changes no time, and one to none leaves an idle link", () => {
  const rate = linkWith({ bytes: 1000 });
  rate.send(100, 0);
  expect([rate.set({ rate: 8000 }, 50), rate.backlog(50)]).toEqual([true, 50]);
  expect([rate.set({}, 50), rate.set({ rate: 8000 }, 60), rate.backlog(60)]).toEqual([false, true, 0]);
});

test("the time until half of the queue is free", () => {
  const rate = linkWith({ bytes: 100 });
  rate.send(100, 0);
  expect([rate.pause(0), rate.pause(30), rate.pause(60)]).toEqual([50, 20, 0]);
});
