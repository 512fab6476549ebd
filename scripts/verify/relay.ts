/** The relay of a run: its counts are not in the file, but they add up: in + copies = out + dropped + waiting. */
import type { RunReport } from "../../src/load/report/report.ts";
import { type Expectations, exact } from "./expected.ts";

/** Expectations of what left the relay: of octets, and of datagrams. */
export function relayExpectations({ via }: RunReport): Expectations {
  const expected: Expectations = new Map();
  for (const direction of ["up", "down"] as const) {
    const way = via?.[direction];
    if (!way) continue;
    const { bytesIn, copiedBytes, droppedBytes, waitingBytes } = way;
    expected.set(`via.${direction}.bytesOut`, exact(bytesIn + copiedBytes - droppedBytes - waitingBytes));
    if (via?.transport !== "udp") continue;
    const { packetsIn, copies, dropped, waiting, drops } = way;
    expected.set(`via.${direction}.packetsOut`, exact(packetsIn + copies - dropped - waiting));
    expected.set(`via.${direction}.dropped`, exact(Object.values(drops).reduce((sum, count) => sum + count, 0)));
  }
  return expected;
}
