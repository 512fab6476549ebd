/** A form control for one number: a field, with a slider where the number has a range. */
import { h } from "./dom.ts";

/** One number of a form. */
export interface NumberControl {
  readonly element: HTMLElement;
  /** In the unit of the API; NaN for an empty or invalid field. */
  value: number;
  /** The same, but undefined for an empty field. */
  optional: number | undefined;
}

/** Properties of a number field that not every one has. */
export interface NumberOptions {
  /** Adds a slider from 0 to this number of the displayed unit. */
  readonly max?: number;
  /** What an empty field means. The field is empty at first then, not 0. */
  readonly empty?: string;
}

let ids = 0;

/** `value` of the API in a field: without the rounding error of the division by `scale`. */
function textOf(value: number, scale: number): string {
  return String(scale === 1 ? value : Number((value / scale).toPrecision(6)));
}

/**
 * A number field. `path` is the field's name in error messages, such as `drop.up`; `scale` is the factor from the
 * displayed unit to the API's (0.01 for %). A value that is written and not edited is read with all its digits.
 */
export function numberControl(
  path: string,
  label: string,
  unit: string,
  scale: number,
  { max, empty }: NumberOptions = {},
): NumberControl {
  const id = `field-${++ids}`;
  const value = empty === undefined ? 0 : undefined;
  const attributes = { "data-path": path, "data-scale": scale, "data-unit": unit, min: 0, value };
  const input = h("input", {
    type: "number",
    id,
    step: "any",
    inputmode: "decimal",
    placeholder: empty,
    ...attributes,
  });
  const slider =
    max === undefined ? undefined : h("input", { type: "range", max, step: 1, "aria-label": label, ...attributes });
  slider?.addEventListener("input", () => {
    input.value = slider.value;
  });
  input.addEventListener("input", () => {
    if (slider) slider.value = input.value;
  });
  const element = h(
    "div",
    { class: slider ? "control sliding" : "control" },
    h("label", { for: id }, label),
    slider,
    h("span", { class: "entry" }, input, h("span", { class: "unit" }, unit)),
  );
  let written: { readonly text: string; readonly value: number } | undefined;
  const isEmpty = () => input.value === "" && !input.validity.badInput;
  return {
    element,
    get value() {
      if (input.value === written?.text) return written.value;
      // JSON has no NaN and writes null: the API's error then names the field and the allowed values.
      return input.value === "" ? Number.NaN : Number((input.valueAsNumber * scale).toPrecision(12));
    },
    set value(value) {
      const text = textOf(value, scale);
      written = { text, value };
      if (input.value !== text) input.value = text;
      if (slider) slider.value = text;
    },
    get optional() {
      return isEmpty() ? undefined : this.value;
    },
    set optional(value) {
      if (value !== undefined) this.value = value;
      else input.value = "";
    },
  };
}

/** A ratio, displayed in percent, with a slider. */
export function percentControl(path: string, label: string): NumberControl {
  return numberControl(path, label, "%", 0.01, { max: 100 });
}
