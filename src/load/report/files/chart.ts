/** Charts as SVG text, without scripts, fonts or external resources. */

/** A point, in the units of the chart's axes. Null is a gap in the line; Infinity is a mark at the upper edge, and a gap. */
export type Point = readonly [x: number, y: number | null];

/** The data of a line or of a row of bars. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** CSS class of its colour and dash pattern. Default: by its position. */
  readonly style?: string;
  /** A character at the end of the line, so that colour is not the only distinction. */
  readonly mark?: string;
}

/** A tick of an axis, at a value on the axis. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** A chart. */
export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Draws bars instead of lines. */
  readonly bars?: boolean;
  /** Default: round values from 0. */
  readonly xTicks?: readonly Tick[];
  readonly formatX?: (x: number) => string;
  readonly formatY: (y: number) => string;
  /** What a mark at the upper edge is, for the legend. */
  readonly infinite?: string;
}

const WIDTH = 640;
const HEIGHT = 280;
const LEFT = 72;
const RIGHT = 16;
const TOP = 16;
const BOTTOM = 48;
const TICKS = 5;

/** Escapes text for HTML content and attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** About five ticks from 0 to at least `max`, at steps of 1, 2 or 5 times a power of ten. */
export function niceTicks(max: number): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(max / step - 1e-9) + 1 }, (_, index) => index * step);
}

