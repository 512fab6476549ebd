/** The section "Runs": the kept runs, one of them opened, or two in comparison. */
import { messageOf } from "../../base/message.ts";
import type { KeptRun, RunBounds, RunComparison, RunList } from "../../runs/shapes.ts";
import { callApi } from "../ui/api.ts";
import { button, byId, h, setText } from "../ui/dom.ts";
import { termList } from "../ui/terms.ts";
import { createList } from "./list.ts";
import { createOpened } from "./opened.ts";

/** Loads a kept run. */
function loadRun(id: number): Promise<KeptRun> {
  return callApi<KeptRun>("GET", `/runs/${id}`);
}

function describeStore({ file }: RunList): string {
  const place = file
    ? "Every run is kept in the lab's file."
    : "Runs are kept in memory until the lab stops; WIRELAB_DATA names a file for them.";
  return `${place} Open a run, or select two to compare them.`;
}

/** The section. `refresh` loads the list and passes the bounds of a new run to `onBounds`. */
export function createRuns(onBounds: (bounds: RunBounds) => void): { refresh(): Promise<void> } {
  const selected = new Set<number>();
  const compare = button("Compare", () => void attempt(openPair), { disabled: true });
  const hint = h("p", { class: "note", role: "status" });
  const opened = createOpened(byId("opened"));
  const list = createList({
    open: (id) => void attempt(async () => opened.showRun(await loadRun(id))),
    remove: (id) => void attempt(() => remove(id)),
    select,
    isSelected: (id) => selected.has(id),
  });
  byId("runs-card").replaceChildren(h("div", { class: "tools" }, compare, hint), list.element);
  byId("runs").append(termList(["packet accounting", "loss", "percentile curve", "significance", "verdict"]));

  /** Runs `action` and shows its error, if any. */
  async function attempt(action: () => Promise<void>): Promise<void> {
    await action().catch((error) => setText(hint, messageOf(error)));
  }

  function select(id: number, isSelected: boolean): void {
    if (isSelected) selected.add(id);
    else selected.delete(id);
    compare.disabled = selected.size !== 2;
    setText(hint, selected.size === 0 || selected.size === 2 ? "" : "Select two runs to compare.");
  }

  async function openPair(): Promise<void> {
    const [before = 0, after = 0] = [...selected].sort((a, b) => a - b);
    const runs = await Promise.all([loadRun(before), loadRun(after)]);
    const comparison = await callApi<RunComparison>("GET", `/runs/${before}/compare/${after}`);
    if (!opened.showPair(runs, comparison)) setText(hint, "These two runs have no protocol in common.");
  }

  async function remove(id: number): Promise<void> {
    await callApi("DELETE", `/runs/${id}`);
    selected.delete(id);
    await refresh();
  }

  async function refresh(): Promise<void> {
    await attempt(async () => {
      const response = await callApi<RunList>("GET", "/runs");
      onBounds(response);
      list.show(response.runs);
      setText(byId("runs-lead"), describeStore(response));
    });
  }

  return { refresh };
}
