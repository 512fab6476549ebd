/** The page's copy of the lab's history: loaded when it opens, then grown by a second at a time. */
import type { HistoryDump, Mark, SeriesName, Snapshot } from "../../live/shapes.ts";
import { PROTOCOLS, type Protocol } from "./protocols.ts";

/** A series as it is drawn: null is a gap. */
export type Values = (number | null)[];
type Columns = Record<SeriesName, Values>;

/** A change of the faults, with its moment on the axis (s since the Unix epoch). */
export interface PlacedMark extends Mark {
  readonly at: number;
}

function copy(columns: HistoryDump["series"][Protocol]): Columns {
  const { packets, drops, mean, p50, p99, connections, received, sent } = columns;
  return {
    packets: [...packets],
    drops: [...drops],
    mean: [...mean],
    p50: [...p50],
    p99: [...p99],
    connections: [...connections],
    received: [...received],
    sent: [...sent],
  };
}

/** The last quarter of an hour of the lab, a value a second. */
export class Series {
  readonly columns: Readonly<Record<Protocol, Columns>>;
  readonly lab: string;
  /** The lab's second of the last value, and the wall clock then, ms. */
  seconds: number;
  at: number;
  #marks: readonly Mark[];
  readonly #span: number;

  constructor(dump: HistoryDump) {
    this.lab = dump.lab;
    this.seconds = dump.seconds;
    this.at = dump.at;
    this.#span = dump.span;
    this.#marks = dump.marks;
    this.columns = { http: copy(dump.series.http), tcp: copy(dump.series.tcp), udp: copy(dump.series.udp) };
  }

  get length(): number {
    return this.columns.http.packets.length;
  }

  /** Takes in the next second; false where it is not the next one, and the history has to be loaded again. */
  push(snapshot: Snapshot): boolean {
    if (snapshot.lab !== this.lab || snapshot.seconds > this.seconds + 1) return false;
    if (snapshot.seconds <= this.seconds) return true;
    this.seconds = snapshot.seconds;
    this.at = snapshot.at;
    for (const protocol of PROTOCOLS) {
      const columns = this.columns[protocol];
      for (const [name, value] of Object.entries(snapshot.protocols[protocol].second)) {
        const column = columns[name as SeriesName]; // a second has exactly the series' names
        column.push(value);
        if (column.length > this.#span) column.shift();
      }
    }
    const kept = this.#marks.filter((mark) => mark.seconds > this.seconds - this.#span);
    this.#marks = [
      ...kept,
      ...snapshot.marks.filter(
        (mark) => !kept.some((other) => other.seconds === mark.seconds && other.protocol === mark.protocol),
      ),
    ];
    return true;
  }

  /** The moments of the values, s since the Unix epoch: laid from the last one, so that a set clock makes no hole. */
  times(): number[] {
    const last = this.at / 1000;
    const { length } = this;
    return Array.from({ length }, (_, i) => last - (length - 1 - i));
  }

  marks(): PlacedMark[] {
    return this.#marks.map((mark) => ({ ...mark, at: this.at / 1000 - (this.seconds - mark.seconds) }));
  }
}
