/** The look of each protocol, from the registry: a colour, always together with a shape and a line style. */
import { PROTOCOLS, type Protocol, REGISTRY } from "../../base/protocol.ts";
import { h } from "./dom.ts";

/** The protocol's name for display. */
export function titleOf(protocol: Protocol): string {
  return REGISTRY[protocol].title;
}

/** The custom property that holds the protocol's colour, such as `--udp`. */
export function colorOf(protocol: Protocol): string {
  return `--${protocol}`;
}

/** Dash pattern of the protocol's lines, in CSS pixels; empty for a solid line. */
export function dashOf(protocol: Protocol): readonly number[] {
  return REGISTRY[protocol].look.dash;
}

/** The protocol's shape, one character. */
export function shapeOf(protocol: Protocol): string {
  return REGISTRY[protocol].look.shape;
}

/** The protocol's shape and `text`, by default its name. Screen readers skip the shape. */
export function labelOf(protocol: Protocol, text = titleOf(protocol)): [HTMLElement, string] {
  return [h("span", { class: "shape", "aria-hidden": "true" }, shapeOf(protocol)), text];
}

/** The border style closest to a dash pattern. */
function borderStyle([on, off = 0]: readonly number[]): "solid" | "dashed" | "dotted" {
  if (on === undefined) return "solid";
  return on > off ? "dashed" : "dotted";
}

/**
 * Style rules for each protocol: its colour on `:root`, and `--own` and `--stroke` inside every element with its
 * `data-protocol`.
 */
export function protocolRules(): string {
  const rules = PROTOCOLS.map((protocol) => {
    const { colors, dash } = REGISTRY[protocol].look;
    const color = colorOf(protocol);
    return `:root { ${color}: light-dark(${colors.join(", ")}); }
[data-protocol="${protocol}"] { --own: var(${color}); --stroke: ${borderStyle(dash)}; }`;
  });
  return rules.join("\n");
}

/** Adds these rules to the document, as a constructed style sheet: the content security policy forbids inline styles. */
export function applyProtocolRules(): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(protocolRules());
  document.adoptedStyleSheets.push(sheet);
}
