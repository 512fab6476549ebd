/** The tiles of a protocol's column: the series that each shows and how their values are formatted. */
import { count, duration, inline, octets, percent, type Quantity } from "../../base/format.ts";
import type { Term } from "../../base/glossary.ts";
import type { SeriesName } from "../../live/shapes.ts";

/** One number of a tile. */
export interface TileReading {
  readonly series: SeriesName;
  readonly label: string;
  readonly term: Term;
  readonly format: (value: number | null) => Quantity;
}

/** One or more numbers with a common chart. */
export interface Tile {
  readonly size: "big" | "small";
  /** The first is the most prominent. */
  readonly readings: readonly [TileReading, ...TileReading[]];
  /** Limits of the upper end of the chart's y axis. */
  readonly minTop: number;
  readonly maxTop?: number;
  /** Whether the tile has values only for a protocol with connections. */
  readonly connectionsOnly?: boolean;
}

/** Every tile, from top to bottom. */
export const TILES: readonly Tile[] = [
  {
    size: "big",
    readings: [{ series: "packets", label: "packets", term: "packets per second", format: (v) => count(v, "/s") }],
    minTop: 1,
  },
  {
    size: "big",
    readings: [{ series: "drops", label: "dropped", term: "drop ratio", format: percent }],
    minTop: 0.05,
    maxTop: 1,
  },
  {
    size: "big",
    readings: [
      { series: "mean", label: "average response", term: "average", format: duration },
      { series: "p50", label: "p50", term: "p50", format: duration },
      { series: "p99", label: "p99", term: "p99", format: duration },
    ],
    minTop: 1e-5,
  },
  {
    size: "small",
    readings: [{ series: "connections", label: "connections", term: "connections", format: (v) => count(v) }],
    minTop: 4,
    connectionsOnly: true,
  },
  {
    size: "small",
    readings: [
      { series: "received", label: "bytes in", term: "bytes", format: (v) => octets(v, "/s") },
      { series: "sent", label: "out", term: "bytes", format: (v) => octets(v, "/s") },
    ],
    minTop: 100,
  },
];

/** The current and the highest value of each of a tile's series, as text: the chart's description for screen readers. */
export function describeTile(
  { readings }: Tile,
  values: Readonly<Record<SeriesName, readonly (number | null)[]>>,
): string {
  const parts = readings.map(({ series, label, format }) => {
    const present = values[series].filter((value) => value !== null);
    const highest = present.length === 0 ? null : Math.max(...present);
    return `${label} now ${inline(format(values[series].at(-1) ?? null))}, highest ${inline(format(highest))}`;
  });
  return parts.join("; ");
}
