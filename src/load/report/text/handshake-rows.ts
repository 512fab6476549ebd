/** The handshakes of a report as rows of its matrix of times, and as a note. */
import { formatCount, formatSeconds } from "../../../base/format.ts";
import { HANDSHAKE_KINDS, HANDSHAKE_TITLES as TITLES } from "../../measure/handshake-kinds.ts";
import type { RunReport } from "../report.ts";
import type { HandshakeTimes } from "../report-handshakes.ts";

/** The label and the times of each kind of handshakes that the run had: `TLS`, `TLS resumed`. */
export function handshakeTimes({ handshakes }: Pick<RunReport, "handshakes">): (readonly [string, HandshakeTimes])[] {
  return HANDSHAKE_KINDS.flatMap((kind) => {
    const times = handshakes?.[kind] ?? null;
    if (times === null) return [];
    const all = [[TITLES[kind], times.full] as const, [`${TITLES[kind]} resumed`, times.resumed] as const];
    return all.flatMap(([label, values]) => (values.count > 0 ? [[label, values] as const] : []));
  });
}

/** Rows with the columns of `heads`, below a line that names them; none without handshakes. */
export function handshakeRows(report: RunReport, heads: readonly string[]): string[][] {
  const rows = handshakeTimes(report).map(([label, times]) => {
    const values: Readonly<Record<string, unknown>> = { ...times };
    return [`  ${label}`, ...heads.map((head) => cellOf(values[head]))];
  });
  return rows.length === 0 ? [] : [["handshake"], ...rows];
}

function cellOf(value: unknown): string {
  return typeof value === "number" ? formatSeconds(value) : "";
}

/** How many handshakes of each kind there were, and how many failed. */
export function handshakeNotes({ handshakes, via }: RunReport): string[] {
  if (!handshakes) return [];
  const counts = handshakeTimes({ handshakes }).map(([label, { count }]) => `${formatCount(count)} ${label}`);
  const failed = Object.entries(handshakes.failed).map(([code, count]) => `${code} × ${formatCount(count)}`);
  return [
    ...(counts.length === 0 ? [] : [`handshakes, with those of the warm-up: ${counts.join(", ")}`]),
    ...(handshakes.tcp && via?.transport === "tcp"
      ? ["handshakes of TCP are with the relay, so they have neither its faults nor the way to the target"]
      : []),
    ...(failed.length === 0 ? [] : [`handshakes that failed: ${failed.join(", ")}`]),
  ];
}
