/** The controls of probabilities and of bursts in one direction. */
import type { Burst } from "../../faults/faults.ts";
import { h } from "../ui/dom.ts";
import { numberControl, percentControl } from "../ui/number-control.ts";
import type { FaultRow } from "./group.ts";

/** Makes the controls of one direction: `path` is their name in errors, `label` the name of the direction. */
export type MakeRow<Value> = (path: string, label: string) => FaultRow<Value>;

/** A probability with a slider. */
export const percentRow: MakeRow<number> = (path, label) => {
  const control = percentControl(path, label);
  return {
    elements: [control.element],
    read: () => (control.value === 0 ? undefined : control.value),
    write(value) {
      control.value = value ?? 0;
    },
  };
};

/** The probability of leaving the bad state in an empty form: bursts of four packets on average. */
const DEFAULT_BURST_END = 0.25;

/** The two probabilities of a burst. */
export const burstRow: MakeRow<Burst> = (path, label) => {
  const starts = numberControl(`${path}.goodToBad`, `${label} starts`, "%", 0.01);
  const ends = numberControl(`${path}.badToGood`, "ends", "%", 0.01);
  return {
    elements: [h("div", { class: "row" }, starts.element, ends.element)],
    read: () => (starts.value === 0 ? undefined : { goodToBad: starts.value, badToGood: ends.value }),
    write(burst) {
      starts.value = burst?.goodToBad ?? 0;
      ends.value = burst?.badToGood ?? DEFAULT_BURST_END;
    },
  };
};
