/** The part "Runs": those that were kept, one opened, or two over each other. */
import type { KeptRun, RunSummary } from "../run-store.ts";
import { ask, messageOf } from "./api.ts";
import { button, byId, h, setText } from "./dom.ts";
import { count, duration, inline, percent } from "./format.ts";
import type { RunBounds } from "./load.ts";
import { LOOKS, PROTOCOLS, type Protocol } from "./protocols.ts";
import { createReport, type ReportColumn, type ReportView } from "./report.ts";

/** What `GET /runs` answers. */
interface RunList extends RunBounds {
  readonly runs: readonly RunSummary[];
  /** Whether they are in a file. */
  readonly file: boolean;
}

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hour12: false });
const HEAD = ["compare", "run", "when", "protocol", "target", "rate", "length", "loss", "p50", "p99", "verdict", ""];

/** Several protocols of one run, one under the other. */
function stacked(texts: readonly string[]): HTMLElement {
  return h("td", {}, ...texts.map((text) => h("div", {}, text)));
}

/** The two reports of one protocol; undefined where one of the runs has none. The second is dashed. */
function pair(first: KeptRun, second: KeptRun, protocol: Protocol): ReportColumn[] | undefined {
  const reports = [first, second].map((run) => run.reports.find((report) => report.protocol === protocol));
  const [before, after] = reports;
  if (!before || !after) return undefined;
  const { name } = LOOKS[protocol];
  return [
    { heading: `${name} #${first.id}`, report: before, dash: [] },
    { heading: `${name} #${second.id}`, report: after, dash: [5, 4] },
  ];
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
  const chosen = new Set<number>();
  let view: ReportView | undefined;

  function close(): void {
    view?.destroy();
    view = undefined;
    byId("opened").hidden = true;
  }

  function show(
    title: string,
    actions: readonly Node[],
    columns: readonly ReportColumn[],
    explanations: readonly string[],
  ): void {
    view?.destroy();
    view = createReport(columns, explanations);
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
  function showPair(first: KeptRun, second: KeptRun, protocol: Protocol, common: readonly Protocol[]): void {
    const choice = common.map((name) =>
      button(LOOKS[name].name, () => showPair(first, second, name, common), {
        "aria-pressed": String(name === protocol),
        "data-protocol": name,
      }),
    );
    show(`Runs ${first.id} and ${second.id}`, common.length > 1 ? choice : [], pair(first, second, protocol) ?? [], []);
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
      const columns = run.reports.map((report) => ({ heading: LOOKS[report.protocol].name, report }));
      show(`Run ${id}`, [download], columns, run.explanations);
    });

  const openCompared = () =>
    attempt(async () => {
      const [a = 0, b = 0] = [...chosen].sort((x, y) => x - y);
      const [first, second] = await Promise.all([ask<KeptRun>("GET", `/runs/${a}`), ask<KeptRun>("GET", `/runs/${b}`)]);
      const common = PROTOCOLS.filter((protocol) => pair(first, second, protocol));
      const [only] = common;
      if (!only) setText(hint, "These two runs have no protocol in common.");
      else showPair(first, second, only, common);
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
      each(({ protocol }) => `${LOOKS[protocol].shape} ${LOOKS[protocol].name}`),
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