/** Converts values to coordinates. */
interface Scale {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

function coordinate(value: number): string {
  return value.toFixed(1);
}

function axes(chart: Chart, scale: Scale, xTicks: readonly Tick[], yTicks: readonly number[]): string {
  const bottom = HEIGHT - BOTTOM;
  const horizontal = yTicks.map((tick) => {
    const y = coordinate(scale.y(tick));
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/><text x="${LEFT - 8}" y="${y}" dy="0.32em" text-anchor="end">${escapeHtml(chart.formatY(tick))}</text>`;
  });
  const vertical = xTicks.map((tick) => {
    const x = coordinate(scale.x(tick.at));
    return `<line class="tick" x1="${x}" x2="${x}" y1="${bottom}" y2="${bottom + 5}"/><text x="${x}" y="${bottom + 18}" text-anchor="middle">${escapeHtml(tick.label)}</text>`;
  });
  const middle = (TOP + bottom) / 2;
  return [
    ...horizontal,
    ...vertical,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(chart.xLabel)}</text>`,
    `<text transform="translate(14 ${middle}) rotate(-90)" text-anchor="middle">${escapeHtml(chart.yLabel)}</text>`,
  ].join("");
}

/** A point with a value. */
type Known = readonly [x: number, y: number];

function isFinitePoint(point: Point): point is Known {
  return point[1] !== null && Number.isFinite(point[1]);
}

/** The points between gaps. */
function segmentsOf(points: readonly Point[]): Known[][] {
  const segments: Known[][] = [[]];
  for (const point of points) {
    if (isFinitePoint(point)) segments.at(-1)?.push(point);
    else segments.push([]);
  }
  return segments.filter((segment) => segment.length > 0);
}

function styleOf({ style }: Series, index: number): string {
  return style ?? `s${index}`;
}

function drawLine(series: Series, scale: Scale, index: number): string {
  const { points } = series;
  const style = styleOf(series, index);
  const shapes = segmentsOf(points).map((segment) => drawSegment(segment, scale, style));
  const last = points.findLast(isFinitePoint);
  const end =
    series.mark === undefined || last === undefined
      ? ""
      : `<text class="dot ${style}" x="${coordinate(scale.x(last[0]))}" y="${coordinate(scale.y(last[1]))}" dy="0.35em" text-anchor="middle">${escapeHtml(series.mark)}</text>`;
  return [
    ...shapes,
    end,
    ...points.filter(([, y]) => y === Number.POSITIVE_INFINITY).map(([x]) => drawMark(x, scale, index, style)),
  ].join("");
}

function drawSegment(points: readonly Known[], scale: Scale, style: string): string {
  if (points.length === 1 && points[0] !== undefined) {
    return `<circle class="dot ${style}" cx="${coordinate(scale.x(points[0][0]))}" cy="${coordinate(scale.y(points[0][1]))}" r="3"/>`;
  }
  const path = points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${coordinate(scale.x(x))} ${coordinate(scale.y(y))}`);
  return `<path class="line ${style}" d="${path.join("")}"/>`;
}

/** A triangle at the upper edge; those of several series are below each other. */
function drawMark(x: number, scale: Scale, index: number, style: string): string {
  const top = 2 + index * 5;
  return `<path class="dot ${style}" d="M${coordinate(scale.x(x) - 4)} ${top + 7}h8l-4 -7z"/>`;
}

function drawBars({ points: all }: Series, scale: Scale, index: number): string {
  const points = all.filter(isFinitePoint);
  const step = points[0] !== undefined && points[1] !== undefined ? scale.x(points[1][0]) - scale.x(points[0][0]) : 20;
  const width = coordinate(Math.max(1, step - 1));
  return points
    .filter(([, y]) => y > 0)
    .map(([x, y]) => {
      const top = scale.y(y);
      return `<rect class="bar s${index}" x="${coordinate(scale.x(x))}" y="${coordinate(top)}" width="${width}" height="${coordinate(HEIGHT - BOTTOM - top)}"/>`;
    })
    .join("");
}

/** The scales on which all points and ticks are visible; the y axis starts at 0. */
function scaleOf({ series, xTicks }: Chart, highest: number): Scale & { readonly maxX: number } {
  const xs = [...series.flatMap(({ points }) => points.map(([x]) => x)), ...(xTicks ?? []).map(({ at }) => at)];
  const min = xTicks === undefined ? 0 : xs.reduce((low, x) => Math.min(low, x), Number.POSITIVE_INFINITY);
  const max = xs.reduce((high, x) => Math.max(high, x), min + 1e-9);
  return {
    x: (value) => LEFT + ((value - min) / (max - min)) * (WIDTH - LEFT - RIGHT),
    y: (value) => HEIGHT - BOTTOM - (value / highest) * (HEIGHT - TOP - BOTTOM),
    maxX: max,
  };
}

function defaultTicks({ formatX = String }: Chart, max: number): Tick[] {
  return niceTicks(max)
    .filter((at) => at <= max)
    .map((at) => ({ at, label: formatX(at) }));
}

function legendOf({ series, infinite }: Chart): string {
  const hasMarks = series.some(({ points }) => points.some(([, y]) => y === Number.POSITIVE_INFINITY));
  const mark = hasMarks && infinite !== undefined ? `<li class="mark">▲ ${escapeHtml(infinite)}</li>` : "";
  if (series.length < 2 && mark === "") return "";
  const entries = series.map((one, index) =>
    one.points.some(([, y]) => y !== null) ? `<li class="${styleOf(one, index)}">${escapeHtml(one.name)}</li>` : "",
  );
  return `<ul>${entries.join("")}${mark}</ul>`;
}

/** Draws a chart as a figure with its legend, or a note if there is no data. */
export function drawChart(chart: Chart): string {
  const title = escapeHtml(chart.title);
  const ys = chart.series.flatMap(({ points }) => points.flatMap(([, y]) => (y === null ? [] : [y])));
  if (ys.length === 0) return `<figure><figcaption>${title}</figcaption><p>no data</p></figure>`;
  const yTicks = niceTicks(ys.reduce((high, y) => (Number.isFinite(y) ? Math.max(high, y) : high), 0));
  const scale = scaleOf(chart, yTicks.at(-1) ?? 1);
  const axisLines = axes(chart, scale, chart.xTicks ?? defaultTicks(chart, scale.maxX), yTicks);
  const draw = chart.bars === true ? drawBars : drawLine;
  const shapes = chart.series.map((series, index) => draw(series, scale, index)).join("");
  const svg = `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${axisLines}${shapes}</svg>`;
  return `<figure><figcaption>${title}</figcaption>${svg}${legendOf(chart)}</figure>`;
}
