/** The part "Load": start a run, watch it, stop it, read its report. */
import type { RunBounds, RunState } from "../../runs/shapes.ts";
import { ask, messageOf } from "../ui/api.ts";
import { button, byId, h, setText } from "../ui/dom.ts";
import { clearErrors, showFieldError } from "../ui/field-errors.ts";
import { listTerms } from "../ui/terms.ts";
import { createForm } from "./form.ts";
import { createProgress } from "./progress.ts";
import { columnsOf, createReport, type ReportView } from "./report.ts";

const STATES: Readonly<Record<RunState["state"], string>> = {
  starting: "Starting",
  running: "Sending",
  settling: "Waiting for the last answers",
  done: "Done",
  failed: "Failed",
};

/** The part. `start` begins a run; `show` takes what the stream says of the run under way; `bound` what a new one may be. */
export function createLoad(): {
  start(request: object): void;
  show(state: RunState): void;
  refresh(): Promise<void>;
  bound(bounds: RunBounds): void;
} {
  const form = createForm();
  const host = byId("load-form");
  const start = h("button", { type: "submit", class: "primary" }, "Start run");
  const stop = button("Stop", () => void send("DELETE", "/runs/current"), { disabled: true });
  const element = h(
    "form",
    { novalidate: true },
    h("fieldset", { class: "bare", "data-changes": true }, ...form.parts, h("p", { class: "actions" }, start, stop)),
  );
  host.replaceChildren(h("h3", {}, "A new run"), element);
  const status = h(
    "p",
    { class: "status", role: "status" },
    "No run yet. A run against this lab shows in the columns above while it goes.",
  );
  const progress = createProgress();
  const place = h("div");
  byId("load-live").replaceChildren(h("h3", {}, "The run"), status, progress.element, place);
  listTerms("load-terms", [
    "rate",
    "arrival",
    "warm-up",
    "ledger",
    "late",
    "unexplained",
    "loss",
    "response and service time",
    "server time",
    "jitter",
    "schedule error",
    "percentile curve",
    "verdict",
  ]);
  let report: ReportView | undefined;
  let shown = 0;

  async function send(method: string, path: string, body?: object): Promise<void> {
    try {
      clearErrors(element);
      show(await ask<RunState>(method, path, body));
    } catch (error) {
      showFieldError(element, error);
    }
  }

  element.addEventListener("submit", (event) => {
    event.preventDefault();
    void send("POST", "/runs", form.read());
  });

  function finish(state: RunState): void {
    report?.destroy();
    report = undefined;
    place.replaceChildren();
    if (state.reports.length === 0) return;
    report = createReport(columnsOf(state));
    place.append(report.element);
  }

  function show(state: RunState): void {
    const over = state.state === "done" || state.state === "failed";
    const text = [STATES[state.state], state.stopped && !over ? "(stopped)" : "", state.error ?? ""].filter(Boolean);
    setText(status, text.join(": "));
    status.classList.toggle("error", state.error !== null);
    start.disabled = !over;
    stop.disabled = over || state.stopped;
    byId("load").dataset.state = state.state;
    if (state.number !== shown) progress.reset(state);
    shown = state.number;
    progress.add(state);
    if (over) finish(state);
    else if (report) finish({ ...state, reports: [] });
  }

  return {
    show,
    start: (request) => void send("POST", "/runs", request),
    bound: form.bound,
    async refresh() {
      try {
        const state = await ask<RunState | null>("GET", "/runs/current");
        shown = 0;
        if (state) show(state);
      } catch (error) {
        setText(status, messageOf(error));
      }
    },
  };
}
