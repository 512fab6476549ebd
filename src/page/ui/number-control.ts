/** A number to set: a field, and a slider where there is a range. */
import { h } from "./dom.ts";

/** One number with its slider or without. `path` is where an error of the lab would name it, `drop.up`. */
export interface NumberControl {
  readonly element: HTMLElement;
  value: number;
}

let ids = 0;

/** A number field; `scale` is what its unit is worth (0.01 for %). */
export function numberControl(path: string, label: string, unit: string, scale: number, most?: number): NumberControl {
  const id = `field-${++ids}`;
  const input = h("input", {
    type: "number",
    id,
    min: 0,
    step: "any",
    inputmode: "decimal",
    value: 0,
    "data-path": path,
  });
  const slider =
    most === undefined
      ? undefined
      : h("input", { type: "range", min: 0, max: most, step: 1, value: 0, "aria-label": label, "data-path": path });
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
      // An empty or wrong field is NaN, which JSON writes as null: the lab says what it expected.
      return input.value === "" ? Number.NaN : Number((input.valueAsNumber * scale).toPrecision(12));
    },
    set value(value) {
      const text = String(Number((value / scale).toPrecision(6)));
      if (input.value !== text) input.value = text;
      if (slider) slider.value = text;
    },
  };
}

/** A share, shown in percent, with its slider. */
export function percentControl(path: string, label: string): NumberControl {
  return numberControl(path, label, "%", 0.01, 100);
}
