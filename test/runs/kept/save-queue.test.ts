/** Runs that wait to be saved: order, repetition, limit and end. */
import { expect, test } from "bun:test";
import { StoreBusyError, StoreEndedError } from "../../../src/runs/kept/errors.ts";
import { SaveQueue } from "../../../src/runs/kept/save-queue.ts";
import { until } from "../../support/until.ts";

const run = (details: string) => ({ source: "page", reports: "[]", details }) as const;

/** A queue whose saves are answered by the test. */
function setUp() {
  const attempts: { details: string; resolve(id: number): void; reject(error: Error): void }[] = [];
  const queue = new SaveQueue(({ details }) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    attempts.push({ details, resolve, reject });
    return promise;
  });
  const attempt = (n: number) => {
    return until(() => attempts.length === n && attempts.at(-1), `attempt ${n}`);
  };
  return { queue, attempt };
}

test("a run is tried until it is saved, and the next one follows", async () => {
  const { queue, attempt } = setUp();
  const saved = Promise.all([queue.add(run("a")), queue.add(run("b"))]);
  (await attempt(1)).reject(new StoreBusyError("locked"));
  (await attempt(2)).reject(new StoreEndedError("ended"));
  expect(queue.size).toBe(2);
  (await attempt(3)).resolve(7);
  const next = await attempt(4);
  expect(next.details).toBe("b");
  next.resolve(8);
  expect(await saved).toEqual([7, 8]);
  await queue.emptied();
  expect(queue.size).toBe(0);
});

test("any other error is final", async () => {
  const { queue, attempt } = setUp();
  const saved = queue.add(run("a"));
  const failure = saved.catch((error: Error) => error.message);
  (await attempt(1)).reject(new Error("database or disk is full"));
  expect(await failure).toBe("database or disk is full");
  await queue.emptied();
});

test("at most 32 runs wait; a further one is refused and counted", async () => {
  const { queue } = setUp();
  const waiting = Array.from({ length: 32 }, (_, i) => queue.add(run(`${i}`)).catch((error: Error) => error.name));
  await expect(queue.add(run("x"))).rejects.toThrow(
    new StoreBusyError("32 runs wait until the file of kept runs is unlocked"),
  );
  expect([queue.size, queue.limit, queue.overflows]).toEqual([32, 32, 1]);
  expect(queue.close()).toBe(32);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(["StoreEndedError"]));
  await expect(queue.add(run("y"))).rejects.toThrow("the lab is stopping");
});
