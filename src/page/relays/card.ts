/** One relay on the page: the path between its clients and its upstream, the faults on it, and what they did. */
import { count, counted, duration, formatCount, inline } from "../../base/format.ts";
import { DIRECTIONS, perDirection } from "../../faults/faults.ts";
import type { LinkFaultsByDirection, Transport } from "../../faults/link-faults.ts";
import type { RelayNow } from "../../live/shapes.ts";
import { createInjected, createInjectedTable } from "../faults/injected.ts";
import { createSender } from "../faults/sender.ts";
import { createTextForm } from "../faults/text-form.ts";
import { callApi } from "../ui/api.ts";
import { button, changing, h, setText } from "../ui/dom.ts";
import { clearErrors, isEdited, showFieldError, showTextError } from "../ui/field-errors.ts";
import { createTable } from "../ui/table.ts";
import { term } from "../ui/terms.ts";
import { createControls, linkFaultsOf } from "./controls.ts";
import { createFlows } from "./flows.ts";
import { linkInjectedRows } from "./link-injected-rows.ts";
import { NAMES, pathRows, sinceRows } from "./way-rows.ts";

/** A card of the section. */
export interface RelayCard {
  readonly element: HTMLElement;
  show(relay: RelayNow): void;
}

/** One end of the path. */
function box(title: string) {
  const detail = h("p", { class: "note" });
  return { element: h("div", { class: "end" }, h("h4", {}, title), detail), detail };
}

/** A text of what the upstream's box says: its address, and how often it was not reached. */
function upstreamText({ upstream, address, upstreamErrors }: RelayNow): string {
  const errors = Object.entries(upstreamErrors).map(([reason, times]) => `${reason} × ${inline(count(times))}`);
  const where = address === null ? `${upstream}: no address` : upstream || "hidden";
  return [where, ...errors].filter((part) => part !== "").join(", ");
}

/** The path with both directions live. */
function createPath(name: string) {
  const clients = box("clients");
  const upstream = box("upstream");
  const now = createTable(
    ["in", "out", term("relay loss", "lost"), term("waiting"), term("added delay", "added p50 / p99")],
    `${name}: last second`,
  );
  return {
    element: h("div", { class: "path" }, clients.element, now.element, upstream.element),
    show(relay: RelayNow): void {
      const clientsNow = counted(relay.open, relay.protocol === "tcp" ? "connection" : "flow");
      setText(clients.detail, `${clientsNow}, at most ${formatCount(relay.limit)}`);
      setText(upstream.detail, upstreamText(relay));
      now.write(pathRows(relay));
    },
  };
}

/** What was set, injected and measured in each direction since the faults changed, and what was counted. */
function createSince(name: string, protocol: Transport) {
  const ways = perDirection((direction) =>
    createInjectedTable(`${name}, ${direction}: set, injected and measured`, NAMES[direction]),
  );
  const counts = createTable(["up", "down"], `${name}: counts since the faults changed`, "counts");
  counts.element.className = "counts";
  const tables = h(
    "div",
    { class: "since" },
    ...DIRECTIONS.map((direction) => ways[direction].element),
    counts.element,
  );
  const injected = createInjected(tables);
  return {
    element: injected.element,
    show(relay: RelayNow, set: LinkFaultsByDirection): void {
      const { seconds, text } = relay.faults;
      for (const direction of DIRECTIONS) {
        ways[direction].write(linkInjectedRows(protocol, set[direction], relay[direction].since, seconds));
      }
      counts.write(sinceRows(relay));
      injected.note(`for ${inline(duration(seconds))}, with: ${text}`);
    },
  };
}

/** Creates the card of the relay `name`. */
export function createCard(name: string, protocol: Transport): RelayCard {
  const route = `/relays/${encodeURIComponent(name)}`;
  const title = h("h3", { id: `relay-${name}` }, name);
  const where = h("p", { class: "note" });
  const path = createPath(name);
  const { form, input } = createTextForm(
    `Faults of the relay ${name} as text`,
    (text) => void send("PUT", text, (error) => showTextError(element, input, error)),
  );
  const controls = createControls(
    protocol,
    (faults) => void send("PUT", faults, (error) => showFieldError(controls.body, error)),
  );
  const since = createSince(name, protocol);
  const flows = createFlows(name);
  const fail = (error: unknown) => showFieldError(element, error);
  const reset = button("Reset", () => void send("DELETE", undefined, fail), {
    class: "quiet",
    "aria-label": `Reset the faults of the relay ${name}`,
  });
  const close = button("Close", () => void callApi("DELETE", route).catch(fail), {
    class: "quiet",
    "aria-label": `Close the relay ${name}`,
  });
  const element = h(
    "article",
    { class: "card relay", "data-relay": name, "aria-labelledby": title.id },
    h("header", {}, title, where, changing(reset, close)),
    path.element,
    changing(form),
    controls.element,
    since.element,
    flows.element,
  );
  /** The faults of the relay, which the controls do not show while they are edited. */
  let current = { text: "none", faults: linkFaultsOf(protocol, "none") };
  let written: string | undefined;

  function setCurrent(text: string): void {
    if (text !== current.text) current = { text, faults: linkFaultsOf(protocol, text) };
  }

  function write(): void {
    written = current.text;
    clearErrors(element);
    controls.write(current.faults);
    input.value = current.text;
  }

  const send = createSender(`${route}/impairments`, (text) => {
    setCurrent(text);
    write();
  });

  return {
    element,
    show(relay) {
      setText(where, `${protocol} on ${relay.listen}`);
      setCurrent(relay.faults.text);
      path.show(relay);
      flows.show(relay);
      since.show(relay, current.faults);
      if (written !== current.text && !isEdited(element)) write();
    },
  };
}
