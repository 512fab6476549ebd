/** Charts by uPlot: one look, one time axis, one cursor for all of them. */
import uPlot from "uplot";
import { axesOf, type ChartOptions, drawMarks, seriesOf, yRange } from "./chart-style.ts";
import { h } from "./dom.ts";
import type { PlacedMark, Values } from "./series.ts";
import { onTheme } from "./theme.ts";

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
