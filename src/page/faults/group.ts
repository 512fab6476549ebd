/** A group of controls for one kind of fault. */
import type { Faults, Kind } from "../../faults/faults.ts";
import { h } from "../ui/dom.ts";
import { term } from "../ui/terms.ts";

/** The controls of one kind of fault. */
export interface FaultField {
  readonly element: HTMLElement;
  /** This kind's part of the faults, from the controls; an empty object if it is off. */
  read(): Faults;
  /** Sets the controls from the faults. */
  write(faults: Faults): void;
}

/** The element around the controls of `kind`, with its name as a term. */
export function createGroup(kind: Kind, ...controls: readonly HTMLElement[]): HTMLElement {
  return h(
    "div",
    { class: "fault", role: "group", "aria-label": kind, "data-kind": kind },
    h("h4", {}, term(kind)),
    h("div", { class: "controls" }, ...controls),
  );
}
