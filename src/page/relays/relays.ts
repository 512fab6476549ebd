/** The section "Relays": each relay as a path between two boxes with both directions live, and a form that opens one. */
import type { RelayState } from "../../api/shapes.ts";
import { TRANSPORTS, type Transport } from "../../faults/link-faults.ts";
import type { LiveSnapshot, RelayNow } from "../../live/shapes.ts";
import { ROUTE_FORM } from "../../relay/route/text.ts";
import { callApi } from "../ui/api.ts";
import { byId, changing, createOnce, h } from "../ui/dom.ts";
import { clearErrors, showTextError } from "../ui/field-errors.ts";
import { setTabStops, termList } from "../ui/terms.ts";
import { createCard, type RelayCard } from "./card.ts";

const TERMS = [
  "relay",
  "relay loss",
  "waiting",
  "added delay",
  "loss on a path",
  "delay on a path",
  "rate of a path",
  "stalled connections",
  "reset connections",
  "limit",
  "slice",
  "slow-close",
] as const;

/** The form that opens a relay from its text. */
function createOpening(): HTMLElement {
  const input = h("input", {
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    required: true,
    placeholder: `api=${TRANSPORTS[0]}:8080>db.example:5432`,
    "aria-label": `A relay: ${ROUTE_FORM}`,
  });
  const form = h("form", { class: "text-form" }, input, h("button", { type: "submit" }, "Open relay"));
  const open = async () => {
    const text = input.value;
    const [head = "", name] = /^\s*([^=]+?)\s*=(?=.*>)/s.exec(text) ?? [];
    try {
      if (name === undefined) throw new Error(`not a relay; allowed: ${ROUTE_FORM}`);
      await callApi<RelayState>("PUT", `/relays/${encodeURIComponent(name)}`, text.slice(head.length));
      clearErrors(host);
      input.value = "";
    } catch (error) {
      showTextError(host, input, error, head.length);
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void open();
  });
  const host = h("div", { class: "card opening" }, changing(form));
  return host;
}

/** The section. */
export function createRelays(): { snapshot(snapshot: LiveSnapshot): void } {
  // A relay of the same name can be replaced by one of another transport, which has other faults.
  const cardsOf = createOnce<Transport, (name: string) => RelayCard>((protocol) =>
    createOnce((name) => createCard(name, protocol)),
  );
  const cardOf = ({ name, protocol }: RelayNow) => cardsOf(protocol)(name);
  const cards = h("div", { class: "relay-cards" });
  const empty = h("p", { class: "note", hidden: true }, "No relay is open.");
  byId("relays").append(createOpening(), empty, cards, termList(TERMS));
  let shown: string | undefined; // until the first snapshot
  return {
    snapshot({ relays }) {
      for (const relay of relays) cardOf(relay).show(relay);
      const names = relays.map(({ name, protocol }) => `${protocol}:${name}`).join();
      if (names === shown) return;
      shown = names;
      empty.hidden = relays.length > 0;
      cards.replaceChildren(...relays.map((relay) => cardOf(relay).element));
      setTabStops();
    },
  };
}
