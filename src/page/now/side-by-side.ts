/** The three protocols on one time axis: drops, and response time. */

import { duration, inline, percent } from "../../base/format.ts";
import type { SeriesName } from "../../live/shapes.ts";
import { type Chart, createChart, hover, onHover } from "../ui/chart.ts";
import { h, setText } from "../ui/dom.ts";
import { sample } from "../ui/line-sample.ts";
import { LOOKS, PROTOCOLS, shapeOf } from "../ui/protocols.ts";
import type { PlacedMark, Series } from "../ui/series.ts";
import { term } from "../ui/terms.ts";
import { ago, clockTime } from "../ui/time.ts";

const STATISTICS = [
  ["mean", "average"],
  ["p50", "p50"],
  ["p99", "p99"],
] as const satisfies readonly (readonly [SeriesName, string])[];
const MOST_CHANGES = 6;

function legend(): HTMLElement {
  const items = PROTOCOLS.map((protocol) => {
    const { name, dash } = LOOKS[protocol];
    return h("li", { "data-protocol": protocol }, shapeOf(LOOKS[protocol]), sample(dash), name);
  });
  return h("ul", { class: "legend" }, ...items);
}

function lines() {
  return PROTOCOLS.map((protocol) => {
    const { name, color, dash } = LOOKS[protocol];
    return { label: name, color, dash, width: 1.8 };
  });
}

/** The part with the common axis. */
export interface Together {
  draw(series: Series, times: readonly number[], marks: readonly PlacedMark[], seconds: number): void;
}

/** Builds it in `host`. */
export function createTogether(host: HTMLElement): Together {
  let statistic: SeriesName = "mean";
  let redraw = () => {};
  const drops = createChart({
    lines: lines(),
    height: 170,
    axes: true,
    atLeast: 0.05,
    most: 1,
    format: (v) => inline(percent(v)),
  });
  const times = createChart({
    lines: lines(),
    height: 170,
    axes: true,
    logarithmic: true,
    format: (v) => inline(duration(v)),
  });
  const choice = h("fieldset", { class: "choice" }, h("legend", { class: "sr" }, "Response time as"));
  for (const [name, label] of STATISTICS) {
    choice.append(
      h("label", {}, h("input", { type: "radio", name: "statistic", value: name, checked: name === statistic }), label),
    );
  }
  choice.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const { value } = event.target;
    statistic = STATISTICS.find(([name]) => name === value)?.[0] ?? "mean";
    redraw();
  });
  const back = h("input", { type: "range", id: "look-back", min: -900, max: 0, step: 1, value: 0 });
  const backText = h("output", { for: "look-back" }, "now");
  const changes = h("ol", { class: "changes" });
  host.replaceChildren(
    h("header", {}, h("h2", {}, "Side by side"), legend(), choice),
    h(
      "div",
      { class: "pair" },
      panel(h("h3", {}, term("drop ratio", "Dropped")), drops),
      panel(
        h("h3", {}, term("response time", "Response time"), h("small", {}, "each step up is ten times longer")),
        times,
      ),
    ),
    h("div", { class: "look-back" }, h("label", { for: "look-back" }, "Look back"), back, backText),
    changes,
  );
  let current: Series | undefined;
  back.addEventListener("input", () => {
    if (!current) return;
    const offset = Number(back.value);
    hover(offset === 0 ? undefined : Math.max(0, current.length - 1 + offset));
  });
  onHover((index) => {
    if (!current) return;
    const offset = index === undefined ? 0 : Math.min(0, index - (current.length - 1));
    back.value = String(offset);
    setText(backText, offset === 0 ? "now" : ago(-offset));
  });
  return {
    draw(series, moments, marks, seconds) {
      current = series;
      back.min = String(-Math.max(1, series.length - 1));
      const read = (name: SeriesName) => PROTOCOLS.map((protocol) => series.columns[protocol][name]);
      redraw = () => {
        drops.draw(moments, read("drops"), marks, seconds);
        times.draw(moments, read(statistic), marks, seconds);
      };
      redraw();
      describe(drops, "Drop ratio", series, "drops", (value) => inline(percent(value)));
      describe(times, "Response time", series, statistic, (value) => inline(duration(value)));
      showChanges(changes, marks);
    },
  };
}

function panel(title: HTMLElement, chart: Chart): HTMLElement {
  chart.element.setAttribute("role", "img");
  return h("div", { class: "panel" }, title, chart.element);
}

function describe(
  { element }: Chart,
  what: string,
  series: Series,
  name: SeriesName,
  format: (value: number | null) => string,
): void {
  const parts = PROTOCOLS.map((p) => `${LOOKS[p].name} ${format(series.columns[p][name].at(-1) ?? null)}`);
  element.setAttribute("aria-label", `${what} of the three protocols over time; now ${parts.join(", ")}`);
}

/** The last changes of the faults: what the markers on the axis stand for. */
function showChanges(list: HTMLElement, marks: readonly PlacedMark[]): void {
  const key = marks.map((mark) => `${mark.protocol}${mark.seconds}`).join();
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  const items = marks
    .slice(-MOST_CHANGES)
    .reverse()
    .map(({ at, protocol, text }) => {
      const { name } = LOOKS[protocol];
      return h(
        "li",
        { "data-protocol": protocol },
        h("time", {}, clockTime(at * 1000)),
        shapeOf(LOOKS[protocol]),
        ` ${name} `,
        h("code", {}, text),
      );
    });
  list.replaceChildren(...items);
  list.hidden = items.length === 0;
}
