/** The section "Load": start a load run, follow it, stop it, read its report. */
import type { Protocol } from "../../base/protocol.ts";
import type { LiveSnapshot } from "../../live/shapes.ts";
import type { RunBounds, RunState } from "../../runs/shapes.ts";
import { callApi } from "../ui/api.ts";
import { button, byId, changing, h } from "../ui/dom.ts";
import { clearErrors, showFieldError } from "../ui/field-errors.ts";
import { rememberValues } from "../ui/remember.ts";
import { termList } from "../ui/terms.ts";
import { createCurrentRun, isOver } from "./current-run.ts";
import { createForm } from "./form.ts";

const TERMS = [
  "rate",
  "arrival",
  "waiting time",
  "warm-up",
  "packet accounting",
  "loss direction",
  "unexplained",
  "failed answers",
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

/** The section. What it shows of a run follows from the state that the lab sends. */
export interface Load {
  /** Starts a run; `request` is a body of `POST /runs`. */
  start(request: object): void;
  /** Applies a `run` event of the stream, which has only the intervals that are new. */
  event(state: RunState): void;
  /** Loads the whole state if another lab sends the snapshot, as after a restart, or if events were missed. */
  snapshot(snapshot: LiveSnapshot): void;
  /** Shows the allowed targets and the limits of a new run. */
  setBounds(bounds: RunBounds): void;
}

/** Creates the section. */
export function createLoad(served: readonly Protocol[]): Load {
  const options = createForm(served);
  const startButton = h("button", { type: "submit", class: "primary" }, "Start run");
  const stopButton = button("Stop", () => void send("DELETE", "/runs/current"), { disabled: true });
  const actions = h("p", { class: "actions" }, startButton, stopButton);
  const form = h("form", { novalidate: true }, changing(...options.elements, actions));
  byId("load-form").replaceChildren(h("h3", {}, "New run"), form);
  rememberValues(form, "wirelab-load");
  const run = createCurrentRun();
  byId("load").append(termList(TERMS));
  /** The state on display: its lab, which is unknown before the first snapshot, and its version, 0 for none. */
  let shown: { readonly lab: string; readonly version: number } = { lab: "", version: 0 };
  let isLoading = false;

  function enable(state: RunState | null): void {
    startButton.disabled = !isOver(state);
    stopButton.disabled = state === null || isOver(state) || state.stopped;
  }

  function showWhole(lab: string, state: RunState | null): void {
    shown = { lab, version: state?.version ?? 0 };
    run.showWhole(state);
    enable(state);
  }

  async function send(method: string, path: string, body?: object): Promise<void> {
    try {
      clearErrors(form);
      const state = await callApi<RunState>(method, path, body);
      if (state.version >= shown.version) showWhole(shown.lab, state); // else an event was faster
    } catch (error) {
      showFieldError(form, error);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send("POST", "/runs", options.read());
  });

  async function load(lab: string): Promise<void> {
    isLoading = true;
    try {
      showWhole(lab, await callApi<RunState | null>("GET", "/runs/current"));
    } catch {
      // The next snapshot tries again.
    } finally {
      isLoading = false;
    }
  }

  return {
    start: (request) => void send("POST", "/runs", request),
    setBounds: options.setBounds,
    event(state) {
      if (state.version !== shown.version + 1) return; // shown already, or after missed events: see snapshot()
      shown = { ...shown, version: state.version };
      run.showNext(state);
      enable(state);
    },
    snapshot({ lab, runVersion }) {
      if (!isLoading && (lab !== shown.lab || runVersion !== shown.version)) void load(lab);
    },
  };
}
