/** The packet accounting of a run as one bar: every packet planned is part of exactly one segment. */
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
  ["unsent", "unsent"],
  ["refused", "refused"],
] as const satisfies readonly (readonly [keyof RunReport["packets"], string])[];

/** The share of a segment: of the packets sent, or of those planned if it was not sent. */
function shareOf(name: (typeof SEGMENTS)[number][0], packets: RunReport["packets"]): string {
  const isSent = name !== "unsent" && name !== "refused";
  const share = inline(percent(packets[name] / Math.max(1, isSent ? packets.sent : packets.planned)));
  return isSent ? share : `${share} of ${grouped(packets.planned)} planned`;
}

/** Creates the bar with its legend. Empty segments are left out. */
export function createAccountingBar({ packets }: RunReport): HTMLElement {
  const segments = SEGMENTS.filter(([name]) => packets[name] > 0);
  const total = Math.max(1, packets.planned);
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
      h("small", {}, shareOf(name, packets)),
    ),
  );
  return h("div", { class: "accounting" }, bar, h("ul", {}, h("li", {}, `${grouped(packets.sent)} sent`), ...legend));
}
