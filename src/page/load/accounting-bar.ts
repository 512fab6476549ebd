/** The packet accounting of a run as one bar: every packet sent is part of exactly one segment. */
import { grouped, inline, percent } from "../../base/format.ts";
import type { RunReport } from "../../load/report/report.ts";
import { h } from "../ui/dom.ts";

const SEGMENTS = [
  ["answered", "answered"],
  ["lostUp", "lost upstream"],
  ["lostDown", "lost downstream"],
  ["unexplained", "unexplained"],
  ["late", "late"],
  ["failed", "failed"],
  ["corrupt", "corrupt"],
] as const satisfies readonly (readonly [keyof RunReport["packets"], string])[];

/** Creates the bar with its legend. Empty segments are left out. */
export function createAccountingBar({ packets }: RunReport): HTMLElement {
  const segments = SEGMENTS.filter(([name]) => packets[name] > 0);
  const total = Math.max(1, packets.sent);
  const bar = h("div", { class: "accounting-bar", "aria-hidden": "true" });
  for (const [name] of segments) {
    const part = h("span", { class: `part ${name}` });
    part.style.flexGrow = String(packets[name] / total);
    bar.append(part);
  }
  const legend = segments.map(([name, label]) =>
    h(
      "li",
      {},
      h("span", { class: `part ${name}`, "aria-hidden": "true" }),
      `${label} ${grouped(packets[name])}`,
      h("small", {}, inline(percent(packets[name] / total))),
    ),
  );
  return h("div", { class: "accounting" }, bar, h("ul", {}, h("li", {}, `${grouped(packets.sent)} sent`), ...legend));
}
