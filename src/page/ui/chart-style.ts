/** How charts look: lines, axes, and the markers where faults changed. */
import type uPlot from "uplot";
import { LOOKS, PROTOCOLS } from "./protocols.ts";
import type { PlacedMark } from "./series.ts";
import { color } from "./theme.ts";
import { clockTime } from "./time.ts";

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

const FONT = "11px 'Inter Variable', system-ui, sans-serif";

/** The vertical lines where faults changed, with the shape of their protocol. */
export function drawMarks(plot: uPlot, marks: readonly PlacedMark[]): void {
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

/** How the y axis fits itself to what is shown. */
export function yRange({ logarithmic, atLeast = 0, most }: ChartOptions): uPlot.Scale.Range {
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

/** Both axes. */
export function axesOf({ axes = false, format, x, logarithmic }: ChartOptions): uPlot.Axis[] {
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

/** The lines, as uPlot takes them: its first series is the x axis. */
export function seriesOf({ lines, points = false }: ChartOptions): uPlot.Series[] {
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
