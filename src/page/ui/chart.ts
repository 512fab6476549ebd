/** Charts, drawn by uPlot. Those on the common time axis share one cursor. */
import uPlot from "uplot";
import { drawEnds } from "./chart-ends.ts";
import { drawMarks, drawOverMarks, type OverMark, overMarks } from "./chart-marks.ts";
import { axesOf, type ChartOptions, seriesOf, yRange } from "./chart-style.ts";
import { moveCursor } from "./cursor.ts";
import { h } from "./dom.ts";
import type { PlacedMark, Values } from "./series.ts";
import { onTheme } from "./theme.ts";

/** A chart on the page. */
export interface Chart {
  readonly element: HTMLElement;
  /** Draws the last `seconds` of values on the common time axis. */
  draw(times: readonly number[], values: readonly Values[], marks: readonly PlacedMark[], seconds: number): void;
  /** Draws values on an x axis of the chart's own, from `from` to `to`. Infinity is a mark at the upper edge. */
  plot(x: readonly number[], values: readonly Values[], from: number, to: number): void;
  destroy(): void;
}

function moveCursorFrom({ cursor }: uPlot): void {
  const outside = cursor.left === undefined || cursor.left < 0;
  moveCursor(outside ? undefined : (cursor.idx ?? undefined));
}

function plotOptions(options: ChartOptions, draw: (plot: uPlot) => void): uPlot.Options {
  const onTimeAxis = !options.x;
  return {
    width: 300, // until the first resize
    height: options.height,
    padding: options.axes ? [10, 20, 0, 0] : [4, 2, 2, 2],
    legend: { show: false },
    cursor: {
      ...(onTimeAxis && { sync: { key: "time", setSeries: false } }),
      y: false,
      drag: { x: false, y: false },
      points: { size: 5 },
    },
    scales: {
      x: { time: onTimeAxis, auto: false },
      y: { range: yRange(options), ...(options.logarithmic && { distr: 3 as const }) },
    },
    axes: axesOf(options),
    series: seriesOf(options),
    hooks: { draw: [draw], ...(onTimeAxis && { setCursor: [moveCursorFrom] }) },
  };
}

/** Keeps the plot as wide as its element. */
function followWidth(plot: uPlot, element: HTMLElement, height: number): ResizeObserver {
  const observer = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width > 0 && width !== plot.width) plot.setSize({ width, height });
  });
  observer.observe(element);
  return observer;
}

/** Creates an empty chart. The caller describes its content in `aria-label`. */
export function createChart(options: ChartOptions): Chart {
  const element = h("div", { class: options.axes ? "chart wide" : "chart", role: "img" });
  let marks: readonly PlacedMark[] = [];
  let over: readonly OverMark[] = [];
  let shown: readonly Values[] = [];
  const plot = new uPlot(
    plotOptions(options, (self) => {
      drawMarks(self, marks);
      drawOverMarks(self, over);
      drawEnds(self, options.lines, shown);
    }),
    [[], ...options.lines.map(() => [])],
    element,
  );
  const observer = followWidth(plot, element, options.height);
  const unsubscribe = onTheme(() => plot.redraw(false));
  function show(xs: readonly number[], values: readonly Values[], min: number, max: number): void {
    shown = values;
    over = overMarks(xs, values, options.lines);
    const finite = values.map((column) => column.map((value) => (value === Number.POSITIVE_INFINITY ? null : value)));
    plot.batch(() => {
      plot.setData([[...xs], ...finite], false);
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
      unsubscribe();
      observer.disconnect();
      plot.destroy();
    },
  };
}
