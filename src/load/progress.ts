/** The live view: one line a protocol and interval, from snapshots. */
import type { Snapshot } from "./snapshot.ts";
import { formatCount, formatRate, formatSeconds } from "./text.ts";

/** One interval as one line: what happened since the snapshot before. */
export function progressLine(now: Snapshot, before: Snapshot | undefined): string {
  const seconds = now.seconds - (before?.seconds ?? 0);
  const rate = seconds > 0 ? (now.sent - (before?.sent ?? 0)) / seconds : 0;
  const total = Number.isFinite(now.totalSeconds) ? ` of ${formatSeconds(now.totalSeconds)}` : "";
  const parts = [
    now.protocol.padEnd(4),
    `${now.seconds.toFixed(1).padStart(6)} s${total}`,
    formatRate(rate).padStart(9),
    `answered ${formatCount(now.answered)}`,
    `lost ${formatCount(now.lost)}`,
    ...(now.failed > 0 ? [`failed ${formatCount(now.failed)}`] : []),
    ...(now.late > 0 ? [`late ${formatCount(now.late)}`] : []),
    `p50 ${formatSeconds(now.p50)}`,
    `max ${formatSeconds(now.max)}`,
  ];
  return parts.join("  ");
}
