/** Charts as SVG text: no script, no font, nothing to fetch. */

/** A point; units as the chart's labels say. */
export type Point = readonly [x: number, y: number];

/** What a line or a row of bars shows. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

/** A tick of an axis. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** One chart. */
export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  readonly bars?: boolean;
  /** Default: ticks on a linear scale. Ticks given are placed on the scale that the points use. */
  readonly xTicks?: readonly Tick[];
  readonly formatX?: (x: number) => string;
  readonly formatY: (y: number) => string;
}

const WIDTH = 640;
const HEIGHT = 280;
const LEFT = 72;
const RIGHT = 16;
const TOP = 16;
const BOTTOM = 48;
const TICKS = 5;

/** Text that is safe between tags and in attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Round steps, 1, 2 or 5 times a power of ten, that cover 0 to `most` in about five. */
export function niceTicks(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => index * step);
}

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

function drawLine({ points }: Series, scale: Scale, index: number): string {
  if (points.length === 1 && points[0] !== undefined) {
    return `<circle class="dot s${index}" cx="${coordinate(scale.x(points[0][0]))}" cy="${coordinate(scale.y(points[0][1]))}" r="3"/>`;
  }
  const path = points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${coordinate(scale.x(x))} ${coordinate(scale.y(y))}`);
  return `<path class="line s${index}" d="${path.join("")}"/>`;
}

function drawBars({ points }: Series, scale: Scale, index: number): string {
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

/** Draws a chart as a figure with its legend; a sentence in its place where there is nothing to draw. */
export function drawChart(chart: Chart): string {
  const all = chart.series.flatMap(({ points }) => points);
  const head = `<figcaption>${escapeHtml(chart.title)}</figcaption>`;
  if (all.length === 0) return `<figure>${head}<p>no data</p></figure>`;
  const xs = [...all.map(([x]) => x), ...(chart.xTicks ?? []).map(({ at }) => at)];
  const least = chart.xTicks === undefined ? 0 : xs.reduce((low, x) => Math.min(low, x), Number.POSITIVE_INFINITY);
  const most = xs.reduce((high, x) => Math.max(high, x), least + 1e-9);
  const yTicks = niceTicks(all.reduce((high, [, y]) => Math.max(high, y), 0));
  const highest = yTicks.at(-1) ?? 1;
  const scale: Scale = {
    x: (value) => LEFT + ((value - least) / (most - least)) * (WIDTH - LEFT - RIGHT),
    y: (value) => HEIGHT - BOTTOM - (value / highest) * (HEIGHT - TOP - BOTTOM),
  };
  const formatX = chart.formatX ?? String;
  const xTicks =
    chart.xTicks ??
    niceTicks(most)
      .filter((at) => at <= most)
      .map((at) => ({ at, label: formatX(at) }));
  const draw = chart.bars === true ? drawBars : drawLine;
  const shapes = chart.series.map((series, index) => draw(series, scale, index)).join("");
  const legend = chart.series
    .map(({ name, points }, index) => (points.length > 0 ? `<li class="s${index}">${escapeHtml(name)}</li>` : ""))
    .join("");
  return `<figure>${head}<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(chart.title)}">${axes(chart, scale, xTicks, yTicks)}${shapes}</svg>${chart.series.length > 1 ? `<ul>${legend}</ul>` : ""}</figure>`;
}
