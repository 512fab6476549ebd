/** A run in progress: elapsed time, packets so far, and response times per second. */
import { duration, inline } from "../../base/format.ts";
import { PROTOCOLS } from "../../base/protocol.ts";
import type { RunState } from "../../runs/shapes.ts";
import { type Chart, createChart } from "../ui/chart.ts";
import { h, writeRows } from "../ui/dom.ts";
import { colorOf, dashOf, titleOf } from "../ui/protocols.ts";
import { type Interval, intervalCells, intervalColumns, latestIntervals } from "./progress-rows.ts";

const HEAD = ["protocol", "sent", "answered", "lost", "loss", "p50", "p95", "p99", "other"];
const CAPTION =
  "Response time in each second: p50 as the wide line, p99 as the thin one, over the packets whose outcome became known in that second. ▲ at the upper edge: over the timeout. A gap: too few packets. A packet counts as lost when its timeout has passed.";

/** The view. */
export interface Progress {
  readonly element: HTMLElement;
  /** Shows a run with all of its intervals; hides the view without a run. */
  reset(state: RunState | null): void;
  /** Adds the new intervals of `state`. */
  add(state: RunState): void;
}

function createProgressChart(): Chart {
  const lines = PROTOCOLS.flatMap((protocol) => {
    const look = { color: colorOf(protocol), dash: dashOf(protocol) };
    return [
      { label: `${titleOf(protocol)} p50`, width: 2, ...look },
      { label: `${titleOf(protocol)} p99`, width: 1, ...look },
    ];
  });
  const chart = createChart({
    lines,
    height: 150,
    axes: true,
    logarithmic: true,
    points: true,
    format: (value) => inline(duration(value)),
    x: { format: (value) => `${value} s` },
  });
  chart.element.setAttribute("aria-label", "Response time in each second of the run");
  return chart;
}

function makeRow(): HTMLTableRowElement {
  const [, ...others] = HEAD;
  return h("tr", {}, h("th", { scope: "row" }), ...others.map(() => h("td")));
}

/** Creates the view, which is hidden before the first run. */
export function createProgress(): Progress {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Elapsed part of the run" });
  const body = h("tbody");
  const head = h("tr", {}, ...HEAD.map((name) => h("th", { scope: "col" }, name)));
  const table = h("table", { class: "progress-table" }, h("thead", {}, head), body);
  const tableHost = h(
    "div",
    { class: "progress-rows", tabindex: 0, role: "region", "aria-label": "Packets so far" },
    table,
  );
  const chart = createProgressChart();
  const caption = h("p", { class: "note" }, CAPTION);
  const element = h("div", { class: "progress", hidden: true }, bar, tableHost, chart.element, caption);
  let seconds = 1;
  let intervals: Interval[] = [];

  function add({ snapshots, state }: RunState): void {
    intervals.push(...snapshots);
    const over = state === "done" || state === "failed";
    for (const part of [bar, tableHost, chart.element, caption]) part.hidden = over;
    if (over) return;
    bar.value = Math.min(1, (intervals.at(-1)?.seconds ?? 0) / seconds);
    const rows = latestIntervals(intervals).map((one) => [titleOf(one.protocol), ...intervalCells(one)]);
    writeRows(body, rows, makeRow);
    const { xs, columns } = intervalColumns(intervals);
    chart.plot(xs, columns, 0, Math.max(seconds, xs.at(-1) ?? 0));
  }

  return {
    element,
    add,
    reset(state) {
      intervals = [];
      seconds = state?.seconds ?? 1;
      body.replaceChildren();
      element.hidden = state === null;
      if (state) add(state);
    },
  };
}
