/** The run in progress or the last one: its state, its progress and its report. */
import { formatInterruption } from "../../load/report/format-time.ts";
import type { RunState } from "../../runs/shapes.ts";
import { byId, capitalized, h, setText } from "../ui/dom.ts";
import { createProgress } from "./progress.ts";
import { columnsOf, createReport, type ReportView } from "./report.ts";

const STATES: Readonly<Record<RunState["state"], string>> = {
  starting: "Starting",
  running: "Sending",
  settling: "Waiting for the last answers",
  done: "Done",
  failed: "Failed",
};
const NO_RUN = "No run yet. The packets of a run against this lab also appear in the columns above.";

/** Whether no run is in progress, so that one can be started. */
export function isOver(state: RunState | null): boolean {
  return state === null || state.state === "done" || state.state === "failed";
}

/** The end of a run that was stopped; undefined for one that sent all of its packets. */
function interruption({ reports, seconds }: RunState): string | undefined {
  const parts = reports.filter(({ verdict }) => verdict.interrupted).map(({ durationSeconds }) => durationSeconds);
  return parts.length === 0 ? undefined : capitalized(formatInterruption(Math.max(...parts), seconds));
}

function describeState(state: RunState): string {
  const stopped = state.stopped && !isOver(state) ? "(stopped)" : "";
  return [interruption(state) ?? STATES[state.state], stopped, state.error ?? ""].filter(Boolean).join(": ");
}

/** The view. */
export interface CurrentRun {
  /** Shows a state that has every interval of its run; null for no run. */
  showWhole(state: RunState | null): void;
  /** Shows the next state, which has only the intervals that are new. */
  showNext(state: RunState): void;
}

/** Creates the view. */
export function createCurrentRun(): CurrentRun {
  const status = h("p", { class: "status", role: "status" }, NO_RUN);
  const progress = createProgress();
  const reportHost = h("div");
  byId("load-live").replaceChildren(h("h3", {}, "Current run"), status, progress.element, reportHost);
  let report: ReportView | undefined;

  function showReport(state: RunState | null): void {
    report?.destroy();
    report = undefined;
    reportHost.replaceChildren();
    if (!state || !isOver(state) || state.reports.length === 0) return;
    report = createReport(columnsOf(state));
    reportHost.append(report.element);
  }

  function show(state: RunState | null): void {
    setText(status, state ? describeState(state) : NO_RUN);
    status.classList.toggle("error", state !== null && state.error !== null);
    byId("load").dataset.state = state?.state ?? "none";
    if (isOver(state) || report) showReport(state);
  }

  return {
    showWhole(state) {
      progress.reset(state);
      show(state);
    },
    showNext(state) {
      if (state.state === "starting") progress.reset(state);
      else progress.add(state);
      show(state);
    },
  };
}
