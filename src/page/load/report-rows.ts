/** The rows of a report's tables: labels with their definitions, and the value of each report. */
import { count, duration, grouped, inline, NONE, octets, percent } from "../../base/format.ts";
import type { Term } from "../../base/glossary.ts";
import { formatTime } from "../../load/report/format-time.ts";
import type { RunReport, Times } from "../../load/report/report.ts";

/** One row. */
export interface ReportRow {
  readonly label: string;
  readonly cell: (report: RunReport) => string;
  /** Indentation, from 0. */
  readonly depth: number;
  /** The definition that the label opens. */
  readonly term?: Term;
}

function row(label: string, cell: ReportRow["cell"], depth = 0, term?: Term): ReportRow {
  return { label, cell, depth, ...(term !== undefined && { term }) };
}

/** A count; a dash where the direction of the losses is unknown. */
function packets(name: keyof RunReport["packets"]): ReportRow["cell"] {
  return ({ packets, evidence }) => {
    // Kept reports of earlier versions lack columns that were added later.
    const directed = name.endsWith("Up") || name.endsWith("Down");
    return directed && evidence.kind === "none" && packets.lost > 0 ? NONE : grouped(packets[name] ?? 0);
  };
}

/** A duration in s. */
function timeRow(label: string, pick: (report: RunReport) => number | null, term?: Term, depth = 0): ReportRow {
  return row(label, (report) => timeText(pick(report)), depth, term);
}

function timeText(seconds: number | null): string {
  return inline(duration(seconds));
}

/** The interval of the loss, or why there is none. */
function lossInterval({ loss: { low, high, reason } }: RunReport): string {
  return low === null || high === null ? (reason ?? NONE) : `${inline(percent(low))} to ${inline(percent(high))}`;
}

function burstText({ count: bursts, mean }: RunReport["loss"]["bursts"]): string {
  return mean === null ? grouped(bursts) : `${grouped(bursts)}, ${Number(mean.toPrecision(3))}`;
}

const STATISTICS = [
  ["minimum", "min"],
  ["mean", "mean"],
  ["p50", "p50"],
  ["p90", "p90"],
  ["p99", "p99"],
  ["p99.9", "p999"],
  ["maximum", "max"],
] as const satisfies readonly (readonly [string, keyof Times])[];

/** The packet accounting. */
export const ACCOUNTING_ROWS: readonly ReportRow[] = [
  row("planned", packets("planned")),
  row("unsent", packets("unsent")),
  row("refused", packets("refused")),
  row("sent", packets("sent"), 0, "packet accounting"),
  row("answered", packets("answered"), 1),
  row("lost", packets("lost"), 1, "loss direction"),
  row("upstream", packets("lostUp"), 2),
  row("dropped on purpose", packets("droppedUp"), 3),
  row("downstream", packets("lostDown"), 2),
  row("dropped on purpose", packets("droppedDown"), 3),
  row("unexplained", packets("unexplained"), 2, "unexplained"),
  row("late", packets("late"), 1, "late"),
  row("failed", packets("failed"), 1),
  row("corrupt", packets("corrupt"), 1),
  row("duplicate answers", packets("duplicate"), 0, "duplicate answers"),
  row("reordered answers", packets("reordered"), 0, "reordered answers"),
  row("loss", ({ loss }) => inline(percent(loss.ratio)), 0, "loss"),
  row("95 % interval", lossInterval, 1),
  row("bursts, mean length", ({ loss: { bursts } }) => burstText(bursts), 1, "loss bursts"),
];

/** Response, service and server times. */
export const TIME_ROWS: readonly ReportRow[] = [
  row("response time", () => "", 0, "response time"),
  ...STATISTICS.map(([label, name]) =>
    row(
      label,
      ({ responseTime }) => formatTime(responseTime, name, timeText),
      1,
      name === "p50" ? "percentile" : undefined,
    ),
  ),
  row("service time p50", ({ serviceTime }) => formatTime(serviceTime, "p50", timeText), 0, "service time"),
  row("service time p99", ({ serviceTime }) => formatTime(serviceTime, "p99", timeText)),
  timeRow("server time p50", ({ serverTime }) => serverTime.p50, "server time"),
  timeRow("jitter (round-trip)", ({ jitter }) => jitter.rfc3550, "jitter"),
  timeRow("schedule error p99", ({ scheduleError }) => scheduleError.p99, "schedule error"),
];

/** The run itself. */
export const RUN_ROWS: readonly ReportRow[] = [
  row("target", ({ target }) => target),
  row("rate", ({ rate }) => inline(count(rate.achieved, "/s"))),
  row("sent in", ({ durationSeconds }) => inline(duration(durationSeconds))),
  row("bytes sent, received", ({ bytes }) => `${inline(octets(bytes.sent))}, ${inline(octets(bytes.received))}`),
  row("seed", ({ seed }) => String(seed)),
];
