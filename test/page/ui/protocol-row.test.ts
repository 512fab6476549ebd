/** The mark of a hidden protocol. */
import { expect, test } from "bun:test";
import type { ProtocolNow } from "../../../src/live/shapes.ts";
import { activityOf } from "../../../src/page/ui/protocol-row.ts";

test.each([
  [0, "none", ""],
  [1, "none", "traffic"],
  [0, "drop=0.1", "faults"],
  [7, "drop=0.1", "traffic, faults"],
])("%d packets and the faults %s are marked as “%s”", (packets, text, activity) => {
  const now = { totals: { packets, dropped: 0 }, faults: { text, changes: 0 } } as ProtocolNow; // what the mark reads
  expect(activityOf(now)).toBe(activity);
});
