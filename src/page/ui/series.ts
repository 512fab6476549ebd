/** The page's copy of the lab's history: loaded once, then extended by one second per snapshot. */
import { type Protocol, protocolsOf, recordOf } from "../../base/protocol.ts";
import { type HistoryDump, type LiveSnapshot, type Mark, SERIES, type SeriesName } from "../../live/shapes.ts";

/** Values of a series, one per second; null is a gap. */
export type Values = (number | null)[];

/** The series of one protocol. */
export type Columns = Readonly<Record<SeriesName, Values>>;

/** A fault change with its position on the time axis, in s since the Unix epoch. */
export interface PlacedMark extends Mark {
  readonly at: number;
}

function copyColumns(columns: HistoryDump["series"][Protocol]): Columns {
  // Built from every name in SERIES, which is what the type states.
  return Object.fromEntries(SERIES.map((name) => [name, [...(columns?.[name] ?? [])]])) as Columns;
}

/** The history of every protocol that the lab serves, one value per second. */
export class Series {
  readonly columns: Readonly<Partial<Record<Protocol, Columns>>>;
  readonly lab: string;
  /** Times of the values, s since the Unix epoch. */
  times: readonly number[] = [];
  /** The fault changes within the history, the oldest first. */
  marks: readonly PlacedMark[] = [];
  /** The lab's second of the last value. */
  #seconds: number;
  /** Wall clock at the last value, ms since the Unix epoch. */
  #at: number;
  #marks: readonly Mark[];
  readonly #span: number;

  constructor({ lab, seconds, at, span, marks, series }: HistoryDump) {
    this.lab = lab;
    this.#seconds = seconds;
    this.#at = at;
    this.#span = span;
    this.#marks = marks;
    this.columns = recordOf(protocolsOf(series), (protocol) => copyColumns(series[protocol]));
    this.#placeOnAxis();
  }

  /** Values per series. */
  get length(): number {
    return Math.max(0, ...Object.values(this.columns).map(({ packets }) => packets.length));
  }

  /** Appends the next second; false if it is not the next one, so that the history has to be loaded again. */
  push(snapshot: LiveSnapshot): boolean {
    if (snapshot.lab !== this.lab || snapshot.seconds > this.#seconds + 1) return false;
    if (snapshot.seconds <= this.#seconds) return true;
    this.#seconds = snapshot.seconds;
    this.#at = snapshot.at;
    for (const protocol of protocolsOf(this.columns)) {
      for (const name of SERIES) {
        const column = this.columns[protocol]?.[name] ?? [];
        column.push(snapshot.protocols[protocol]?.second[name] ?? null);
        if (column.length > this.#span) column.shift();
      }
    }
    this.#addMarks(snapshot.marks);
    this.#placeOnAxis();
    return true;
  }

  #addMarks(marks: readonly Mark[]): void {
    const kept = this.#marks.filter((mark) => mark.seconds > this.#seconds - this.#span);
    const isKnown = (mark: Mark) =>
      kept.some((other) => other.seconds === mark.seconds && other.protocol === mark.protocol);
    this.#marks = [...kept, ...marks.filter((mark) => !isKnown(mark))];
  }

  /** Computes times and marks back from the last second, so that a step of the wall clock leaves no gap. */
  #placeOnAxis(): void {
    const last = this.#at / 1000;
    const { length } = this;
    this.times = Array.from({ length }, (_, i) => last - (length - 1 - i));
    this.marks = this.#marks.map((mark) => ({ ...mark, at: last - (this.#seconds - mark.seconds) }));
  }
}
