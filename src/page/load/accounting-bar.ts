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

/** A part of the packets planned. */
interface Segment {
  readonly name: (typeof SEGMENTS)[number][0];
  readonly label: string;
  readonly count: number;
  /** Its share of the packets sent, or of those planned if it was not sent. */
  readonly share: string;
}

/** The segments that are not empty: together they are the packets planned. */
export function segmentsOf(packets: RunReport["packets"]): readonly Segment[] {
  return SEGMENTS.filter(([name]) => packets[name] > 0).map(([name, label]) => {
    const isSent = name !== "unsent" && name !== "refused";
    const share = inline(percent(packets[name] / Math.max(1, isSent ? packets.sent : packets.planned)));
    const of = isSent ? "" : ` of ${grouped(packets.planned)} planned`;
    return { name, label, count: packets[name], share: `${share}${of}` };
  });
}

/** Creates the bar with its legend. */
export function createAccountingBar({ packets }: RunReport): HTMLElement {
  const segments = segmentsOf(packets);
  const bar = h("div", { class: "accounting-bar", "aria-hidden": "true" });
  for (const { name, count } of segments) {
    const part = h("span", { class: `part ${name}` });
    part.style.flexGrow = String(count / packets.planned);
    bar.append(part);
  }
  const legend = segments.map(({ name, label, count, share }) =>
    h(
      "li",
      {},
      h("span", { class: `part ${name}`, "aria-hidden": "true" }),
      `${label} ${grouped(count)}`,
      h("small", {}, share),
    ),
  );
  return h("div", { class: "accounting" }, bar, h("ul", {}, h("li", {}, `${grouped(packets.sent)} sent`), ...legend));
}
