/** The section "Load": start a load run, follow it, stop it, read its report. */
import { messageOf } from "../../base/message.ts";
import type { RunBounds, RunState } from "../../runs/shapes.ts";
import { callApi } from "../ui/api.ts";
import { button, byId, changing, h, setText } from "../ui/dom.ts";
import { clearErrors, showFieldError } from "../ui/field-errors.ts";
import { termList } from "../ui/terms.ts";
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

const TERMS = [
  "rate",
  "arrival",
  "waiting time",
  "warm-up",
  "packet accounting",
  "loss direction",
  "unexplained",
  "late",
  "refused",
  "loss",
  "loss places",
  "response time",
  "service time",
  "server time",
  "interval percentile",
  "one-way delay",
  "jitter",
  "IPDV",
  "PDV",
  "schedule error",
  "percentile curve",
  "verdict",
] as const;

/** The section. */
export interface Load {
  /** Starts a run; `request` is a body of `POST /runs`. */
  start(request: object): void;
  /** Shows the state of the run, which holds the intervals since the last call. */
  show(state: RunState): void;
  /** Loads the state of the run in progress or the last one. */
  refresh(): Promise<void>;
  /** Shows the allowed targets and the limits of a new run. */
  setBounds(bounds: RunBounds): void;
}

/** Creates the section. */
export function createLoad(): Load {
  const options = createForm();
  const startButton = h("button", { type: "submit", class: "primary" }, "Start run");
  const stopButton = button("Stop", () => void send("DELETE", "/runs/current"), { disabled: true });
  const actions = h("p", { class: "actions" }, startButton, stopButton);
  const form = h("form", { novalidate: true }, changing(...options.elements, actions));
  const status = h(
    "p",
    { class: "status", role: "status" },
    "No run yet. The packets of a run against this lab also appear in the columns above.",
  );
  const progress = createProgress();
  const reportHost = h("div");
  byId("load-form").replaceChildren(h("h3", {}, "New run"), form);
  byId("load-live").replaceChildren(h("h3", {}, "Current run"), status, progress.element, reportHost);
  byId("load").append(termList(TERMS));
  let report: ReportView | undefined;
  /** The number of the run on display; 0 for none. */
  let shown = 0;

  async function send(method: string, path: string, body?: object): Promise<void> {
    try {
      clearErrors(form);
      show(await callApi<RunState>(method, path, body));
    } catch (error) {
      showFieldError(form, error);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send("POST", "/runs", options.read());
  });

  function showReport(state: RunState | undefined): void {
    report?.destroy();
    report = undefined;
    reportHost.replaceChildren();
    if (!state || state.reports.length === 0) return;
    report = createReport(columnsOf(state));
    reportHost.append(report.element);
  }

  function show(state: RunState): void {
    const over = state.state === "done" || state.state === "failed";
    setText(status, describeState(state, over));
    status.classList.toggle("error", state.error !== null);
    startButton.disabled = !over;
    stopButton.disabled = over || state.stopped;
    byId("load").dataset.state = state.state;
    if (state.number !== shown) progress.reset(state);
    shown = state.number;
    progress.add(state);
    if (over) showReport(state);
    else if (report) showReport(undefined);
  }

  return {
    show,
    start: (request) => void send("POST", "/runs", request),
    setBounds: options.setBounds,
    async refresh() {
      try {
        const state = await callApi<RunState | null>("GET", "/runs/current");
        shown = 0;
        if (state) show(state);
      } catch (error) {
        setText(status, messageOf(error));
      }
    },
  };
}

function describeState({ state, stopped, error }: RunState, over: boolean): string {
  return [STATES[state], stopped && !over ? "(stopped)" : "", error ?? ""].filter(Boolean).join(": ");
}
