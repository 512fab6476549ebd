import { describe, expect, test } from "bun:test";
import { Budget } from "../../src/base/bounded.ts";
import { Octets } from "../../src/base/octets.ts";

test("a Budget refuses what exceeds its rest, counts that, and takes octets back", () => {
  const budget = new Budget(100);
  expect([budget.reserve(60), budget.reserve(41), budget.reserve(40)]).toEqual([true, false, true]);
  expect([budget.size, budget.limit, budget.overflows]).toEqual([100, 100, 1]);
  budget.release(60);
  expect([budget.size, budget.reserve(60)]).toEqual([40, true]);
});

describe("Octets", () => {
  test("copies what it keeps and passes it on in order, as much as is accepted at a time", () => {
    const budget = new Budget(10_000);
    const octets = new Octets(budget);
    const chunk = Buffer.from("0123456789");
    for (let n = 0; n < 100; n++) expect(octets.append(chunk, 2, 3)).toBe(true);
    chunk.fill("x");
    expect([octets.length, budget.size]).toEqual([300, 512]);
    let read = "";
    const accept = (most: number) => (bytes: Buffer, at: number, length: number) => {
      const taken = Math.min(most, length);
      read += bytes.toString("latin1", at, at + taken);
      return taken;
    };
    octets.drain(accept(290));
    octets.append(Buffer.from("end"));
    octets.drain(() => -1); // a failed write accepts nothing
    expect(octets.view().toString()).toBe("4234234234end");
    octets.drain(accept(1000));
    expect(read).toBe(`${"234".repeat(100)}end`);
    expect([octets.length, budget.size]).toEqual([0, 0]);
  });

  test("uses the room of octets that were passed on before it grows", () => {
    const budget = new Budget(10_000);
    const octets = new Octets(budget);
    octets.append(new Uint8Array(256));
    octets.drain(() => 200);
    octets.append(new Uint8Array(50).fill(7));
    expect([octets.length, budget.size, octets.view()[56]]).toEqual([106, 256, 7]);
  });

  test("frees its memory at once, and leaves the buffers from which it copied alone", () => {
    const octets = new Octets(new Budget(10_000));
    const chunk = Buffer.from("0123456789");
    octets.append(chunk);
    const before = octets.view();
    octets.append(new Uint8Array(300));
    const after = octets.view();
    expect([before.length, after.length]).toEqual([0, 310]);
    octets.clear();
    expect([after.length, chunk.toString()]).toEqual([0, "0123456789"]);
  });

  test("keeps what it has if the budget has no room, and does not grow beyond its own limit", () => {
    const budget = new Budget(1100);
    const octets = new Octets(budget, 600);
    expect(octets.append(new Uint8Array(513))).toBe(true);
    expect(budget.size).toBe(600);
    expect(octets.append(new Uint8Array(600))).toBe(false);
    expect([octets.length, budget.size, budget.overflows]).toEqual([513, 600, 1]);
    octets.clear();
    expect([octets.length, budget.size]).toEqual([0, 0]);
  });
});
