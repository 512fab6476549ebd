/** A group of controls for one kind of fault, and what it is made of: the controls of one direction. */
import type { Term } from "../../base/glossary.ts";
import { DIRECTIONS, type Direction } from "../../faults/faults.ts";
import { h } from "../ui/dom.ts";
import { term } from "../ui/terms.ts";

/** The controls of one kind of fault, or of several that belong together. `Faults` are those of a protocol or of a path. */
export interface FaultField<Faults> {
  readonly element: HTMLElement;
  /** This field's part of the faults, from the controls; without the kinds that are off. */
  read(): Faults;
  /** Sets the controls from the faults. */
  write(faults: Faults): void;
}

/** The controls of one kind of fault in one direction. */
export interface FaultRow<Value> {
  readonly elements: readonly HTMLElement[];
  /** Undefined if the fault is off. */
  read(): Value | undefined;
  write(value: Value | undefined): void;
}

/** The rows of both directions. */
export type RowsByDirection<Row> = Readonly<Record<Direction, Row>>;

/** The element around the controls of `kind`, with its name as a term. */
export function createGroup(kind: string, name: Term, ...controls: readonly HTMLElement[]): HTMLElement {
  return h(
    "div",
    { class: "fault", role: "group", "aria-label": kind, "data-kind": kind },
    h("h4", {}, term(name, kind)),
    h("div", { class: "controls" }, ...controls),
  );
}

/** The elements of all rows, upstream first. */
export function elementsOf(rows: RowsByDirection<Pick<FaultRow<unknown>, "elements">>): readonly HTMLElement[] {
  return DIRECTIONS.flatMap((direction) => rows[direction].elements);
}
