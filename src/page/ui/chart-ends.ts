/** Shapes at the right ends of lines, which tell the lines of several protocols apart where they are read. */
import type uPlot from "uplot";
import type { Line } from "./chart-style.ts";
import type { Values } from "./series.ts";
import { color } from "./theme.ts";

/** Distance between two shapes, and between a line's end and its shape, CSS pixels. */
const [ROW, GAP] = [10, 4] as const;
/** Seconds at the end of a line in which it may lack values. */
const MOST_MISSING = 3;

/** `positions`, moved as little as needed to be `gap` apart and between `low` and `high`; in the same order. */
export function spread(positions: readonly number[], gap: number, low: number, high: number): readonly number[] {
  const order = positions.map((_, i) => i).sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0));
  const placed = [...positions];
  let least = low;
  for (const i of order) {
    placed[i] = Math.max(least, positions[i] ?? 0);
    least = (placed[i] ?? 0) + gap;
  }
  let most = high;
  for (const i of order.toReversed()) {
    placed[i] = Math.min(most, placed[i] ?? 0);
    most = (placed[i] ?? 0) - gap;
  }
  return placed;
}

/** Draws the shape of each line that has one beside its last value. */
export function drawEnds(plot: uPlot, lines: readonly Line[], columns: readonly Values[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const ends = lines.flatMap(({ shape, color: property }, i) => {
    const value = columns[i]?.slice(-MOST_MISSING).findLast((value) => value !== null && Number.isFinite(value));
    return shape === undefined || value == null ? [] : [{ shape, property, y: plot.valToPos(value, "y", true) }];
  });
  const ys = ends.map(({ y }) => y);
  const placed = spread(ys, ROW * ratio, bbox.top, bbox.top + bbox.height);
  ctx.save();
  ctx.font = `${10 * ratio}px sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  for (const [i, { shape, property }] of ends.entries()) {
    ctx.fillStyle = color(property);
    ctx.fillText(shape, bbox.left + bbox.width + GAP * ratio, placed[i] ?? 0);
  }
  ctx.restore();
}
