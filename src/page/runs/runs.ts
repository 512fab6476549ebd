/** The part "Runs": those that were kept, one opened, or two over each other. */

import { count, duration, inline, percent } from "../../base/format.ts";
import type { KeptRun, RunBounds, RunComparison, RunList, RunSummary } from "../../runs/shapes.ts";
import { columnsOf, createReport, type ReportColumn, type ReportView } from "../load/report.ts";
import { ask, messageOf } from "../ui/api.ts";
import { button, byId, h, setText } from "../ui/dom.ts";
import { LOOKS, PROTOCOLS, type Protocol, shapeOf } from "../ui/protocols.ts";
import { listTerms } from "../ui/terms.ts";
import { changesTable, pair } from "./compared.ts";

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hour12: false });
const HEAD = ["compare", "run", "when", "protocol", "target", "rate", "length", "loss", "p50", "p99", "verdict", ""];

/** Several protocols of one run, one under the other. */
function stacked(texts: readonly string[]): HTMLElement {
  return h("td", {}, ...texts.map((text) => h("div", {}, text)));
}

/** The part. `refresh` loads the list and tells `bounds` what a new run may be. */
export function createRuns(bounds: (bounds: RunBounds) => void): { refresh(): Promise<void> } {
  const body = h("tbody");
  const empty = h("p", { class: "empty" }, "No run yet.");
  const compare = button("Compare", () => void openCompared(), { disabled: true });
  const hint = h("p", { class: "note", role: "status" });
  const head = h(
    "tr",
    {},
    ...HEAD.map((name) =>
      h(
        "th",
        { scope: "col" },
        name === "compare" || name === "" ? h("span", { class: "sr" }, name || "actions") : name,
      ),
    ),
  );
  byId("runs-card").replaceChildren(
    h("div", { class: "tools" }, compare, hint),
    h(
      "div",
      { class: "scroll runs-scroll", tabindex: 0, role: "region", "aria-label": "Kept runs" },
      h("table", { class: "runs" }, h("thead", {}, head), body),
      empty,
    ),
  );
  listTerms("runs-terms", ["ledger", "loss", "percentile curve", "better or worse", "verdict"]);
  const chosen = new Set<number>();
  let view: ReportView | undefined;

  function close(): void {
    view?.destroy();
    view = undefined;
    byId("opened").hidden = true;
  }

  function show(title: string, actions: readonly Node[], columns: readonly ReportColumn[], extra?: HTMLElement): void {
    view?.destroy();
    view = createReport(columns, extra);
    const opened = byId("opened");
    opened.replaceChildren(
      h(
        "header",
        {},
        h("h3", { tabindex: -1 }, title),
        h("p", { class: "actions" }, ...actions, button("Close", close)),
      ),
      view.element,
    );
    opened.hidden = false;
    opened.scrollIntoView({ block: "nearest" });
    opened.querySelector("h3")?.focus({ preventScroll: true });
  }

  /** Two runs over each other, one protocol at a time. */
  function showPair(runs: readonly [KeptRun, KeptRun], compared: RunComparison, protocol: Protocol): void {
    const common = PROTOCOLS.filter((name) => compared.protocols[name]);
    const choice = common.map((name) =>
      button(LOOKS[name].name, () => showPair(runs, compared, name), {
        "aria-pressed": String(name === protocol),
        "data-protocol": name,
      }),
    );
    const [first, second] = runs;
    const changes = changesTable(compared.protocols[protocol] ?? []);
    show(`Runs ${first.id} and ${second.id}`, common.length > 1 ? choice : [], pair(runs, protocol), changes);
  }

  async function attempt(action: () => Promise<void>): Promise<void> {
    await action().catch((error) => setText(hint, messageOf(error)));
  }

  const open = (id: number) =>
    attempt(async () => {
      const run = await ask<KeptRun>("GET", `/runs/${id}`);
      const download = h(
        "a",
        { href: `/runs/${id}/report`, download: `wirelab-run-${id}.json`, class: "button" },
        "Download JSON",
      );
      show(`Run ${id}`, [download], columnsOf(run));
    });

  const openCompared = () =>
    attempt(async () => {
      const [a = 0, b = 0] = [...chosen].sort((x, y) => x - y);
      const runs = await Promise.all([ask<KeptRun>("GET", `/runs/${a}`), ask<KeptRun>("GET", `/runs/${b}`)]);
      const compared = await ask<RunComparison>("GET", `/runs/${a}/compare/${b}`);
      const [first] = PROTOCOLS.filter((protocol) => compared.protocols[protocol]);
      if (first) showPair(runs, compared, first);
      else setText(hint, "These two runs have no protocol in common.");
    });

  const remove = (id: number) =>
    attempt(async () => {
      await ask("DELETE", `/runs/${id}`);
      chosen.delete(id);
      await refresh();
    });

  function choose(id: number, wanted: boolean): void {
    if (wanted) chosen.add(id);
    else chosen.delete(id);
    compare.disabled = chosen.size !== 2;
    setText(hint, chosen.size === 0 ? "" : chosen.size === 2 ? "" : "Choose two runs to compare.");
  }

  function row({ id, savedAt, source, lines }: RunSummary): HTMLTableRowElement {
    const box = h("input", { type: "checkbox", "aria-label": `Compare run ${id}`, checked: chosen.has(id) });
    box.addEventListener("change", () => choose(id, box.checked));
    const each = (text: (line: RunSummary["lines"][number]) => string) => stacked(lines.map(text));
    const changing = h(
      "fieldset",
      { class: "bare", "data-changes": true, disabled: document.body.classList.contains("view-only") },
      button("Delete", () => void remove(id), { class: "quiet", "aria-label": `Delete run ${id}` }),
    );
    return h(
      "tr",
      { "data-run": id },
      h("td", {}, box),
      h(
        "td",
        {},
        button(`#${id}`, () => void open(id), { class: "link", "aria-label": `Open run ${id}` }),
      ),
      h("td", {}, DATE.format(new Date(savedAt)), h("small", {}, source === "page" ? "" : " by the command")),
      h(
        "td",
        {},
        ...lines.map(({ protocol }) =>
          h("div", { "data-protocol": protocol }, shapeOf(LOOKS[protocol]), LOOKS[protocol].name),
        ),
      ),
      each(({ target }) => target),
      each(({ rate }) => inline(count(Math.round(rate), "/s"))),
      each(({ seconds }) => inline(duration(seconds))),
      each(({ lossRatio }) => inline(percent(lossRatio))),
      each(({ p50 }) => inline(duration(p50))),
      each(({ p99 }) => inline(duration(p99))),
      each(({ valid }) => (valid ? "✓ valid" : "✕ not valid")),
      h("td", {}, changing),
    );
  }

  async function refresh(): Promise<void> {
    await attempt(async () => {
      const list = await ask<RunList>("GET", "/runs");
      bounds(list);
      body.replaceChildren(...list.runs.map(row));
      empty.hidden = list.runs.length > 0;
      const where = list.file
        ? "Every run is kept in the lab's file."
        : "Runs are kept in memory until the lab stops; WIRELAB_DATA names a file for them.";
      setText(byId("runs-lead"), `${where} Open one, or choose two to lay them over each other.`);
    });
  }

  return { refresh };
}
