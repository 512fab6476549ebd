/** Charts by uPlot: one look, one time axis, one cursor for all of them. */
import uPlot from "uplot";
import { h } from "./dom.ts";
import { clockTime } from "./format.ts";
import { LOOKS } from "./protocols.ts";
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
}

/** A chart in the page. */
export interface Chart {
  readonly element: HTMLElement;
  draw(times: readonly number[], values: readonly Values[], marks: readonly PlacedMark[], seconds: number): void;
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
    const x = Math.round(plot.valToPos(mark.at, "x", true)) + 0.5;
    const look = LOOKS[mark.protocol];
    ctx.strokeStyle = color(look.color);
    ctx.fillStyle = ctx.strokeStyle;
    ctx.lineWidth = ratio;
    ctx.globalAlpha = 0.65;
    ctx.setLineDash([2 * ratio, 2 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top + 9 * ratio);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.fillText(look.shape, x, bbox.top);
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

/** Makes an empty chart. */
export function createChart(options: ChartOptions): Chart {
  const element = h("div", { class: options.axes ? "chart wide" : "chart" });
  let marks: readonly PlacedMark[] = [];
  const { height, axes = false, format } = options;
  const faint = (property: string) => color(property).replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)");
  const plot = new uPlot(
    {
      width: 300,
      height,
      padding: axes ? [10, 8, 0, 0] : [4, 2, 2, 2],
      legend: { show: false },
      cursor: {
        sync: { key: "time", setSeries: false },
        y: false,
        drag: { x: false, y: false },
        points: { size: 5 },
      },
      scales: {
        x: { time: true, auto: false },
        y: { range: yRange(options), ...(options.logarithmic && { distr: 3 as const }) },
      },
      axes: [
        axis({ show: axes, size: 26, space: 90, values: (_, splits) => splits.map((at) => clockTime(at * 1000)) }),
        axis({
          show: axes,
          size: 62,
          space: 28,
          values: (_, splits) => splits.map((value) => (value === null ? "" : format(value))),
        }),
      ],
      series: [
        {},
        ...options.lines.map((line): uPlot.Series => {
          const { label, dash, fill, width = 1.6 } = line;
          return {
            label,
            width,
            stroke: () => color(line.color),
            points: { show: false },
            ...(dash && { dash: [...dash] }),
            ...(fill && { fill: () => faint(line.color) }),
          };
        }),
      ],
      hooks: {
        draw: [(self) => drawMarks(self, marks)],
        setCursor: [
          (self) =>
            hover(self.cursor.left === undefined || self.cursor.left < 0 ? undefined : (self.cursor.idx ?? undefined)),
        ],
      },
    },
    [[], ...options.lines.map(() => [])],
    element,
  );
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width > 0 && width !== plot.width) plot.setSize({ width, height });
  }).observe(element);
  onTheme(() => plot.redraw(false));
  return {
    element,
    draw(times, values, newMarks, seconds) {
      marks = newMarks;
      const end = times.at(-1) ?? Date.now() / 1000;
      const begin = Math.max(end - seconds, Math.min(times[0] ?? end, end - 60));
      plot.batch(() => {
        plot.setData([[...times], ...values.map((column) => [...column])], false);
        plot.setScale("x", { min: begin, max: end });
      });
    },
  };
}
