/** The table of packets. */
import { duration, grouped, inline, NONE } from "../../base/format.ts";
import { REGISTRY } from "../../base/protocol.ts";
import type { PacketEntry } from "../../live/shapes.ts";
import { h, setText } from "../ui/dom.ts";
import { labelOf } from "../ui/protocols.ts";
import { term } from "../ui/terms.ts";
import { clockTime } from "../ui/time.ts";

const EXAMPLE = REGISTRY.udp.example.replace("HOST", "localhost").replace("PORT", String(REGISTRY.udp.port));
const NO_PACKETS = `No packet has been received yet. Start a load run, or send a packet: ${EXAMPLE}`;

function createRow({ at, protocol, peer, bytes, outcome, responseTimeMs }: PacketEntry): HTMLTableRowElement {
  const answered = outcome === "answered";
  const milliseconds = String(Math.floor(at % 1000)).padStart(3, "0");
  return h(
    "tr",
    { "data-protocol": protocol, "data-outcome": answered ? "answered" : "dropped" },
    h("td", { class: "time" }, clockTime(at), h("small", {}, `.${milliseconds}`)),
    h("td", {}, ...labelOf(protocol)),
    h("td", { class: "peer" }, peer || "hidden"),
    h("td", { class: "number" }, `${grouped(bytes)} B`),
    h("td", { class: "outcome" }, h("span", { "aria-hidden": "true" }, answered ? "✓ " : "✕ "), outcome),
    h("td", { class: "number" }, responseTimeMs === undefined ? NONE : inline(duration(responseTimeMs / 1000))),
  );
}

function createHead(): HTMLElement {
  return h(
    "tr",
    {},
    h("th", { scope: "col" }, "time"),
    h("th", { scope: "col" }, "protocol"),
    h("th", { scope: "col" }, term("peer")),
    h("th", { scope: "col", class: "number" }, "size"),
    h("th", { scope: "col" }, term("outcome")),
    h("th", { scope: "col", class: "number" }, term("lab response time", "response time")),
  );
}

/** The table. `show` replaces the rows; `any` is false if there are no packets at all. */
export function createList(): {
  readonly element: HTMLElement;
  show(packets: readonly PacketEntry[], any: boolean): void;
} {
  const body = h("tbody");
  const empty = h("p", { class: "empty" });
  const table = h("table", { class: "packets" }, h("thead", {}, createHead()), body);
  return {
    element: h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Recent packets" }, table, empty),
    show(packets, any) {
      body.replaceChildren(...packets.map(createRow));
      empty.hidden = packets.length > 0;
      setText(empty, any ? "No packet matches the filter." : NO_PACKETS);
    },
  };
}
