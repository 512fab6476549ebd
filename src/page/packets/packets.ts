/** The part "Flow": the last packets as they pass, a sample that says how much it left out. */

import { duration, grouped, inline } from "../../base/format.ts";
import type { Flow } from "../../live/shapes.ts";
import type { PacketEntry } from "../../reflector/packet-log.ts";
import { button, byId, h, setText } from "../ui/dom.ts";
import { LOOKS, PROTOCOLS, type Protocol, shapeOf } from "../ui/protocols.ts";
import { listTerms, term } from "../ui/terms.ts";
import { clockTime } from "../ui/time.ts";

/** Packets kept to be filtered, and rows shown. */
const MOST_KEPT = 1000;
const MOST_ROWS = 100;

/** By the moment at which a packet came: the lab tells of it when its fate is known. */
function newestFirst(a: PacketEntry, b: PacketEntry): number {
  return b.at - a.at;
}

interface Filter {
  readonly protocols: ReadonlySet<string>;
  readonly outcome: string;
  readonly text: string;
}

function matches({ protocol, outcome, peer, session }: PacketEntry, filter: Filter): boolean {
  if (!filter.protocols.has(protocol)) return false;
  if (filter.outcome !== "" && (outcome === "answered") !== (filter.outcome === "answered")) return false;
  return filter.text === "" || `${peer} ${outcome} ${session ?? ""}`.includes(filter.text);
}

function row({ at, protocol, peer, bytes, outcome, responseTimeMs }: PacketEntry): HTMLTableRowElement {
  const { name } = LOOKS[protocol];
  const answered = outcome === "answered";
  const milliseconds = String(Math.floor(at % 1000)).padStart(3, "0");
  return h(
    "tr",
    { "data-protocol": protocol, "data-outcome": answered ? "answered" : "dropped" },
    h("td", { class: "time" }, clockTime(at), h("small", {}, `.${milliseconds}`)),
    h("td", {}, shapeOf(LOOKS[protocol]), name),
    h("td", { class: "peer" }, peer || "hidden"),
    h("td", { class: "number" }, `${grouped(bytes)} B`),
    h("td", { class: "outcome" }, h("span", { "aria-hidden": "true" }, answered ? "✓ " : "✕ "), outcome),
    h("td", { class: "number" }, responseTimeMs === undefined ? "–" : inline(duration(responseTimeMs / 1000))),
  );
}

function filterBar(changed: () => void) {
  const boxes = PROTOCOLS.map((protocol: Protocol) => h("input", { type: "checkbox", value: protocol, checked: true }));
  const protocols = h("fieldset", { class: "choice" }, h("legend", { class: "sr" }, "Protocols"));
  for (const box of boxes) {
    const look = LOOKS[box.value as Protocol]; // the values are PROTOCOLS, set just above
    protocols.append(h("label", { "data-protocol": box.value }, box, shapeOf(look), look.name));
  }
  const outcome = h(
    "select",
    { "aria-label": "Outcome" },
    h("option", { value: "" }, "all outcomes"),
    h("option", { value: "answered" }, "answered"),
    h("option", { value: "dropped" }, "not answered"),
  );
  const text = h("input", {
    type: "search",
    placeholder: "peer, outcome or session",
    "aria-label": "Filter by peer, outcome or session",
  });
  for (const control of [protocols, outcome, text]) control.addEventListener("input", changed);
  return {
    controls: [protocols, outcome, text],
    read: (): Filter => ({
      protocols: new Set(boxes.filter((box) => box.checked).map((box) => box.value)),
      outcome: outcome.value,
      text: text.value.trim(),
    }),
  };
}

/** The part. */
export function createFlow(): { reset(flow: Flow): void; add(flow: Flow): void } {
  let packets: PacketEntry[] = [];
  let paused = false;
  let waiting = 0;
  const note = h("p", { class: "note sampled", role: "status", "aria-live": "off" });
  const body = h("tbody");
  const filter = filterBar(show);
  const pause = button(
    "Pause",
    () => {
      paused = !paused;
      waiting = 0;
      setText(pause, paused ? "Continue" : "Pause");
      pause.setAttribute("aria-pressed", String(paused));
      if (!paused) show();
    },
    { "aria-pressed": "false" },
  );
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, "time"),
    h("th", { scope: "col" }, "protocol"),
    h("th", { scope: "col" }, term("peer")),
    h("th", { scope: "col", class: "number" }, "size"),
    h("th", { scope: "col" }, term("outcome")),
    h("th", { scope: "col", class: "number" }, term("response time")),
  );
  const empty = h("p", { class: "empty" });
  const table = h("table", { class: "flow" }, h("thead", {}, head), body);
  byId("flow-card").replaceChildren(
    h("div", { class: "tools" }, pause, ...filter.controls, note),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The last packets" }, table, empty),
  );
  listTerms("flow-terms", ["packet", "peer", "outcome", "response time", "sample"]);

  function show(): void {
    const wanted = filter.read();
    const rows = packets.filter((packet) => matches(packet, wanted)).slice(0, MOST_ROWS);
    body.replaceChildren(...rows.map(row));
    empty.hidden = rows.length > 0;
    setText(
      empty,
      packets.length === 0
        ? "No packet yet. Start a load run, or send one: printf 'Hello UDP 7' | nc -u -w1 localhost 7000"
        : "No packet fits the filter.",
    );
  }

  function tell({ packets: taken, leftOut }: Flow): void {
    if (paused) setText(note, `paused; ${grouped(waiting)} packets passed since`);
    else if (leftOut > 0)
      setText(note, `a sample: ${grouped(taken.length)} of ${grouped(taken.length + leftOut)} in the last second`);
    else setText(note, "every packet is shown");
  }

  show();
  return {
    reset(flow) {
      packets = [...flow.packets].sort(newestFirst);
      if (!paused) show();
    },
    add(flow) {
      if (paused) waiting += flow.packets.length + flow.leftOut;
      else if (flow.packets.length > 0) {
        packets = [...flow.packets, ...packets].sort(newestFirst).slice(0, MOST_KEPT);
        if (!document.hidden) show();
      }
      tell(flow);
    },
  };
}
