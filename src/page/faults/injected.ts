/** The table of set, injected and measured faults since the last change. */
import { h, setText } from "../ui/dom.ts";
import { createTable } from "../ui/table.ts";
import { term } from "../ui/terms.ts";

/** One row. */
export type InjectedRow = readonly [name: string, set: string, injected: string, measured: string];

/** The table of one protocol, or of one direction of a path. `label` is its name for assistive technology. */
export function createInjectedTable(label: string, corner: string | undefined = undefined) {
  return createTable(["set", "injected", "measured"], label, corner);
}

/** The heading, `tables`, and a line below them. */
export function createInjected(...tables: readonly HTMLElement[]): {
  readonly element: HTMLElement;
  note(text: string): void;
} {
  const caption = h("p", { class: "note" });
  const element = h("section", { class: "injected" }, h("h4", {}, term("injected and measured")), ...tables, caption);
  return { element, note: (text) => setText(caption, text) };
}
