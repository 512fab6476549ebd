/** A form control for one number: a field, with a slider where the number has a range. */
import { h } from "./dom.ts";

/** One number of a form. */
export interface NumberControl {
  readonly element: HTMLElement;
  /** In the unit of the API; NaN for an empty or invalid field. */
  value: number;
}

let ids = 0;

/**
 * A number field. `path` is the field's name in error messages, such as `drop.up`; `scale` is the factor from the
 * displayed unit to the API's (0.01 for %); `max` adds a slider from 0 to `max`.
 */
export function numberControl(path: string, label: string, unit: string, scale: number, max?: number): NumberControl {
  const id = `field-${++ids}`;
  const attributes = { "data-path": path, "data-scale": scale, "data-unit": unit, min: 0, value: 0 };
  const input = h("input", { type: "number", id, step: "any", inputmode: "decimal", ...attributes });
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
  return {
    element,
    get value() {
      // JSON has no NaN and writes null: the API's error then names the field and the allowed values.
      return input.value === "" ? Number.NaN : Number((input.valueAsNumber * scale).toPrecision(12));
    },
    set value(value) {
      const text = String(Number((value / scale).toPrecision(6)));
      if (input.value !== text) input.value = text;
      if (slider) slider.value = text;
    },
  };
}

/** A ratio, displayed in percent, with a slider. */
export function percentControl(path: string, label: string): NumberControl {
  return numberControl(path, label, "%", 0.01, 100);
}
