/** The controls of the delay fault: a distribution and its parameters. */
import type { Delay } from "../../faults/faults.ts";
import { h } from "../ui/dom.ts";
import { numberControl } from "../ui/number-control.ts";
import { createGroup, type FaultField } from "./group.ts";

/** A parameter of a distribution: its JSON key, label, unit and initial value. */
type Parameter = readonly [key: string, label: string, unit: string, initial: number];

/** The parameters of each distribution, with exactly the keys of the members of `Delay`. */
const PARAMETERS: Readonly<Record<Delay["kind"], readonly Parameter[]>> = {
  fixed: [["ms", "time", "ms", 50]],
  uniform: [
    ["minMs", "from", "ms", 0],
    ["maxMs", "to", "ms", 100],
  ],
  normal: [
    ["meanMs", "mean", "ms", 50],
    ["stddevMs", "spread", "ms", 10],
  ],
  pareto: [
    ["scaleMs", "min", "ms", 10],
    ["shape", "shape", "", 2],
  ],
};

function createParameterRow(kind: string, parameters: readonly Parameter[]) {
  const controls = parameters.map(([key, label, unit, initial]) => {
    const control = numberControl(`delay.${key}`, label, unit, 1);
    control.value = initial;
    return { key, control };
  });
  const elements = controls.map(({ control }) => control.element);
  return { kind, controls, element: h("div", { class: "row", "data-delay": kind, hidden: true }, ...elements) };
}

/** Creates the controls. */
export function createDelayField(): FaultField {
  const rows = Object.entries(PARAMETERS).map(([kind, parameters]) => createParameterRow(kind, parameters));
  const select = h(
    "select",
    { "aria-label": "delay distribution", "data-path": "delay" },
    h("option", { value: "" }, "none"),
    ...rows.map(({ kind }) => h("option", { value: kind }, kind)),
  );
  const selected = () => rows.find(({ kind }) => kind === select.value);
  const showSelected = () => {
    for (const { kind, element } of rows) element.hidden = kind !== select.value;
  };
  select.addEventListener("input", showSelected);
  return {
    element: createGroup("delay", select, ...rows.map(({ element }) => element)),
    read() {
      const row = selected();
      if (!row) return {};
      const values = Object.fromEntries(row.controls.map(({ key, control }) => [key, control.value]));
      return { delay: { kind: row.kind, ...values } as Delay }; // PARAMETERS has the keys of each member of Delay
    },
    write({ delay }) {
      select.value = delay?.kind ?? "";
      const values = new Map(Object.entries(delay ?? {}));
      for (const { key, control } of selected()?.controls ?? []) control.value = Number(values.get(key));
      showSelected();
    },
  };
}
