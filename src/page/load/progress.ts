/** A run while it goes: how far it is, what was answered and lost, and how the response times develop. */

import { duration, grouped, inline, percent } from "../../base/format.ts";
import type { Snapshot } from "../../load/measure/snapshot.ts";
import type { RunState } from "../../runs/shapes.ts";
import { type Chart, createChart } from "../ui/chart.ts";
import { h, setText } from "../ui/dom.ts";
import { LOOKS, PROTOCOLS, type Protocol } from "../ui/protocols.ts";

const COLUMNS = ["", "sent", "answered", "lost", "loss", "p50", "p99"] as const;

/** What is shown of a snapshot; a packet counts as lost only one timeout after its sending. */
function cells({ protocol, sent, answered, lost, p50, p99 }: Snapshot): readonly string[] {
  const loss = inline(percent(sent === 0 ? null : lost / sent));
  return [
    LOOKS[protocol].name,
    grouped(sent),
    grouped(answered),
    grouped(lost),
    loss,
    inline(duration(p50)),
    inline(duration(p99)),
  ];
}

/** The view. */
export interface Progress {
  readonly element: HTMLElement;
  /** Another run begins. */
  reset(state: RunState): void;
  /** Takes in the intervals of `state` that are new. */
  add(state: RunState): void;
}

/** Builds it, hidden until there is a run. */
export function createProgress(): Progress {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "How far the run is" });
  const body = h("tbody");
  const table = h(
    "table",
    { class: "progress-table" },
    h("thead", {}, h("tr", {}, ...COLUMNS.map((name) => h("th", { scope: "col" }, name)))),
    body,
  );
  const lines = PROTOCOLS.flatMap((protocol) => {
    const { name, color, dash } = LOOKS[protocol];
    return [
      { label: `${name} p50`, color, dash, width: 2 },
      { label: `${name} p99`, color, dash, width: 1 },
    ];
  });
  const chart: Chart = createChart({
    lines,
    height: 150,
    axes: true,
    logarithmic: true,
    points: true,
    format: (value) => inline(duration(value)),
    x: { format: (value) => `${value} s` },
  });
  const caption = h(
    "p",
    { class: "note" },
    "Response time in each second: p50 the wide line, p99 the thin one. A packet counts as lost once its timeout has passed.",
  );
  const element = h("div", { class: "progress", hidden: true }, bar, table, chart.element, caption);
  let seconds = 1;
  let intervals: Snapshot[] = [];

  function draw(): void {
    const xs = [...new Set(intervals.map((snapshot) => Math.round(snapshot.seconds)))].sort((a, b) => a - b);
    const values = PROTOCOLS.flatMap((protocol) => {
      const own = new Map(
        intervals
          .filter((snapshot) => snapshot.protocol === protocol)
          .map((snapshot) => [Math.round(snapshot.seconds), snapshot]),
      );
      return [xs.map((x) => own.get(x)?.p50 ?? null), xs.map((x) => own.get(x)?.p99 ?? null)];
    });
    chart.plot(xs, values, 0, Math.max(seconds, xs.at(-1) ?? 0));
  }

  function last(protocol: Protocol): Snapshot | undefined {
    return intervals.findLast((snapshot) => snapshot.protocol === protocol);
  }

  return {
    element,
    reset(state) {
      intervals = [];
      seconds = state.seconds;
      body.replaceChildren();
      element.hidden = false;
    },
    add({ snapshots, state }) {
      intervals.push(...snapshots);
      const over = state === "done" || state === "failed";
      bar.hidden = over;
      bar.value = Math.min(1, (intervals.at(-1)?.seconds ?? 0) / seconds);
      chart.element.hidden = over;
      caption.hidden = over;
      table.hidden = over;
      const rows = PROTOCOLS.flatMap((protocol) => last(protocol) ?? []);
      while (body.rows.length < rows.length) body.append(h("tr", {}, ...COLUMNS.map(() => h("td"))));
      rows.forEach((snapshot, i) => {
        cells(snapshot).forEach((text, j) => {
          const cell = body.rows[i]?.cells[j];
          if (cell) setText(cell, text);
        });
      });
      if (!over) draw();
    },
  };
}
