/** Charts by uPlot: one look, one time axis, one cursor for all of them. */
import uPlot from "uplot";
import { h } from "./dom.ts";
import { clockTime } from "./format.ts";
import { LOOKS, PROTOCOLS } from "./protocols.ts";
import type { PlacedMark, Values } from "./series.ts";
import { color, onTheme } from "./theme.ts";

/** One line of a chart. */
export interface Line {
  readonly label: string;
  /** The custom property of its colour. */
  readonly color: string;
  readonly dash?: readonly number[];
  readonly fill?: boolean;
  readonly width?: number;
}

/** What a chart is, apart from its data. */
export interface ChartOptions {
  readonly lines: readonly Line[];
  readonly height: number;
  /** How a value of the y axis reads. */
  readonly format: (value: number) => string;
  /** With both axes; without, it is a small one beside its number. */
  readonly axes?: boolean;
  readonly logarithmic?: boolean;
  /** The least that the top of the y axis is. */
  readonly atLeast?: number;
  readonly most?: number;
  /** What the x axis is: the common time (with the common cursor), or something of its own. */
  readonly x?: { readonly splits?: readonly number[]; readonly format: (value: number) => string };
  /** A dot at each value. */
  readonly points?: boolean;
}

/** A chart in the page. */
export interface Chart {
  readonly element: HTMLElement;
  /** Draws a chart on the common time axis: its last `seconds`. */
  draw(times: readonly number[], values: readonly Values[], marks: readonly PlacedMark[], seconds: number): void;
  /** Draws a chart with an x axis of its own, from `from` to `to`. */
  plot(x: readonly number[], values: readonly Values[], from: number, to: number): void;
  destroy(): void;
}

type Hover = (index: number | undefined) => void;
const hovers = new Set<Hover>();
let hovered: number | undefined;

/** Calls `listener` with the index of the second under the pointer, undefined when it is under none. */
export function onHover(listener: Hover): void {
  hovers.add(listener);
}

/** Moves the cursor of all charts; undefined goes back to now. */
export function hover(index: number | undefined): void {
  if (index === hovered) return;
  hovered = index;
  for (const listener of hovers) listener(index);
}

const FONT = "11px 'Inter Variable', system-ui, sans-serif";

/** The vertical lines where faults changed, with the shape of their protocol. */
function drawMarks(plot: uPlot, marks: readonly PlacedMark[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = `${8 * ratio}px sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  for (const mark of marks) {
    const row = plot.axes[0]?.show ? PROTOCOLS.indexOf(mark.protocol) * 9 * ratio : 0; // so that shapes do not cover each other
    const x = Math.round(plot.valToPos(mark.at, "x", true)) + 0.5;
    if (x < bbox.left + 3 * ratio) continue; // it has left the chart, or is about to
    const look = LOOKS[mark.protocol];
    ctx.strokeStyle = color(look.color);
    ctx.fillStyle = ctx.strokeStyle;
    ctx.lineWidth = ratio;
    ctx.globalAlpha = 0.65;
    ctx.setLineDash([2 * ratio, 2 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top + row + 9 * ratio);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.fillText(look.shape, x, bbox.top + row);
  }
  ctx.restore();
}

function yRange({ logarithmic, atLeast = 0, most }: ChartOptions): uPlot.Scale.Range {
  if (logarithmic) {
    return (_, low, high) => [
      10 ** Math.floor(Math.log10(low || 1e-5)),
      10 ** Math.ceil(Math.log10((high || 1) * 1.01)),
    ];
  }
  return (_, __, high) => {
    const top = Math.max(atLeast, (high ?? 0) * 1.12);
    return [0, (most === undefined ? top : Math.min(most, top)) || 1];
  };
}

function axis(options: Partial<uPlot.Axis>): uPlot.Axis {
  return {
    font: FONT,
    stroke: () => color("--muted"),
    grid: { stroke: () => color("--grid"), width: 1 },
    ticks: { show: false },
    ...options,
  };
}

/** A logarithmic axis has a line for each power of ten, and none between. */
function powersOfTen(_: uPlot, splits: number[]): (number | null)[] {
  return splits.map((value) => (Math.abs(Math.log10(value) % 1) < 1e-6 ? value : null));
}

function axesOf({ axes = false, format, x, logarithmic }: ChartOptions): uPlot.Axis[] {
  const label = x ? x.format : (at: number) => clockTime(at * 1000);
  const splits = x?.splits;
  return [
    axis({
      show: axes,
      size: 26,
      space: x ? 50 : 90,
      values: (_, at) => at.map(label),
      ...(splits && { splits: () => [...splits] }),
    }),
    axis({
      show: axes,
      size: 62,
      space: 28,
      ...(logarithmic && {
        filter: powersOfTen,
        grid: { stroke: () => color("--grid"), width: 1, filter: powersOfTen },
      }),
      // A logarithmic axis asks for no label at the values between its powers: they come as null.
      values: (_, at) => at.map((value: number | null) => (value === null ? "" : format(value))),
    }),
  ];
}

function seriesOf({ lines, points = false }: ChartOptions): uPlot.Series[] {
  const faint = (property: string) => color(property).replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)");
  const drawn = lines.map(({ label, color: property, dash, fill, width = 1.6 }): uPlot.Series => {
    return {
      label,
      width,
      stroke: () => color(property),
      points: { show: points, size: 6, fill: () => color(property) },
      ...(dash && { dash: [...dash] }),
      ...(fill && { fill: () => faint(property) }),
    };
  });
  return [{}, ...drawn];
}

function hoverFrom({ cursor }: uPlot): void {
  const outside = cursor.left === undefined || cursor.left < 0;
  hover(outside ? undefined : (cursor.idx ?? undefined));
}

/** Makes an empty chart. */
export function createChart(options: ChartOptions): Chart {
  const element = h("div", { class: options.axes ? "chart wide" : "chart" });
  let marks: readonly PlacedMark[] = [];
  const { height, x } = options;
  const plot = new uPlot(
    {
      width: 300,
      height,
      padding: options.axes ? [10, 20, 0, 0] : [4, 2, 2, 2],
      legend: { show: false },
      cursor: {
        ...(!x && { sync: { key: "time", setSeries: false } }),
        y: false,
        drag: { x: false, y: false },
        points: { size: 5 },
      },
      scales: {
        x: { time: !x, auto: false },
        y: { range: yRange(options), ...(options.logarithmic && { distr: 3 as const }) },
      },
      axes: axesOf(options),
      series: seriesOf(options),
      hooks: { draw: [(self) => drawMarks(self, marks)], ...(!x && { setCursor: [hoverFrom] }) },
    },
    [[], ...options.lines.map(() => [])],
    element,
  );
  const observer = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width > 0 && width !== plot.width) plot.setSize({ width, height });
  });
  observer.observe(element);
  const forget = onTheme(() => plot.redraw(false));
  function show(at: readonly number[], values: readonly Values[], min: number, max: number): void {
    plot.batch(() => {
      plot.setData([[...at], ...values.map((column) => [...column])], false);
      plot.setScale("x", { min, max });
    });
  }
  return {
    element,
    draw(times, values, newMarks, seconds) {
      marks = newMarks;
      const end = times.at(-1) ?? Date.now() / 1000;
      show(times, values, Math.max(end - seconds, Math.min(times[0] ?? end, end - 60)), end);
    },
    plot: show,
    destroy() {
      forget();
      observer.disconnect();
      plot.destroy();
    },
  };
}
