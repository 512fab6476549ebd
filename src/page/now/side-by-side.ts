/** The protocols on display on one time axis: drop ratio and response time. */
import { duration, inline, percent } from "../../base/format.ts";
import type { Protocol } from "../../base/protocol.ts";
import type { SeriesName } from "../../live/shapes.ts";
import { type Chart, createChart } from "../ui/chart.ts";
import type { ChartOptions } from "../ui/chart-style.ts";
import { h } from "../ui/dom.ts";
import { lineSample } from "../ui/line-sample.ts";
import { colorOf, dashOf, labelOf, shapeOf, titleOf } from "../ui/protocols.ts";
import type { Series } from "../ui/series.ts";
import { term } from "../ui/terms.ts";
import { createChanges } from "./changes.ts";
import { createLookBack } from "./look-back.ts";

/** Statistics of the response time to choose from. */
const STATISTICS = [
  ["mean", "average"],
  ["p50", "p50"],
  ["p99", "p99"],
] as const satisfies readonly (readonly [SeriesName, string])[];

function legendItems(protocols: readonly Protocol[]): readonly HTMLElement[] {
  return protocols.map((protocol) => {
    const [shape, title] = labelOf(protocol);
    return h("li", { "data-protocol": protocol }, shape, lineSample(dashOf(protocol)), title);
  });
}

/** A chart with one line per protocol on display. */
interface Panel {
  readonly element: HTMLElement;
  setProtocols(protocols: readonly Protocol[]): void;
  draw(series: Series, name: SeriesName, seconds: number): void;
}

type PanelOptions = Omit<ChartOptions, "lines" | "height">;

function createLines(protocols: readonly Protocol[], options: PanelOptions): Chart {
  const lines = protocols.map((protocol) => {
    return {
      label: titleOf(protocol),
      color: colorOf(protocol),
      dash: dashOf(protocol),
      shape: shapeOf(protocol),
      width: 1.8,
    };
  });
  return createChart({ lines, height: 170, axes: true, ...options });
}

function createPanel(title: HTMLElement, what: string, options: PanelOptions): Panel {
  let protocols: readonly Protocol[] = [];
  let chart = createLines(protocols, options);
  const format = (value: number | null) => (value === null ? "–" : options.format(value));
  const element = h("div", { class: "panel" }, title, chart.element);
  return {
    element,
    setProtocols(next) {
      protocols = next;
      chart.destroy();
      chart = createLines(protocols, options);
      element.replaceChildren(title, chart.element);
    },
    draw(series, name, seconds) {
      const columns = protocols.map((protocol) => series.columns[protocol]?.[name] ?? []);
      const marks = series.marks.filter(({ protocol }) => protocols.includes(protocol));
      chart.draw(series.times, columns, marks, seconds);
      const now = protocols.map((protocol, i) => `${titleOf(protocol)} ${format(columns[i]?.at(-1) ?? null)}`);
      chart.element.setAttribute("aria-label", `${what} over time; now ${now.join(", ")}`);
    },
  };
}

function createStatisticChoice(onChange: (name: SeriesName) => void): HTMLElement {
  const labels = STATISTICS.map(([name, label], i) => {
    const input = h("input", { type: "radio", name: "statistic", value: name, checked: i === 0 });
    input.addEventListener("change", () => onChange(name));
    return h("label", {}, input, label);
  });
  return h("fieldset", { class: "choice" }, h("legend", { class: "sr" }, "Statistic of the response time"), ...labels);
}

/** The charts of the protocols on display. */
export interface SideBySide {
  /** Changes which protocols are on display. */
  setProtocols(protocols: readonly Protocol[]): void;
  /** Draws the last `seconds`. */
  draw(series: Series, seconds: number): void;
}

/** Creates the charts, the slider for past seconds and the list of fault changes in `host`. */
export function createSideBySide(host: HTMLElement): SideBySide {
  let statistic: SeriesName = STATISTICS[0][0];
  let redraw = () => {};
  const drops = createPanel(h("h3", {}, term("drop ratio", "Dropped")), "Drop ratio", {
    minTop: 0.05,
    maxTop: 1,
    format: (value) => inline(percent(value)),
  });
  const scale = h("small", {}, "logarithmic scale: ten times per grid line");
  const times = createPanel(h("h3", {}, term("lab response time", "Response time"), scale), "Response time", {
    logarithmic: true,
    format: (value) => inline(duration(value)),
  });
  const choice = createStatisticChoice((name) => {
    statistic = name;
    redraw();
  });
  const legend = h("ul", { class: "legend" });
  let shown: readonly Protocol[] = [];
  const lookBack = createLookBack();
  const changes = createChanges();
  host.replaceChildren(
    h("header", {}, h("h2", {}, "Side by side"), legend, choice),
    h("div", { class: "panels" }, drops.element, times.element),
    lookBack.element,
    changes.element,
  );
  return {
    setProtocols(protocols) {
      shown = protocols;
      host.hidden = protocols.length === 0;
      legend.replaceChildren(...legendItems(protocols));
      for (const panel of [drops, times]) panel.setProtocols(protocols);
    },
    draw(series, seconds) {
      redraw = () => {
        drops.draw(series, "drops", seconds);
        times.draw(series, statistic, seconds);
      };
      redraw();
      lookBack.setLength(series.length);
      changes.show(series.marks.filter(({ protocol }) => shown.includes(protocol)));
    },
  };
}
