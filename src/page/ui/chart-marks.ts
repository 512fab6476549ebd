/** Markers of a chart: where faults changed, and infinite values. */
import type uPlot from "uplot";
import { PROTOCOLS } from "../../base/protocol.ts";
import type { Line } from "./chart-style.ts";
import { colorOf, shapeOf } from "./protocols.ts";
import type { PlacedMark, Values } from "./series.ts";
import { color } from "./theme.ts";

/** Height of a shape, CSS pixels. */
const ROW = 9;

/** Draws a vertical line at each fault change, below the shape of its protocol. */
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
  // On a chart of several protocols each has a row of its own, so that shapes do not overlap.
  const rows = PROTOCOLS.filter((protocol) => marks.some((mark) => mark.protocol === protocol));
  for (const mark of marks) drawMark(plot, mark, rows.indexOf(mark.protocol) * ROW * ratio, ratio);
  ctx.restore();
}

/** An infinite value of a line: its place on the x axis, and the line's custom property with its colour. */
export interface OverMark {
  readonly x: number;
  readonly color: string;
}

/** The infinite values of columns, one column for each line; only one mark for lines of the same colour at the same x. */
export function overMarks(xs: readonly number[], columns: readonly Values[], lines: readonly Line[]): OverMark[] {
  const marks = new Map<string, OverMark>();
  columns.forEach((column, line) => {
    column.forEach((value, at) => {
      const mark = { x: xs[at] ?? 0, color: lines[line]?.color ?? "" };
      if (value === Number.POSITIVE_INFINITY) marks.set(`${mark.x} ${mark.color}`, mark);
    });
  });
  return [...marks.values()];
}

/** Draws a triangle at the upper edge for each infinite value; those of several colours are below each other. */
export function drawOverMarks({ ctx, bbox, valToPos }: uPlot, marks: readonly OverMark[]): void {
  const ratio = devicePixelRatio;
  const colors = [...new Set(marks.map((mark) => mark.color))];
  ctx.save();
  ctx.font = `${8 * ratio}px sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  for (const { x, color: property } of marks) {
    ctx.fillStyle = color(property);
    ctx.fillText("▲", valToPos(x, "x", true), bbox.top + colors.indexOf(property) * ROW * ratio);
  }
  ctx.restore();
}

function drawMark(plot: uPlot, { at, protocol }: PlacedMark, row: number, ratio: number): void {
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(at, "x", true)) + 0.5;
  if (x < bbox.left + 3 * ratio) return; // at the left edge, where the line would leave the chart next
  ctx.strokeStyle = color(colorOf(protocol));
  ctx.fillStyle = ctx.strokeStyle;
  ctx.lineWidth = ratio;
  ctx.globalAlpha = 0.65;
  ctx.setLineDash([2 * ratio, 2 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top + row + ROW * ratio);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.globalAlpha = 1;
  ctx.fillText(shapeOf(protocol), x, bbox.top + row);
}
