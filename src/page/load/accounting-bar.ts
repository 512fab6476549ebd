/** The ledger as one bar: every packet sent has its place in it. */

import { grouped, inline, percent } from "../../base/format.ts";
import type { RunReport } from "../../load/report/report.ts";
import { h } from "../ui/dom.ts";

const PARTS = [
  ["answered", "answered"],
  ["lostUp", "lost up"],
  ["lostDown", "lost down"],
  ["unexplained", "unexplained"],
  ["late", "late"],
  ["failed", "failed"],
  ["corrupt", "corrupt"],
] as const satisfies readonly (readonly [keyof RunReport["packets"], string])[];

/** The bar with its legend; a part that is empty is left out. */
export function ledgerBar({ packets }: RunReport): HTMLElement {
  const parts = PARTS.filter(([name]) => packets[name] > 0);
  const total = Math.max(1, packets.sent);
  const bar = h("div", { class: "ledger-bar", "aria-hidden": "true" });
  for (const [name] of parts) {
    const part = h("span", { class: `part ${name}` });
    part.style.flexGrow = String(packets[name] / total);
    bar.append(part);
  }
  const legend = parts.map(([name, label]) =>
    h(
      "li",
      {},
      h("span", { class: `part ${name}`, "aria-hidden": "true" }),
      `${label} ${grouped(packets[name])}`,
      h("small", {}, inline(percent(packets[name] / total))),
    ),
  );
  return h("div", { class: "ledger" }, bar, h("ul", {}, h("li", {}, `${grouped(packets.sent)} sent`), ...legend));
}
