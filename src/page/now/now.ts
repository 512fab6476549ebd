/** The columns of the present: big numbers, and beside each the time that led there. */

import { grouped } from "../../base/format.ts";
import type { Snapshot } from "../../live/shapes.ts";
import { onHover } from "../ui/chart.ts";
import { byId, setText } from "../ui/dom.ts";
import { PROTOCOLS } from "../ui/protocols.ts";
import type { Series } from "../ui/series.ts";
import { listTerms } from "../ui/terms.ts";
import { clockTime } from "../ui/time.ts";
import { createColumn, describe } from "./column.ts";
import { createTogether } from "./side-by-side.ts";

/** The part "Now". `show` draws what the series hold; `snapshot` adds what only the last second knows. */
export function createNow(): { show(series: Series): void; snapshot(snapshot: Snapshot): void } {
  const made = PROTOCOLS.map(createColumn);
  byId("columns").replaceChildren(...made.map(({ element }) => element));
  const columns = made.map(({ column }) => column);
  const together = createTogether(byId("together"));
  listTerms("now-terms", [
    "packet",
    "packets per second",
    "drop ratio",
    "response time",
    "average",
    "p50",
    "p99",
    "connections",
    "bytes",
  ]);
  let current: Series | undefined;
  let index: number | undefined;
  let span = 900;

  /** The numbers of the second under the cursor, or of the last one. */
  function figures(): void {
    if (!current) return;
    const at = index === undefined ? current.length - 1 : Math.min(index, current.length - 1);
    for (const { protocol, figures } of columns) {
      for (const { reading, value, unit } of figures) {
        const quantity = reading.format(current.columns[protocol][reading.series][at] ?? null);
        setText(value, quantity.value);
        setText(unit, quantity.unit);
      }
    }
    const time = current.times()[at];
    setText(byId("moment"), index === undefined || time === undefined ? "" : `at ${clockTime(time * 1000)}`);
    document.body.classList.toggle("looking-back", index !== undefined);
  }

  function charts(): void {
    if (!current || document.hidden) return;
    const times = current.times();
    const marks = current.marks();
    for (const { protocol, charts } of columns) {
      const own = marks.filter((mark) => mark.protocol === protocol);
      for (const { tile, chart } of charts) {
        const series = current.columns[protocol];
        chart.draw(
          times,
          tile.readings.map((reading) => series[reading.series]),
          own,
          span,
        );
        describe(chart, protocol, tile, series);
      }
    }
    together.draw(current, times, marks, span);
  }

  onHover((at) => {
    index = at;
    figures();
  });
  byId("span").addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement) span = Number(event.target.value);
    charts();
  });
  document.addEventListener("visibilitychange", charts);
  return {
    show(series) {
      current = series;
      figures();
      charts();
    },
    snapshot({ protocols }) {
      for (const { protocol, total, faults } of columns) {
        const { totals, faults: now } = protocols[protocol];
        const packets = `${grouped(totals.packets)} ${totals.packets === 1 ? "packet" : "packets"}`;
        setText(total, `${packets} since the start, ${grouped(totals.dropped)} dropped`);
        faults.hidden = now.text === "none";
        setText(faults, now.text);
      }
    },
  };
}
