/** The order of delayed packets on a stream. */
import { expect, test } from "bun:test";
import { StreamOrder } from "../../../src/servers/bounds/stream-order.ts";

test("nothing is due before what is queued ahead of it, and what is not delayed itself is queued behind it", () => {
  const order = new StreamOrder();
  expect(order.next(50, 0, false)).toBe(50);
  expect(order.next(20, 10, true)).toBe(50);
  expect(order.next(70, 10, true)).toBe(70);
  expect(order.next(100, 100, true)).toBeWithin(100, 100.01);
  expect(order.next(100, 100, true)).toBeGreaterThan(100);
  expect(order.next(110, 110, false)).toBe(110);
});
