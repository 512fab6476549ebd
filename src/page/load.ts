/** The part "Load": start a run, watch it, stop it, read its report. */
import type { RunState } from "../runs/runner.ts";
import { ask, messageOf } from "./api.ts";
import { button, byId, h, setText } from "./dom.ts";
import { clearErrors, showFieldError } from "./field-errors.ts";
import { createProgress } from "./progress.ts";
import { LOOKS, shapeOf } from "./protocols.ts";
import { columnsOf, createReport, type ReportView } from "./report.ts";
import { listTerms, type Term, term } from "./terms.ts";

/** What a new run may be, as `GET /runs` says it. */
export interface RunBounds {
  readonly targets: readonly string[];
  readonly caps: {
    readonly rate: number;
    readonly seconds: number;
    readonly connections: number;
    readonly size: number;
  };
}

const STATES: Readonly<Record<RunState["state"], string>> = {
  starting: "Starting",
  running: "Sending",
  settling: "Waiting for the last answers",
  done: "Done",
  failed: "Failed",
};

function field(
  name: string,
  label: Term | undefined,
  text: string,
  attributes: Record<string, string | number>,
  unit = "",
) {
  const input = h("input", { id: `load-${name}`, "data-path": name, ...attributes });
  const caption = label
    ? h("span", { class: "caption" }, term(label, text))
    : h("label", { for: `load-${name}` }, text);
  if (label) input.setAttribute("aria-label", text);
  const element = h(
    "div",
    { class: "control" },
    caption,
    h("span", { class: "entry" }, input, h("span", { class: "unit" }, unit)),
  );
  return { element, input };
}

/** The controls of a new run; `read` gives the request's body. */
function createForm() {
  const protocol = h("fieldset", { class: "choice" }, h("legend", { class: "sr" }, "Protocol"));
  for (const name of ["all", "http", "tcp", "udp"] as const) {
    const look = name === "all" ? undefined : LOOKS[name];
    protocol.append(
      h(
        "label",
        { "data-protocol": name },
        h("input", { type: "radio", name: "protocol", value: name, checked: name === "udp" }),
        look && shapeOf(look),
        look?.name ?? "all three",
      ),
    );
  }
  const number = { type: "number", min: 0, step: "any", inputmode: "decimal" };
  const rate = field("rate", "rate", "rate", { ...number, value: 100 }, "/s");
  const seconds = field("seconds", undefined, "for", { ...number, value: 10 }, "s");
  const target = field("target", undefined, "target", {
    type: "text",
    list: "targets",
    placeholder: "this lab",
    spellcheck: "false",
    autocomplete: "off",
  });
  const connections = field("connections", "connections", "connections", { ...number, placeholder: "auto" });
  const size = field("size", "bytes", "size", { ...number, placeholder: "auto" }, "B");
  const timeout = field("timeout", "late", "timeout", { ...number, value: 2 }, "s");
  const warmup = field("warmup", "warm-up", "warm-up", { ...number, value: 0.5 }, "s");
  const arrival = h(
    "select",
    { "aria-label": "arrival", "data-path": "arrival" },
    h("option", { value: "constant" }, "constant"),
    h("option", { value: "poisson" }, "Poisson"),
  );
  const targets = h("datalist", { id: "targets" });
  const caps = h("p", { class: "note" });
  const more = h(
    "details",
    { class: "more" },
    h("summary", {}, "More"),
    h(
      "div",
      { class: "form-grid" },
      connections.element,
      size.element,
      timeout.element,
      warmup.element,
      h("div", { class: "control" }, h("span", { class: "caption" }, term("arrival")), arrival),
    ),
  );
  const optional = (input: HTMLInputElement) => (input.value === "" ? undefined : Number(input.value));
  return {
    parts: [
      protocol,
      h("div", { class: "form-grid" }, rate.element, seconds.element, target.element),
      more,
      targets,
      caps,
    ],
    bound(bounds: RunBounds): void {
      targets.replaceChildren(...bounds.targets.map((value) => h("option", { value })));
      const where = bounds.targets.length === 0 ? "the lab itself" : `the lab itself, ${bounds.targets.join(", ")}`;
      setText(
        caps,
        `Targets: ${where}. At most ${bounds.caps.rate} packets a second of each protocol, for ${bounds.caps.seconds} s.`,
      );
    },
    read: () => ({
      protocol: protocol.querySelector<HTMLInputElement>("input:checked")?.value,
      rate: optional(rate.input),
      seconds: optional(seconds.input),
      target: target.input.value || undefined,
      connections: optional(connections.input),
      size: optional(size.input),
      timeout: optional(timeout.input),
      warmup: optional(warmup.input),
      arrival: arrival.value,
    }),
  };
}

/** The part. `show` takes what the stream says of the run under way; `bound` what a new one may be. */
export function createLoad(): {
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
