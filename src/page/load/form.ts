/** The form of a new load run. */
import type { RunBounds } from "../../runs/shapes.ts";
import { h, setText } from "../ui/dom.ts";
import { LOOKS, shapeOf } from "../ui/protocols.ts";
import { type Term, term } from "../ui/terms.ts";

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
export function createForm() {
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
