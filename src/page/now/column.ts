/** One protocol's column: its tiles, each one or more numbers and a chart of them. */

import { count, duration, inline, octets, percent, type Quantity } from "../../base/format.ts";
import type { SeriesName } from "../../live/shapes.ts";
import { type Chart, createChart } from "../ui/chart.ts";
import type { Line } from "../ui/chart-style.ts";
import { h } from "../ui/dom.ts";
import { LOOKS, type Protocol, shapeOf } from "../ui/protocols.ts";
import type { Series } from "../ui/series.ts";
import { type Term, term } from "../ui/terms.ts";

/** One number of a tile: which series, and how it reads. */
interface Reading {
  readonly series: SeriesName;
  readonly label: string;
  readonly term: Term;
  readonly format: (value: number | null) => Quantity;
}

/** A part of a column: one or more numbers and a chart of them. */
export interface Tile {
  readonly size: "big" | "small";
  readonly readings: readonly Reading[];
  /** The least top of the chart's axis. */
  readonly atLeast: number;
  readonly most?: number;
}

const TILES: readonly Tile[] = [
  {
    size: "big",
    readings: [{ series: "packets", label: "packets", term: "packets per second", format: (v) => count(v, "/s") }],
    atLeast: 1,
  },
  {
    size: "big",
    readings: [{ series: "drops", label: "dropped", term: "drop ratio", format: percent }],
    atLeast: 0.05,
    most: 1,
  },
  {
    size: "big",
    readings: [
      { series: "mean", label: "average response", term: "average", format: duration },
      { series: "p50", label: "p50", term: "p50", format: duration },
      { series: "p99", label: "p99", term: "p99", format: duration },
    ],
    atLeast: 1e-5,
  },
  {
    size: "small",
    readings: [{ series: "connections", label: "connections", term: "connections", format: (v) => count(v) }],
    atLeast: 4,
  },
  {
    size: "small",
    readings: [
      { series: "received", label: "bytes in", term: "bytes", format: (v) => octets(v, "/s") },
      { series: "sent", label: "out", term: "bytes", format: (v) => octets(v, "/s") },
    ],
    atLeast: 100,
  },
];

/** How the lines of a tile with several readings differ: the first is the fullest. */
function lineOf(protocol: Protocol, { label }: Reading, index: number): Line {
  const { color } = LOOKS[protocol];
  const looks: readonly Omit<Line, "label" | "color">[] = [
    { fill: true },
    { dash: [2, 3], width: 1.2 },
    { dash: [7, 3], width: 1.2 },
  ];
  return { label, color, ...looks[index] };
}

interface Figure {
  readonly reading: Reading;
  readonly value: HTMLElement;
  readonly unit: HTMLElement;
}

/** A column in the page. */
export interface Column {
  readonly protocol: Protocol;
  readonly figures: readonly Figure[];
  readonly charts: readonly { readonly tile: Tile; readonly chart: Chart }[];
  readonly total: HTMLElement;
  readonly faults: HTMLElement;
}

function createFigure(reading: Reading, isFirst: boolean): { figure: Figure; element: HTMLElement } {
  const value = h("span", { class: "value", "data-series": reading.series }, "–");
  const unit = h("span", { class: "unit" });
  const element = h(
    "div",
    { class: isFirst ? "figure first" : "figure" },
    term(reading.term, reading.label),
    h("span", { class: "reading" }, value, unit),
  );
  return { figure: { reading, value, unit }, element };
}

/** Builds the column of a protocol. */
export function createColumn(protocol: Protocol): { column: Column; element: HTMLElement } {
  const { name, motto } = LOOKS[protocol];
  const figures: Figure[] = [];
  const charts: { tile: Tile; chart: Chart }[] = [];
  const tiles = TILES.map((tile) => {
    const made = tile.readings.map((reading, i) => createFigure(reading, i === 0));
    figures.push(...made.map(({ figure }) => figure));
    if (protocol === "udp" && tile.readings[0]?.series === "connections") {
      const note = h("p", { class: "note" }, "none: each datagram stands for itself");
      return h(
        "div",
        { class: `tile ${tile.size}` },
        h("div", { class: "figures" }, ...made.map(({ element }) => element)),
        note,
      );
    }
    const chart = createChart({
      lines: tile.readings.map((reading, i) => lineOf(protocol, reading, i)),
      height: tile.size === "big" ? 76 : 46,
      format: (value) => inline((tile.readings[0]?.format ?? count)(value)),
      atLeast: tile.atLeast,
      ...(tile.most !== undefined && { most: tile.most }),
    });
    charts.push({ tile, chart });
    chart.element.setAttribute("role", "img");
    const names = h("div", { class: "figures" }, ...made.map(({ element }) => element));
    return h("div", { class: `tile ${tile.size}` }, names, chart.element);
  });
  const total = h("p", { class: "total" });
  const faults = h("p", { class: "chip", hidden: true });
  const element = h(
    "article",
    { class: "card column", "data-protocol": protocol, "aria-labelledby": `now-${protocol}` },
    h(
      "header",
      {},
      h("h2", { id: `now-${protocol}` }, shapeOf(LOOKS[protocol]), name),
      h("p", { class: "motto" }, motto),
      faults,
    ),
    ...tiles,
    total,
  );
  return { column: { protocol, figures, charts, total, faults }, element };
}

/** What a chart shows, in words, for those who do not see it. */
export function describe(
  { element }: Chart,
  protocol: Protocol,
  tile: Tile,
  series: Series["columns"][Protocol],
): void {
  const parts = tile.readings.map(({ series: name, label, format }) => {
    const values = series[name].filter((value) => value !== null);
    const highest = values.reduce((most, value) => Math.max(most, value), 0);
    return `${label} now ${inline(format(series[name].at(-1) ?? null))}, highest ${inline(format(values.length ? highest : null))}`;
  });
  element.setAttribute("aria-label", `${LOOKS[protocol].name} over time: ${parts.join("; ")}`);
}
