/** One protocol's column in the section "Faults": controls, the text form, and what was injected and measured. */
import { count, duration, inline } from "../../base/format.ts";
import type { Protocol } from "../../base/protocol.ts";
import type { SinceChange } from "../../metrics/delta.ts";
import { button, changing, h } from "../ui/dom.ts";
import { clearErrors, isEdited, showFieldError, showTextError } from "../ui/field-errors.ts";
import { labelOf, titleOf } from "../ui/protocols.ts";
import { createFields, readFields } from "./fields.ts";
import { createInjected, createInjectedTable } from "./injected.ts";
import { injectedRows } from "./injected-rows.ts";
import { faultsOf } from "./known-faults.ts";
import { createSender } from "./sender.ts";
import { createTextForm } from "./text-form.ts";

/** A column of the page. */
export interface FaultColumn {
  readonly protocol: Protocol;
  readonly element: HTMLElement;
  /** Shows the faults, given as text, but keeps an input in progress. */
  show(text: string): void;
  /** Shows the counts since the last change. */
  count(since: SinceChange): void;
}

/** Creates the column of `protocol`. `onChange` receives the text of the faults after each change made in it. */
export function createColumn(protocol: Protocol, onChange: (text: string) => void): FaultColumn {
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
  const table = createInjectedTable(`${titleOf(protocol)}: since the faults changed`);
  const injected = createInjected(table.element);
  const element = h(
    "article",
    { class: "card column", "data-protocol": protocol, "aria-labelledby": title.id },
    h("header", {}, title, changing(reset)),
    changing(body, form),
    injected.element,
  );
  /** The faults of the lab, which the controls do not show while they are edited. */
  let current = { text: "none", faults: faultsOf(protocol, "none") };
  let written: string | undefined;

  function write(text: string): void {
    written = text;
    clearErrors(element);
    for (const field of fields) field.write(current.faults);
    input.value = text;
  }

  function setCurrent(text: string): void {
    if (text !== current.text) current = { text, faults: faultsOf(protocol, text) };
  }

  const send = createSender(`/impairments/${protocol}`, (text) => {
    setCurrent(text);
    write(text);
    onChange(text);
  });

  body.addEventListener("change", () => void send("PUT", readFields(fields), (error) => showFieldError(body, error)));
  return {
    protocol,
    element,
    show(text) {
      setCurrent(text);
      if (text !== written && !isEdited(element)) write(text);
    },
    count(since) {
      table.write(injectedRows(current.faults, since));
      const packets = inline(count(since.packets));
      injected.note(`${packets} packets in ${inline(duration(since.seconds))} with these faults`);
    },
  };
}
