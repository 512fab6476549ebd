/** The times that parts of a stream wait for the link with the rate. */
import { expect, test } from "bun:test";
import { Distribution } from "../../../src/metrics/counters.ts";
import { SharedLink } from "../../../src/relay/tcp/shared-link.ts";
import { StreamEntry } from "../../../src/relay/tcp/stream-entry.ts";
import { until } from "../../support/until.ts";

test("a part that comes while the timer of the link is late has waited for no negative time", async () => {
  let now = 0;
  const link = new SharedLink({ now: () => now, wallAt: (at) => at }, (error) => {
    throw error;
  });
  link.set({ rate: 8000 }); // 1 octet in a ms
  const other = { rest: 1, next: () => other.rest, take: () => void other.rest-- };
  link.join(other); // leaves at 1 ms
  now = 5;
  const queued = new Distribution([1]);
  const addedAt: number[] = [];
  const entry = new StreamEntry(
    { add: (_part, _data, at) => void addedAt.push(at) },
    () => link,
    () => {},
    queued,
  );
  entry.add({ data: Buffer.from("a"), enteredAt: 5, delayMs: 0 }, 5);
  await until(() => queued.count === 1, "the part past the link");
  expect([queued.sum, addedAt]).toEqual([0, [5]]);
});
