/** The section "Runs": the kept runs, one of them opened, or two in comparison. */
import { messageOf } from "../../base/message.ts";
import type { LiveSnapshot } from "../../live/shapes.ts";
import type { KeptRun, RunBounds, RunComparison, RunList, RunSummary } from "../../runs/shapes.ts";
import { ApiError, callApi } from "../ui/api.ts";
import { button, byId, h, setText } from "../ui/dom.ts";
import { createLatest } from "../ui/latest.ts";
import { termList } from "../ui/terms.ts";
import { createDeletions, isSameRun, type RunIdentity } from "./deletions.ts";
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

/** The section. */
export interface Runs {
  /** Loads the list if it has changed, or if another lab sends the snapshot. */
  snapshot(snapshot: LiveSnapshot): void;
  /** Loads the list with the next snapshot. */
  reload(): void;
}

/** Creates the section, which passes the bounds of a new run to `onBounds`. */
export function createRuns(onBounds: (bounds: RunBounds) => void): Runs {
  let runs: readonly RunSummary[] = [];
  let selected: readonly RunIdentity[] = [];
  const compare = button("Compare", () => void attempt(openPair), { disabled: true });
  const hint = h("p", { class: "note", role: "status" });
  const opened = createOpened(byId("opened"));
  const deletions = createDeletions(remove, show);
  const list = createList({
    open: (run) => void attempt(async () => opened.showRun(await loadRun(run.id))),
    remove: deletions.add,
    select,
    isSelected: (run) => selected.some((other) => isSameRun(run, other)),
  });
  const tools = h("div", { class: "tools" }, compare, deletions.element, hint);
  byId("runs-card").replaceChildren(tools, list.element);
  byId("runs").append(termList(["packet accounting", "loss", "percentile curve", "significance", "verdict"]));

  /** Runs `action` and shows its error, if any. */
  async function attempt(action: () => Promise<void>): Promise<void> {
    await action().catch((error) => setText(hint, messageOf(error)));
  }

  function showHint(): void {
    setText(hint, selected.length === 0 || selected.length === 2 ? "" : "Select two runs to compare.");
  }

  function setSelected(runs: readonly RunIdentity[]): void {
    selected = runs;
    compare.disabled = selected.length !== 2;
    showHint();
  }

  function select(run: RunIdentity, isSelected: boolean): void {
    setSelected([...selected.filter((other) => !isSameRun(run, other)), ...(isSelected ? [run] : [])]);
  }

  async function openPair(): Promise<void> {
    const [before = 0, after = 0] = selected.map(({ id }) => id).sort((a, b) => a - b);
    const pair = await Promise.all([loadRun(before), loadRun(after)]);
    const comparison = await callApi<RunComparison>("GET", `/runs/${before}/compare/${after}`);
    if (!opened.showPair(pair, comparison)) setText(hint, "These two runs have no protocol in common.");
  }

  /** Shows the runs that are there, and nothing of those that are not. */
  function show(): void {
    const shown = runs.filter((run) => !deletions.has(run));
    const isShown = (run: RunIdentity) => shown.some((other) => isSameRun(run, other));
    opened.retain(isShown);
    if (!selected.every(isShown)) setSelected(selected.filter(isShown));
    list.show(shown);
  }

  async function load(): Promise<void> {
    const response = await callApi<RunList>("GET", "/runs");
    runs = response.runs;
    onBounds(response);
    setText(byId("runs-lead"), describeStore(response));
    deletions.retain(runs);
    show();
  }

  async function remove(id: number, isLast: boolean): Promise<void> {
    const isGone = (error: unknown) => error instanceof ApiError && error.status === 404;
    try {
      await callApi("DELETE", `/runs/${id}`, undefined, isLast).catch((error) => {
        if (!isGone(error)) throw error;
      });
      await load();
    } catch (error) {
      setText(hint, messageOf(error));
    }
  }

  const latest = createLatest(async () => {
    try {
      await load();
      showHint();
    } catch (error) {
      setText(hint, messageOf(error));
      throw error;
    }
  });
  return {
    snapshot: ({ lab, runsVersion }) => latest.follow(`${lab} ${runsVersion}`),
    reload: latest.invalidate,
  };
}
