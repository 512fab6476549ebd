import { expect, test } from "bun:test";
import type { OpenConnection } from "../../../src/base/descriptors.ts";
import { SlowRequests } from "../../../src/servers/http/slow-requests.ts";

/** A connection at descriptor 5 whose numbers the test sets; `secondsSlow` are the seconds at which it is found slow. */
function watch(each: (second: number) => { received: number; acknowledged: number; peer?: string }, seconds: number) {
  const slow = new SlowRequests(15_000);
  const secondsSlow: number[] = [];
  for (let second = 0; second < seconds; second++) {
    const connection: OpenConnection = { descriptor: 5, unansweredMs: 0, peer: "a", ...each(second) };
    if (slow.find([connection], second * 1000).length > 0) secondsSlow.push(second);
  }
  return secondsSlow;
}

test("a request that arrives an octet a second is slow after the limit", () => {
  expect(watch((second) => ({ received: second, acknowledged: 1 }), 18)).toEqual([16, 17]);
  expect(watch((second) => ({ received: Math.floor(second / 10), acknowledged: 1 }), 31)).toEqual([30]);
});

test("a connection is not slow while it is idle, waits for its response, or gets responses", () => {
  expect(watch(() => ({ received: 50, acknowledged: 1 }), 100)).toEqual([]);
  const lateRequest = (second: number) => ({ received: second < 50 ? 50 : 100, acknowledged: second < 1 ? 1 : 200 });
  expect(watch(lateRequest, 100)).toEqual([]);
  const requestLongAfterOpening = (second: number) => ({ received: second < 50 ? 0 : 100, acknowledged: 1 });
  expect(watch(requestLongAfterOpening, 100)).toEqual([]);
  expect(watch((second) => ({ received: second * 50, acknowledged: second * 200 }), 100)).toEqual([]);
  const longUpload = (second: number) => ({ received: Math.min(second, 12) * 1e6, acknowledged: 1 });
  expect(watch(longUpload, 100)).toEqual([]);
});

test("another connection at the same descriptor is another one", () => {
  const replaced = (second: number) =>
    second < 14 ? { received: second, acknowledged: 1 } : { received: 50 + second, acknowledged: 1, peer: "b" };
  expect(watch(replaced, 20)).toEqual([]);
});
