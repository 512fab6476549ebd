/** The form of a new load run. */
import type { Term } from "../../base/glossary.ts";
import type { Protocol } from "../../base/protocol.ts";
import type { RunBounds } from "../../runs/shapes.ts";
import { type Attributes, h, setText } from "../ui/dom.ts";
import { labelOf } from "../ui/protocols.ts";
import { term } from "../ui/terms.ts";

/** The protocol that a new form selects. */
const INITIAL_PROTOCOL: Protocol = "udp";

interface Field {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
}

function createField(name: string, label: HTMLElement, unit: string, attributes: Attributes): Field {
  const input = h("input", { id: `load-${name}`, "data-path": name, ...attributes });
  const entry = h("span", { class: "entry" }, input, h("span", { class: "unit" }, unit));
  return { input, element: h("div", { class: "control" }, label, entry) };
}

/** A number field whose label opens a definition. */
function createNumberField(name: string, label: string, definition: Term, unit: string, attributes: Attributes): Field {
  const number = { type: "number", min: 0, step: "any", inputmode: "decimal", "aria-label": label };
  return createField(name, caption(term(definition, label)), unit, { ...number, ...attributes });
}

function createTargetField(): Field {
  const label = h("label", { for: "load-target" }, "target");
  return createField("target", label, "", {
    type: "text",
    list: "targets",
    placeholder: "this lab",
    spellcheck: "false",
    autocomplete: "off",
  });
}

function caption(content: HTMLElement): HTMLElement {
  return h("span", { class: "caption" }, content);
}

function createProtocolChoice(served: readonly Protocol[]): HTMLFieldSetElement {
  const choices = served.map((name) => {
    const input = h("input", { type: "checkbox", name: "protocol", value: name, checked: name === INITIAL_PROTOCOL });
    return h("label", { "data-protocol": name }, input, ...labelOf(name));
  });
  return h("fieldset", { class: "choice protocol-row" }, h("legend", { class: "sr" }, "Protocols"), ...choices);
}

/** The values of the boxes that are checked in `choice`. */
function checkedIn(choice: HTMLFieldSetElement): readonly string[] {
  return [...choice.querySelectorAll<HTMLInputElement>("input:checked")].map(({ value }) => value);
}

function createArrivalSelect(): HTMLSelectElement {
  return h(
    "select",
    { "aria-label": "arrival", "data-path": "arrival" },
    h("option", { value: "constant" }, "constant"),
    h("option", { value: "poisson" }, "Poisson"),
  );
}

/** The value of a number field; undefined if it is empty. */
function numberOf({ input }: Field): number | undefined {
  return input.value === "" ? undefined : Number(input.value);
}

function describeBounds({ targets, caps }: RunBounds): string {
  const allowed = ["the lab itself", ...targets].join(", ");
  return `Targets: ${allowed}. At most ${caps.rate} packets per second of each protocol, for ${caps.seconds} s.`;
}

/** The controls. `setBounds` shows the allowed targets and limits; `read` returns the body of `POST /runs`. */
export function createForm(served: readonly Protocol[]) {
  const protocol = createProtocolChoice(served);
  const rate = createNumberField("rate", "rate", "rate", "/s", { value: 100 });
  const seconds = createNumberField("seconds", "duration", "duration", "s", { value: 10 });
  const target = createTargetField();
  const connections = createNumberField("connections", "connections", "load connections", "", { placeholder: "auto" });
  const size = createNumberField("size", "size", "packet size", "B", { placeholder: "auto" });
  const timeout = createNumberField("timeout", "timeout", "timeout", "s", { value: 2 });
  const wait = createNumberField("wait", "waiting time", "waiting time", "s", { placeholder: "auto" });
  const warmup = createNumberField("warmup", "warm-up", "warm-up", "s", { value: 0.5 });
  const arrival = createArrivalSelect();
  const targets = h("datalist", { id: "targets" });
  const bounds = h("p", { class: "note" });
  const options = [connections, size, timeout, wait, warmup].map(({ element }) => element);
  const more = h(
    "details",
    { class: "more" },
    h("summary", {}, "More options"),
    h("div", { class: "form-grid" }, ...options, h("div", { class: "control" }, caption(term("arrival")), arrival)),
  );
  return {
    elements: [
      protocol,
      h("div", { class: "form-grid" }, rate.element, seconds.element, target.element),
      more,
      targets,
      bounds,
    ],
    setBounds(allowed: RunBounds): void {
      targets.replaceChildren(...allowed.targets.map((value) => h("option", { value })));
      setText(bounds, describeBounds(allowed));
    },
    read: () => ({
      protocol: checkedIn(protocol),
      rate: numberOf(rate),
      seconds: numberOf(seconds),
      target: target.input.value || undefined,
      connections: numberOf(connections),
      size: numberOf(size),
      timeout: numberOf(timeout),
      wait: numberOf(wait),
      warmup: numberOf(warmup),
      arrival: arrival.value,
    }),
  };
}
