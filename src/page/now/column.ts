/** One protocol's column in the section "Now". */
import { grouped, inline } from "../../base/format.ts";
import { isSecure, type Protocol, REGISTRY } from "../../base/protocol.ts";
import type { LiveSnapshot, ProtocolNow } from "../../live/shapes.ts";
import { type Chart, createChart } from "../ui/chart.ts";
import type { Line } from "../ui/chart-style.ts";
import { h, setText } from "../ui/dom.ts";
import { colorOf, labelOf, titleOf } from "../ui/protocols.ts";
import type { Series } from "../ui/series.ts";
import { term, withTerms } from "../ui/terms.ts";
import { describeTile, TILES, type Tile, type TileReading } from "./tiles.ts";

/** A column of the page. */
export interface Column {
  readonly element: HTMLElement;
  /** Shows the numbers of the second with that index. */
  showNumbers(series: Series, index: number): void;
  /** Draws the last `seconds`. */
  drawCharts(series: Series, seconds: number): void;
  /** Shows the totals and the current faults. */
  showTotals(snapshot: LiveSnapshot): void;
}

interface Figure {
  readonly reading: TileReading;
  readonly element: HTMLElement;
  readonly value: HTMLElement;
  readonly unit: HTMLElement;
}

interface TileView {
  readonly tile: Tile;
  readonly element: HTMLElement;
  readonly figures: readonly Figure[];
  readonly chart: Chart | undefined;
}

function createFigure(reading: TileReading, index: number): Figure {
  const value = h("span", { class: "value", "data-series": reading.series }, "–");
  const unit = h("span", { class: "unit" });
  const element = h(
    "div",
    { class: index === 0 ? "figure first" : "figure" },
    term(reading.term, reading.label),
    h("span", { class: "reading" }, value, unit),
  );
  return { reading, element, value, unit };
}

/** Line styles of a tile's series, the first the most prominent. */
const LINE_STYLES: readonly Omit<Line, "label" | "color">[] = [
  { fill: true },
  { dash: [2, 3], width: 1.2 },
  { dash: [7, 3], width: 1.2 },
];

function createTileChart(protocol: Protocol, { size, readings, minTop, maxTop }: Tile): Chart {
  const [{ format }] = readings;
  return createChart({
    lines: readings.map(({ label }, i) => ({ label, color: colorOf(protocol), ...LINE_STYLES[i] })),
    height: size === "big" ? 76 : 46,
    format: (value) => inline(format(value)),
    minTop,
    ...(maxTop !== undefined && { maxTop }),
  });
}

function createTile(protocol: Protocol, tile: Tile): TileView {
  const figures = tile.readings.map(createFigure);
  const hasValues = !tile.connectionsOnly || REGISTRY[protocol].connections;
  const chart = hasValues ? createTileChart(protocol, tile) : undefined;
  const element = h(
    "div",
    { class: `tile ${tile.size}` },
    h("div", { class: "figures" }, ...figures.map((figure) => figure.element)),
    chart?.element ?? h("p", { class: "note" }, whyNoConnections(protocol)),
  );
  return { tile, element, figures, chart };
}

/** Why there is no number of connections. */
function whyNoConnections(protocol: Protocol): string {
  return isSecure(protocol) ? "the runtime does not report them" : "none: the protocol is connectionless";
}

/** Creates the column of a protocol. */
export function createColumn(protocol: Protocol): Column {
  const tiles = TILES.map((tile) => createTile(protocol, tile));
  const total = h("p", { class: "total" });
  const faults = h("p", { class: "chip", hidden: true });
  const title = h("h2", { id: `now-${protocol}` }, ...labelOf(protocol));
  const summary = h("p", { class: "summary" }, ...withTerms(REGISTRY[protocol].summary));
  const element = h(
    "article",
    { class: "card column", "data-protocol": protocol, "aria-labelledby": title.id },
    h("header", {}, title, summary, faults),
    ...tiles.map((tile) => tile.element),
    total,
  );
  return {
    element,
    showNumbers(series, index) {
      for (const { figures, chart } of tiles) {
        for (const { reading, value, unit } of figures) {
          const known = chart && series.columns[protocol]?.[reading.series][index]; // without a chart there is no number
          const quantity = reading.format(known ?? null);
          setText(value, quantity.value);
          setText(unit, quantity.unit);
        }
      }
    },
    drawCharts(series, seconds) {
      const columns = series.columns[protocol];
      if (!columns) return;
      const marks = series.marks.filter((mark) => mark.protocol === protocol);
      for (const { tile, chart } of tiles) {
        const values = tile.readings.map((reading) => columns[reading.series]);
        chart?.draw(series.times, values, marks, seconds);
        chart?.element.setAttribute("aria-label", `${titleOf(protocol)} over time: ${describeTile(tile, columns)}`);
      }
    },
    showTotals({ protocols }) {
      const now = protocols[protocol];
      if (!now) return;
      const { totals, faults: current } = now;
      setText(total, describeTotals(totals));
      faults.hidden = current.text === "none";
      setText(faults, current.text);
    },
  };
}

function describeTotals({ packets, dropped }: ProtocolNow["totals"]): string {
  return `${grouped(packets)} ${packets === 1 ? "packet" : "packets"} since the start, ${grouped(dropped)} dropped`;
}
