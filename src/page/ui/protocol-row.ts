/** The row of buttons that show and hide protocols. A hidden one is marked if it has traffic or faults. */
import type { Protocol } from "../../base/protocol.ts";
import type { LiveSnapshot, ProtocolNow } from "../../live/shapes.ts";
import { h, setText } from "./dom.ts";
import { labelOf } from "./protocols.ts";
import type { ShownProtocols } from "./shown.ts";

/** What a hidden protocol has that its column would show. */
export function activityOf({ totals, faults }: ProtocolNow): string {
  return [totals.packets > 0 && "traffic", faults.text !== "none" && "faults"].filter(Boolean).join(", ");
}

/** A row. */
export interface ProtocolRow {
  readonly element: HTMLElement;
  /** Marks the hidden protocols. */
  snapshot(snapshot: LiveSnapshot): void;
}

/** Creates a row for the protocols that the lab serves; `name` is its accessible name. */
export function createProtocolRow(shown: ShownProtocols, name: string): ProtocolRow {
  const items = shown.served.map((protocol) => createItem(protocol, shown));
  let latest: LiveSnapshot | undefined;

  function show(): void {
    const current = shown.current;
    for (const { protocol, box, activity } of items) {
      const now = latest?.protocols[protocol];
      box.checked = current.includes(protocol);
      setText(activity, box.checked || !now ? "" : activityOf(now));
    }
  }

  shown.onChange(show);
  show();
  return {
    element: h(
      "fieldset",
      { class: "choice protocol-row" },
      h("legend", { class: "sr" }, name),
      ...items.map(({ label }) => label),
    ),
    snapshot(snapshot) {
      latest = snapshot;
      show();
    },
  };
}

function createItem(protocol: Protocol, shown: ShownProtocols) {
  const box = h("input", { type: "checkbox" });
  box.addEventListener("change", () => shown.set(protocol, box.checked));
  const activity = h("small", { class: "activity" });
  return {
    protocol,
    box,
    activity,
    label: h("label", { "data-protocol": protocol }, box, ...labelOf(protocol), activity),
  };
}
