/** The section "Now": a column per protocol with its current numbers and charts, and the protocols side by side. */
import { type Protocol, REGISTRY } from "../../base/protocol.ts";
import type { LiveSnapshot } from "../../live/shapes.ts";
import { onCursor } from "../ui/cursor.ts";
import { byId, createOnce, setText } from "../ui/dom.ts";
import type { Series } from "../ui/series.ts";
import type { ShownProtocols } from "../ui/shown.ts";
import { termList, termsIn } from "../ui/terms.ts";
import { clockTime } from "../ui/time.ts";
import { type Column, createColumn } from "./column.ts";
import { createSideBySide } from "./side-by-side.ts";

const TERMS = [
  "packet",
  "packets per second",
  "drop ratio",
  "lab response time",
  "average",
  "percentile",
  "p50",
  "p99",
  "connections",
  "bytes",
] as const;

/** The section. `show` draws the history; `snapshot` shows what only the snapshot has: totals and faults. */
export function createNow(shown: ShownProtocols): {
  show(series: Series): void;
  snapshot(snapshot: LiveSnapshot): void;
} {
  const columnOf = createOnce<Protocol, Column>(createColumn);
  let columns: readonly Column[] = [];
  let latest: LiveSnapshot | undefined;
  const sideBySide = createSideBySide(byId("side-by-side"));
  byId("now").append(termList([...TERMS, ...termsIn(shown.served.map(describeProtocol).join(" "))]));
  let series: Series | undefined;
  let cursor: number | undefined;
  let seconds = 900;

  /** Shows the numbers of the second under the cursor, or of the last one. */
  function showNumbers(): void {
    if (!series) return;
    const index = Math.min(cursor ?? Number.POSITIVE_INFINITY, series.length - 1);
    for (const column of columns) column.showNumbers(series, index);
    const time = series.times[index];
    setText(byId("cursor-time"), cursor === undefined || time === undefined ? "" : `at ${clockTime(time * 1000)}`);
    document.body.classList.toggle("looking-back", cursor !== undefined);
  }

  function drawCharts(): void {
    if (!series || document.hidden) return;
    for (const column of columns) column.drawCharts(series, seconds);
    sideBySide.draw(series, seconds);
  }

  /** Places the columns of the protocols on display. Only those are drawn. */
  function arrange(): void {
    columns = shown.current.map(columnOf);
    byId("columns").replaceChildren(...columns.map(({ element }) => element));
    sideBySide.setProtocols(shown.current);
    showTotals();
    showNumbers();
    drawCharts();
  }

  function showTotals(): void {
    if (latest) for (const column of columns) column.showTotals(latest);
  }

  shown.onChange(arrange);
  arrange();
  onCursor((index) => {
    cursor = index;
    showNumbers();
  });
  byId("span").addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement) seconds = Number(event.target.value);
    drawCharts();
  });
  document.addEventListener("visibilitychange", drawCharts);
  return {
    show(latest) {
      series = latest;
      showNumbers();
      drawCharts();
    },
    snapshot(snapshot) {
      latest = snapshot;
      showTotals();
    },
  };
}

/** The texts of a protocol that can have terms of the glossary in them. */
function describeProtocol(protocol: Protocol): string {
  const { title, summary } = REGISTRY[protocol];
  return `${title} ${summary}`;
}
