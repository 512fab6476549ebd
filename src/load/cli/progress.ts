/** The live view: a line for each interval and, on a terminal, a bar below them with the latest response times. */

import { formatCount, formatRate, formatSeconds } from "../../base/format.ts";
import type { IntervalSnapshot } from "../measure/snapshot.ts";

const BAR_WIDTH = 24;
const SPARK_WIDTH = 24;
const SPARKS = "▁▂▃▄▅▆▇█";
const CLEAR_LINE = "\r\u001b[K";

/** One interval as one line: what happened since the snapshot before. */
export function progressLine(now: IntervalSnapshot, before: IntervalSnapshot | undefined): string {
  const seconds = now.seconds - (before?.seconds ?? 0);
  const rate = seconds > 0 ? (now.sent - (before?.sent ?? 0)) / seconds : 0;
  const parts = [
    now.protocol.padEnd(4),
    `${now.seconds.toFixed(1)} s`.padStart(9),
    formatRate(rate).padStart(10),
    `answered ${formatCount(now.answered)}`,
    `lost ${formatCount(now.lost)}`,
    ...(now.failed > 0 ? [`failed ${formatCount(now.failed)}`] : []),
    ...(now.late > 0 ? [`late ${formatCount(now.late)}`] : []),
    ...(now.corrupt > 0 ? [`corrupt ${formatCount(now.corrupt)}`] : []),
    ...(now.unsent > 0 ? [`unsent ${formatCount(now.unsent)}`] : []),
    `p50 ${formatSeconds(now.p50)}`,
    `max ${formatSeconds(now.max)}`,
  ];
  return parts.join("  ");
}

/** Values as bars of eight heights from 0 to the greatest; a gap where there is none. */
export function sparkline(values: readonly (number | null)[]): string {
  const most = Math.max(...values.map((value) => value ?? 0));
  return values
    .map((value) => (value === null || most === 0 ? " " : (SPARKS[Math.min(7, Math.floor((value / most) * 8))] ?? " ")))
    .join("");
}

/** How far a run is. */
export function progressBar(seconds: number, totalSeconds: number): string {
  if (!Number.isFinite(totalSeconds)) return `${formatSeconds(seconds)}, without end`;
  const share = Math.min(1, seconds / totalSeconds);
  const full = Math.round(share * BAR_WIDTH);
  return `[${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)}] ${Math.round(share * 100)} % of ${formatSeconds(totalSeconds)}`;
}

/** Turns snapshots of several runs into what a terminal or a log should show. */
export class LiveView {
  readonly #write: (text: string) => void;
  readonly #terminal: boolean;
  readonly #columns: () => number;
  readonly #before = new Map<string, IntervalSnapshot>();
  readonly #recent = new Map<string, (number | null)[]>();

  /** @param terminal whether lines can be rewritten: then a bar stays at the bottom */
  constructor(write: (text: string) => void, terminal: boolean, columns: () => number) {
    this.#write = write;
    this.#terminal = terminal;
    this.#columns = columns;
  }

  /** Shows one interval of one protocol. */
  show(snapshot: IntervalSnapshot): void {
    const { protocol } = snapshot;
    const line = progressLine(snapshot, this.#before.get(protocol));
    this.#before.set(protocol, snapshot);
    this.#recent.set(protocol, [...(this.#recent.get(protocol) ?? []), snapshot.p50].slice(-SPARK_WIDTH));
    if (!this.#terminal) {
      this.#write(`${line}\n`);
      return;
    }
    const bar = [progressBar(snapshot.seconds, snapshot.totalSeconds), ...this.#sparks()].join("  ");
    this.#write(`${CLEAR_LINE}${line}\n${bar.slice(0, this.#columns() - 1)}`);
  }

  #sparks(): string[] {
    return [...this.#recent].map(([protocol, values]) => `${protocol} p50 ${sparkline(values)}`);
  }

  /** Takes the bar away: the report comes. */
  end(): void {
    if (this.#terminal) this.#write(CLEAR_LINE);
  }
}
