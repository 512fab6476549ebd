/**
 * The look of each protocol in the dashboards: its colour, shape and dash pattern on the page. The legend and the tooltip
 * have the shape before the name, so that lines are told apart without their colours too.
 */
import type { DynamicConfigValue } from "@grafana/grafana-foundation-sdk/dashboard";
import { PROTOCOLS, REGISTRY } from "../../src/base/protocol.ts";

/** The settings of the line with this name. */
export interface LineLook {
  readonly name: string;
  /** Its text in the legend, with the shape. */
  readonly title: DynamicConfigValue;
  readonly color: DynamicConfigValue;
  /** For panels where a dashed line has no other meaning; undefined for a solid line. */
  readonly pattern: DynamicConfigValue | undefined;
}

const PROTOCOL_LABEL = "{{protocol}}";

/**
 * The looks of a query's lines, one for each protocol, if its legend is the protocol and a fixed text. With another legend
 * a protocol has several lines, which Grafana's palette tells apart.
 */
export function looksOf(legend: string): readonly LineLook[] {
  const rest = legend.startsWith(PROTOCOL_LABEL) ? legend.slice(PROTOCOL_LABEL.length) : undefined;
  if (rest === undefined || rest.includes("{{")) return [];
  return PROTOCOLS.map((protocol) => {
    const { shape, colors, dash } = REGISTRY[protocol].look;
    const [, onDark] = colors; // the background of Grafana's default theme
    return {
      name: `${protocol}${rest}`,
      title: { id: "displayName", value: `${shape} ${protocol}${rest}` },
      color: { id: "color", value: { mode: "fixed", fixedColor: onDark } },
      pattern: dash.length > 0 ? { id: "custom.lineStyle", value: { fill: "dash", dash: [...dash] } } : undefined,
    };
  });
}
