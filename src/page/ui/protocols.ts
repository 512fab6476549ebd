/** How each protocol looks: never by its colour alone, always with a shape and a line of its own. */

import { h } from "./dom.ts";

/** The three protocols, in the order of the columns. */
export const PROTOCOLS = ["http", "tcp", "udp"] as const;
/** One of the three. */
export type Protocol = (typeof PROTOCOLS)[number];

/** The look of one protocol. */
export interface Look {
  readonly name: string;
  readonly shape: string;
  /** The custom property that holds its colour. */
  readonly color: string;
  /** Dashes of its lines, in CSS pixels; an empty list is a solid line. */
  readonly dash: readonly number[];
  readonly motto: string;
}

/** The look of each protocol. */
export const LOOKS: Readonly<Record<Protocol, Look>> = {
  http: { name: "HTTP", shape: "●", color: "--http", dash: [], motto: "a request, a response, on top of TCP" },
  tcp: { name: "TCP", shape: "■", color: "--tcp", dash: [7, 4], motto: "a connection, an ordered stream of bytes" },
  udp: { name: "UDP", shape: "▲", color: "--udp", dash: [2, 3], motto: "single datagrams, no promise of delivery" },
};

/** The shape of a protocol, for those who see it; its name stands beside. */
export function shapeOf({ shape }: Look): HTMLElement {
  return h("span", { class: "shape", "aria-hidden": "true" }, shape);
}
