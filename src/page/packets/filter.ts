/** The filter of the packet list: its rule, and its controls. */
import type { Protocol } from "../../base/protocol.ts";
import type { PacketEntry } from "../../live/shapes.ts";
import { h } from "../ui/dom.ts";
import { labelOf } from "../ui/protocols.ts";
import type { ShownProtocols } from "../ui/shown.ts";

/** What the list shows. */
export interface Filter {
  readonly protocols: ReadonlySet<Protocol>;
  /** "" for every outcome. */
  readonly outcome: "" | "answered" | "dropped";
  /** Part of the peer, the outcome or the session id; "" for every packet. */
  readonly text: string;
}

/** Whether the list shows a packet. */
export function matches({ protocol, outcome, peer, session }: PacketEntry, filter: Filter): boolean {
  if (!filter.protocols.has(protocol)) return false;
  if (filter.outcome !== "" && (outcome === "answered") !== (filter.outcome === "answered")) return false;
  return `${peer} ${outcome} ${session ?? ""}`.includes(filter.text);
}

const OUTCOMES = [
  ["", "all outcomes"],
  ["answered", "answered"],
  ["dropped", "not answered"],
] as const satisfies readonly (readonly [Filter["outcome"], string])[];

/** The controls of the filter. */
interface FilterControls {
  readonly controls: readonly HTMLElement[];
  /** The current filter. */
  read(): Filter;
}

/** Creates the controls. `onChange` is called after each change. Protocols are added and removed as `shown` changes. */
export function createFilter(shown: ShownProtocols, onChange: () => void): FilterControls {
  let before = shown.current;
  const boxes = shown.served.map((protocol) => {
    return { protocol, box: h("input", { type: "checkbox", checked: before.includes(protocol) }) };
  });
  shown.onChange(() => {
    const after = shown.current;
    for (const { protocol, box } of boxes) {
      if (before.includes(protocol) !== after.includes(protocol)) box.checked = after.includes(protocol);
    }
    before = after;
    onChange();
  });
  const protocols = h(
    "fieldset",
    { class: "choice protocol-row" },
    h("legend", { class: "sr" }, "Protocols of the packets"),
    ...boxes.map(({ protocol, box }) => h("label", { "data-protocol": protocol }, box, ...labelOf(protocol))),
  );
  const outcome = h(
    "select",
    { "aria-label": "Outcome" },
    ...OUTCOMES.map(([value, label]) => h("option", { value }, label)),
  );
  const text = h("input", {
    type: "search",
    placeholder: "peer, outcome or session",
    "aria-label": "Filter by peer, outcome or session",
  });
  const controls = [protocols, outcome, text];
  for (const control of controls) control.addEventListener("input", onChange);
  return {
    controls,
    read: () => ({
      protocols: new Set(boxes.filter(({ box }) => box.checked).map(({ protocol }) => protocol)),
      outcome: OUTCOMES[outcome.selectedIndex]?.[0] ?? "",
      text: text.value.trim(),
    }),
  };
}
