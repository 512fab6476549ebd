/** One protocol's column in the section "Faults": controls, the text form, and what was injected and measured. */
import type { ProtocolFaults } from "../../api/shapes.ts";
import type { Protocol } from "../../base/protocol.ts";
import type { Faults } from "../../faults/faults.ts";
import type { LiveSnapshot } from "../../live/shapes.ts";
import { callApi } from "../ui/api.ts";
import { button, changing, h } from "../ui/dom.ts";
import { clearErrors, showFieldError, showTextError } from "../ui/field-errors.ts";
import { labelOf, titleOf } from "../ui/protocols.ts";
import { createFields, readFields } from "./fields.ts";
import { createInjected } from "./injected.ts";
import { createTextForm } from "./text-form.ts";

/** A column of the page. */
export interface FaultColumn {
  readonly protocol: Protocol;
  readonly element: HTMLElement;
  /** Shows the faults and their text. */
  write(faults: Faults, text: string): void;
  /** Shows the counts since the last change. */
  snapshot(snapshot: LiveSnapshot): void;
}

/** Creates the column of `protocol`. `onChange` is called after each change made in it. */
export function createColumn(protocol: Protocol, onChange: () => void): FaultColumn {
  const path = `/impairments/${protocol}`;
  const title = h("h3", { id: `faults-${protocol}` }, ...labelOf(protocol));
  const reset = button("Reset", () => void send("DELETE", undefined, (error) => showFieldError(body, error)), {
    class: "quiet",
    "aria-label": `Reset the faults of ${titleOf(protocol)}`,
  });
  const fields = createFields(protocol);
  const body = h("div", {}, ...fields.map((field) => field.element));
  const { form, input } = createTextForm(
    `Faults of ${titleOf(protocol)} as text`,
    (text) => void send("PUT", text, (error) => showTextError(element, input, error)),
  );
  const injected = createInjected();
  const element = h(
    "article",
    { class: "card column", "data-protocol": protocol, "aria-labelledby": title.id },
    h("header", {}, title, changing(reset)),
    changing(body, form),
    injected.element,
  );
  let current: Faults = {};

  function write(faults: Faults, text: string): void {
    current = faults;
    clearErrors(element);
    for (const field of fields) field.write(faults);
    input.value = text;
  }

  async function send(method: string, faults: string | Faults | undefined, onError: (error: unknown) => void) {
    try {
      const answer = await callApi<ProtocolFaults>(method, path, faults);
      write(answer.faults, answer.text);
      onChange();
    } catch (error) {
      onError(error);
    }
  }

  body.addEventListener("change", () => void send("PUT", readFields(fields), (error) => showFieldError(body, error)));
  return {
    protocol,
    element,
    write,
    snapshot: ({ protocols }) => injected.show(current, protocols[protocol].since),
  };
}
