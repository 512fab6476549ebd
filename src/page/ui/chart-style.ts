/** Options of charts, and the lines, axes and scales that they result in. */
import type uPlot from "uplot";
import { color } from "./theme.ts";
import { clockTime } from "./time.ts";

/** One line of a chart. */
export interface Line {
  readonly label: string;
  /** The custom property with its colour. */
  readonly color: string;
  readonly dash?: readonly number[];
  readonly fill?: boolean;
  readonly width?: number;
  /** Drawn at the end of the line. */
  readonly shape?: string;
}

/** Options of a chart. */
export interface ChartOptions {
  readonly lines: readonly Line[];
  /** CSS pixels. */
  readonly height: number;
  /** Formats a value of the y axis. */
  readonly format: (value: number) => string;
  /** Shows both axes. Without them the chart is a small one beside its number. */
  readonly axes?: boolean;
  readonly logarithmic?: boolean;
  /** Lower limit of the y axis' upper end. */
  readonly minTop?: number;
  /** Upper limit of the y axis' upper end. */
  readonly maxTop?: number;
  /** An x axis of its own instead of the common time axis with the common cursor. */
  readonly x?: { readonly splits?: readonly number[]; readonly format: (value: number) => string };
  /** Draws a dot at each value. */
  readonly points?: boolean;
}

const FONT = "11px 'Inter Variable', system-ui, sans-serif";

/** Range of the y axis for the visible values. */
export function yRange({
  logarithmic,
  minTop = 0,
  maxTop = Number.POSITIVE_INFINITY,
}: ChartOptions): uPlot.Scale.Range {
  if (logarithmic) {
    return (_, low, high) => [
      10 ** Math.floor(Math.log10(low || 1e-5)),
      10 ** Math.ceil(Math.log10((high || 1) * 1.01)),
    ];
  }
  return (_, __, high) => [0, Math.min(maxTop, Math.max(minTop, (high ?? 0) * 1.12)) || 1];
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

/** Keeps the powers of ten: a logarithmic axis has no grid lines between them. */
function powersOfTen(_: uPlot, splits: number[]): (number | null)[] {
  return splits.map((value) => (Math.abs(Math.log10(value) % 1) < 1e-6 ? value : null));
}

/** The two axes; without `axes` they are hidden. */
export function axesOf({ axes = false, format, x, logarithmic }: ChartOptions): uPlot.Axis[] {
  const label = x ? x.format : (at: number) => clockTime(at * 1000);
  const splits = x?.splits;
  return [
    axis({
      show: axes,
      size: 26,
      space: x ? 50 : 90,
      values: (_, at) => at.map(label),
      ...(splits && { splits: (_, __, min, max) => splits.filter((at) => at >= min && at <= max) }),
    }),
    axis({
      show: axes,
      size: 62,
      space: 28,
      ...(logarithmic && {
        filter: powersOfTen,
        grid: { stroke: () => color("--grid"), width: 1, filter: powersOfTen },
      }),
      // powersOfTen turns the values between two powers into null.
      values: (_, at) => at.map((value: number | null) => (value === null ? "" : format(value))),
    }),
  ];
}

/** The lines of a chart, after the x axis, which uPlot counts as the first series. */
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
