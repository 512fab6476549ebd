/** The sums that hold for every report (docs/CONTRACT.md, section 6). */
import { expect } from "bun:test";
import type { RunReport } from "../../../src/load/report/report.ts";

/** Fails unless the counts of a report add up; returns the report. */
export function balanced(report: RunReport): RunReport {
  const { packets, loss } = report;
  expect(packets.planned).toBe(packets.sent + packets.unsent + packets.refused);
  expect(packets.sent).toBe(packets.answered + packets.lost + packets.late + packets.failed + packets.corrupt);
  expect(packets.lost).toBe(packets.lostUp + packets.lostDown + packets.unexplained);
  expect(packets.droppedUp).toBeLessThanOrEqual(packets.lostUp);
  expect(packets.droppedDown).toBeLessThanOrEqual(packets.lostDown);
  for (const count of Object.values(packets)) expect(count).toBeGreaterThanOrEqual(0);
  expect(report.responseTime.count).toBe(packets.answered);
  expect(report.serviceTime.count).toBe(packets.answered);
  expect(report.responseTime.packets).toBe(packets.sent);
  expect(loss.low ?? 0).toBeLessThanOrEqual(loss.ratio);
  expect(loss.high ?? 1).toBeGreaterThanOrEqual(loss.ratio);
  return report;
}
