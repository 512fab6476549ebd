/** The progress view: a line for each interval and, on a terminal, a progress bar with the latest response times below. */

import { formatCount, formatRate, formatSeconds } from "../../base/format.ts";
import type { Protocol } from "../../base/protocol.ts";
import type { IntervalSnapshot } from "../measure/snapshot.ts";
import type { WarmUpProgress } from "../plan/warm-up.ts";
import { describeRepetition } from "../report/comparison/run-set.ts";
import { formatTime } from "../report/format-time.ts";
import type { Repetition } from "../report/report-plan.ts";

const BAR_WIDTH = 24;
const SPARKLINE_WIDTH = 24;
/** With less room for each, none is shown. */
const MIN_SPARKLINE_WIDTH = 4;
const MIN_NAME_WIDTH = 4;
const SPARKS = "▁▂▃▄▅▆▇█";
/** An infinite value. */
const OVER = "↑";
const CLEAR_LINE = "\r\u001b[K";

/** The line of an interval. The rate is that since the snapshot `before`; counts are totals. */
function progressLine(now: IntervalSnapshot, before: IntervalSnapshot | undefined, nameWidth: number): string {
  const seconds = now.seconds - (before?.seconds ?? 0);
  const rate = seconds > 0 ? (now.sent - (before?.sent ?? 0)) / seconds : 0;
  const optional = (["failed", "late", "corrupt", "unsent", "refused"] as const).filter((name) => now[name] > 0);
  const parts = [
    now.protocol.padEnd(nameWidth),
    `${now.seconds.toFixed(1)} s`.padStart(9),
    formatRate(rate).padStart(10),
    ...(["answered", "lost", ...optional] as const).map((name) => `${name} ${formatCount(now[name])}`),
    `p50 ${formatTime(now, "p50")}`,
    `max ${formatSeconds(now.max)}`,
  ];
  return parts.join("  ");
}

/** The line of a warm-up: at its start what it is, later how far it is. */
function warmUpLine(
  { protocol, seconds, totalSeconds, sent }: WarmUpProgress,
  isFirst: boolean,
  nameWidth: number,
): string {
  const total = formatSeconds(totalSeconds);
  const text = isFirst
    ? `warm-up of ${total}, which is not measured`
    : `warm-up ${formatSeconds(Math.min(seconds, totalSeconds))} of ${total}, ${formatCount(sent)} sent`;
  return `${protocol.padEnd(nameWidth)}  ${text}`;
}

/** Values as bars of eight heights from 0 to the highest finite value; a missing value is a gap, an infinite one `↑`. */
export function sparkline(values: readonly (number | null)[]): string {
  const max = Math.max(...values.map((value) => (value === null || value === Number.POSITIVE_INFINITY ? 0 : value)));
  const bar = (value: number | null) => {
    if (value === Number.POSITIVE_INFINITY) return OVER;
    return value === null || max === 0 ? " " : (SPARKS[Math.min(7, Math.floor((value / max) * 8))] ?? " ");
  };
  return values.map(bar).join("");
}

/** The elapsed share of a run as a bar. */
export function progressBar(seconds: number, totalSeconds: number): string {
  if (!Number.isFinite(totalSeconds)) return `${formatSeconds(seconds)}, no time limit`;
  const share = Math.min(1, seconds / totalSeconds);
  const full = Math.round(share * BAR_WIDTH);
  return `[${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)}] ${Math.round(share * 100)} % of ${formatSeconds(totalSeconds)}`;
}

/** Shows the snapshots of one or more runs. */
export class ProgressView {
  readonly #write: (text: string) => void;
  readonly #isTerminal: boolean;
  readonly #columns: () => number;
  readonly #title: string;
  readonly #nameWidth: number;
  readonly #before = new Map<string, IntervalSnapshot>();
  readonly #warming = new Set<string>();
  readonly #recent = new Map<string, (number | null)[]>();

  /**
   * @param isTerminal whether lines can be rewritten, so that the bar stays below them
   * @param repetition of a repeated run; its number precedes each line
   * @param protocols those of the run, whose names are padded to the same width
   */
  constructor(
    write: (text: string) => void,
    isTerminal: boolean,
    columns: () => number,
    repetition: Repetition | undefined = undefined,
    protocols: readonly Protocol[] = [],
  ) {
    this.#write = write;
    this.#isTerminal = isTerminal;
    this.#columns = columns;
    this.#nameWidth = Math.max(MIN_NAME_WIDTH, ...protocols.map(({ length }) => length));
    this.#title = repetition === undefined ? "" : `${describeRepetition(repetition)}  `;
  }

  /** Shows a warm-up of one protocol. */
  showWarmUp(progress: WarmUpProgress): void {
    const isFirst = !this.#warming.has(progress.protocol);
    this.#warming.add(progress.protocol);
    const line = `${this.#title}${warmUpLine(progress, isFirst, this.#nameWidth)}`;
    if (!this.#isTerminal) this.#write(`${line}\n`);
    else if (isFirst) this.#write(`${CLEAR_LINE}${line}\n`);
    else {
      const bar = `${this.#title}${progress.protocol.padEnd(this.#nameWidth)}  warm-up ${progressBar(progress.seconds, progress.totalSeconds)}`;
      this.#write(`${CLEAR_LINE}${bar.slice(0, this.#columns() - 1)}`);
    }
  }

  /** Shows an interval of one protocol. */
  show(snapshot: IntervalSnapshot): void {
    const { protocol } = snapshot;
    const line = `${this.#title}${progressLine(snapshot, this.#before.get(protocol), this.#nameWidth)}`;
    this.#before.set(protocol, snapshot);
    const median = snapshot.over.p50 === undefined ? snapshot.p50 : Number.POSITIVE_INFINITY;
    this.#recent.set(protocol, [...(this.#recent.get(protocol) ?? []), median].slice(-SPARKLINE_WIDTH));
    if (!this.#isTerminal) {
      this.#write(`${line}\n`);
      return;
    }
    const progress = progressBar(snapshot.seconds, snapshot.totalSeconds);
    const bar = [`${this.#title}${progress}`, ...this.#sparklines(this.#title.length + progress.length)].join("  ");
    this.#write(`${CLEAR_LINE}${line}\n${bar.slice(0, this.#columns() - 1)}`);
  }

  /** One for each protocol, of the latest values that fit into the line beside `used` columns; none if few fit. */
  #sparklines(used: number): string[] {
    const labels = [...this.#recent.keys()].map((protocol) => `${protocol} p50 `);
    const room = this.#columns() - 1 - used - labels.reduce((sum, { length }) => sum + length + 2, 0);
    const width = Math.min(SPARKLINE_WIDTH, Math.floor(room / labels.length));
    if (width < MIN_SPARKLINE_WIDTH && labels.length > 1) return [];
    return [...this.#recent.values()].map((values, index) => `${labels[index]}${sparkline(values.slice(-width))}`);
  }

  /** Removes the bar, before the report is printed, and says in its place if the run was interrupted. */
  end(isInterrupted = false): void {
    if (this.#isTerminal) this.#write(CLEAR_LINE);
    // The report says after how long: the last line also has the time for which answers were awaited.
    if (isInterrupted && this.#before.size > 0) this.#write(`${this.#title}interrupted\n`);
  }
}
