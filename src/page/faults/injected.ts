/** The table of set, injected and measured faults since the last change. */
import { count, duration, inline } from "../../base/format.ts";
import type { Faults } from "../../faults/faults.ts";
import type { SinceChange } from "../../metrics/delta.ts";
import { h, setText, writeRows } from "../ui/dom.ts";
import { term } from "../ui/terms.ts";
import { injectedRows } from "./injected-rows.ts";

/** Creates the table of one protocol. */
export function createInjected(): { readonly element: HTMLElement; show(faults: Faults, since: SinceChange): void } {
  const caption = h("p", { class: "note" });
  const body = h("tbody");
  const head = ["set", "injected", "measured"].map((name) => h("th", { scope: "col" }, name));
  const element = h(
    "section",
    { class: "injected" },
    h("h4", {}, term("injected and measured")),
    h("table", {}, h("thead", {}, h("tr", {}, h("td"), ...head)), body),
    caption,
  );
  const makeRow = () => h("tr", {}, h("th", { scope: "row" }), h("td"), h("td"), h("td"));
  return {
    element,
    show(faults, since) {
      writeRows(body, injectedRows(faults, since), makeRow);
      const packets = inline(count(since.packets));
      setText(caption, `${packets} packets in ${inline(duration(since.seconds))} with these faults`);
    },
  };
}
