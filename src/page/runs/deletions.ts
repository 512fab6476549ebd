/** Deletions of kept runs, which can be undone for some seconds: the lab deletes a run only after them. */
import type { RunSummary } from "../../runs/shapes.ts";
import { button, h } from "../ui/dom.ts";

/** How long a deletion can be undone, ms. */
const UNDO_MS = 8000;
/** How often a deletion that is held by the pointer or the keyboard focus is tried again, ms. */
const HELD_MS = 1000;

/** What identifies a run. The lab may give the id of a run to another one after a restart. */
export type RunIdentity = Pick<RunSummary, "id" | "savedAt">;

/** Whether both are the same run. */
export function isSameRun(a: RunIdentity, b: RunIdentity): boolean {
  return a.id === b.id && a.savedAt === b.savedAt;
}

/** The runs that are being deleted. */
export interface Deletions {
  /** The message with the button that undoes. */
  readonly element: HTMLElement;
  /** Deletes a run, later. The time starts again for those that wait already. */
  add(run: RunIdentity): void;
  /** Whether a run is being deleted, so that it is not shown. */
  has(run: RunIdentity): boolean;
  /** Forgets those that `runs` does not have. */
  retain(runs: readonly RunIdentity[]): void;
}

function describe(runs: readonly RunIdentity[]): string {
  const ids = runs.map(({ id }) => id).join(", ");
  return `${runs.length === 1 ? "Run" : "Runs"} ${ids} deleted.`;
}

/**
 * Creates it. `remove` deletes a run in the lab, also while the page is closed if `isLast`; `onChange` is called when `has`
 * may have changed.
 */
export function createDeletions(
  remove: (id: number, isLast: boolean) => Promise<void>,
  onChange: () => void,
): Deletions {
  let waiting: readonly RunIdentity[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const text = h("span", { role: "status" });
  const undo = button("Undo", () => set([]));
  const element = h("p", { class: "undo" }, text, undo);
  undo.hidden = true;

  function set(runs: readonly RunIdentity[]): void {
    waiting = runs;
    clearTimeout(timer);
    if (runs.length > 0) timer = setTimeout(finish, UNDO_MS);
    text.textContent = runs.length === 0 ? "" : describe(runs);
    undo.hidden = runs.length === 0;
    onChange();
  }

  /** Nothing is deleted while the user is at the button: a time limit must not surprise. */
  function finish(): void {
    if (element.matches(":hover, :has(:focus-visible)")) timer = setTimeout(finish, HELD_MS);
    else void removeAll(false);
  }

  async function removeAll(isLast: boolean): Promise<void> {
    const runs = waiting;
    undo.hidden = true;
    text.textContent = "";
    await Promise.all(runs.map(({ id }) => remove(id, isLast)));
    if (waiting === runs) set([]);
  }

  addEventListener("pagehide", () => void removeAll(true));
  return {
    element,
    add(run) {
      set([...waiting, run]);
      undo.focus({ preventScroll: true }); // the button that had the focus is gone
    },
    has: (run) => waiting.some((other) => isSameRun(run, other)),
    retain(runs) {
      const kept = waiting.filter((run) => runs.some((other) => isSameRun(run, other)));
      if (kept.length < waiting.length) set(kept);
    },
  };
}
