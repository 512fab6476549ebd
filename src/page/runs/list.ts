/** The table of kept runs. */
import { count, duration, inline, percent } from "../../base/format.ts";
import { formatTime } from "../../load/report/format-time.ts";
import type { RunLine, RunSummary } from "../../runs/shapes.ts";
import { verdictText } from "../load/verdict.ts";
import { button, changing, h } from "../ui/dom.ts";
import { labelOf } from "../ui/protocols.ts";
import type { RunIdentity } from "./deletions.ts";

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hour12: false });

function timeText(seconds: number | null): string {
  return inline(duration(seconds));
}

/** A column with one line per protocol of the run. */
type LineColumn = readonly [name: string, cell: (line: RunLine) => string];

const LINE_COLUMNS: readonly LineColumn[] = [
  ["target", ({ target }) => target],
  ["rate", ({ rate }) => inline(count(Math.round(rate), "/s"))],
  ["duration", ({ seconds }) => inline(duration(seconds))],
  ["loss", ({ lossRatio }) => inline(percent(lossRatio))],
  ["p50", (line) => formatTime(line, "p50", timeText)],
  ["p95", (line) => formatTime(line, "p95", timeText)],
  ["p99", (line) => formatTime(line, "p99", timeText)],
  ["verdict", ({ ended, valid }) => verdictText({ ended, verdict: { valid } })],
];

/** What the buttons of a run do. */
export interface RunActions {
  readonly open: (run: RunIdentity) => void;
  readonly remove: (run: RunIdentity) => void;
  /** Selects or deselects a run for a comparison. */
  readonly select: (run: RunIdentity, selected: boolean) => void;
  readonly isSelected: (run: RunIdentity) => boolean;
}

function createHead(): HTMLElement {
  const hidden = (name: string) => h("th", { scope: "col" }, h("span", { class: "sr" }, name));
  const names = ["run", "time", "protocol", ...LINE_COLUMNS.map(([name]) => name)];
  return h("tr", {}, hidden("compare"), ...names.map((name) => h("th", { scope: "col" }, name)), hidden("actions"));
}

function createRow(run: RunSummary, actions: RunActions): HTMLTableRowElement {
  const { id, savedAt, source, lines, unreadable } = run;
  const box = h("input", { type: "checkbox", "aria-label": `Compare run ${id}`, checked: actions.isSelected(run) });
  box.addEventListener("change", () => actions.select(run, box.checked));
  const open = button(`#${id}`, () => actions.open(run), { class: "link", "aria-label": `Open run ${id}` });
  const remove = button("Delete", () => actions.remove(run), { class: "quiet", "aria-label": `Delete run ${id}` });
  const origin = `${source === "page" ? "" : " from the command line"}${unreadable ? " cannot be read" : ""}`;
  return h(
    "tr",
    { "data-run": id },
    h("td", {}, box),
    h("td", {}, open),
    h("td", {}, DATE.format(new Date(savedAt)), h("small", {}, origin)),
    h("td", {}, ...lines.map(({ protocol }) => h("div", { "data-protocol": protocol }, ...labelOf(protocol)))),
    ...LINE_COLUMNS.map(([, cell]) => h("td", {}, ...lines.map((line) => h("div", {}, cell(line))))),
    h("td", {}, changing(remove)),
  );
}

/** Creates the table. `show` replaces the rows; the runs are expected newest first. */
export function createList(actions: RunActions): {
  readonly element: HTMLElement;
  show(runs: readonly RunSummary[]): void;
} {
  const body = h("tbody");
  const empty = h("p", { class: "empty" }, "No run yet.");
  const table = h("table", { class: "runs" }, h("thead", {}, createHead()), body);
  const attributes = { class: "scroll runs-scroll", tabindex: 0, role: "region", "aria-label": "Kept runs" };
  return {
    element: h("div", attributes, table, empty),
    show(runs) {
      body.replaceChildren(...runs.map((run) => createRow(run, actions)));
      empty.hidden = runs.length > 0;
    },
  };
}
