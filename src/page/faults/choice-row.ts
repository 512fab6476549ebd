/** The controls of a value that has several forms: a choice of the form, and the numbers of the chosen one. */
import { h } from "../ui/dom.ts";
import { numberControl } from "../ui/number-control.ts";
import type { FaultRow } from "./group.ts";

/** A number of a form: its JSON key, label, unit and initial value. */
export type Parameter = readonly [key: string, label: string, unit: string, initial: number];

/** The numbers of each form, by its name. */
export type Forms = Readonly<Record<string, readonly Parameter[]>>;

/** A chosen form and its numbers. */
export interface Choice {
  readonly kind: string;
  readonly numbers: Readonly<Record<string, number>>;
}

function createParameters(path: string, kind: string, parameters: readonly Parameter[]) {
  const controls = parameters.map(([key, label, unit, initial]) => {
    const control = numberControl(`${path}.${key}`, label, unit, 1);
    control.value = initial;
    return { key, control };
  });
  const elements = controls.map(({ control }) => control.element);
  return { kind, controls, element: h("div", { class: "row", "data-form": kind, hidden: true }, ...elements) };
}

/**
 * The row of a value whose path in errors is `path`.
 * @param name what is chosen and for which direction, for assistive technology
 * @param off the name of the choice of no value
 */
export function choiceRow(path: string, label: string, name: string, forms: Forms, off = "none"): FaultRow<Choice> {
  const rows = Object.entries(forms).map(([kind, parameters]) => createParameters(path, kind, parameters));
  const select = h(
    "select",
    { "aria-label": name, "data-path": path },
    h("option", { value: "" }, off),
    ...rows.map(({ kind }) => h("option", { value: kind }, kind)),
  );
  const selected = () => rows.find(({ kind }) => kind === select.value);
  const showSelected = () => {
    for (const { kind, controls, element } of rows) element.hidden = kind !== select.value || controls.length === 0;
  };
  select.addEventListener("input", showSelected);
  return {
    elements: [
      h("label", { class: "form-choice" }, h("span", {}, label), select),
      ...rows.map(({ element }) => element),
    ],
    read() {
      const row = selected();
      if (!row) return undefined;
      return {
        kind: row.kind,
        numbers: Object.fromEntries(row.controls.map(({ key, control }) => [key, control.value])),
      };
    },
    write(choice) {
      select.value = choice?.kind ?? "";
      for (const { key, control } of selected()?.controls ?? []) control.value = Number(choice?.numbers[key]);
      showSelected();
    },
  };
}

/** The row of `choice` for values of another type. */
export function convertedRow<Value>(
  choice: FaultRow<Choice>,
  toChoice: (value: Value) => Choice,
  fromChoice: (choice: Choice) => Value,
): FaultRow<Value> {
  return {
    elements: choice.elements,
    read() {
      const chosen = choice.read();
      return chosen && fromChoice(chosen);
    },
    write: (value) => choice.write(value === undefined ? undefined : toChoice(value)),
  };
}
