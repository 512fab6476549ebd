/** The first steps: shown until the lab has received a packet. */
import type { LiveSnapshot } from "../../live/shapes.ts";
import { button, byId, changing, h } from "../ui/dom.ts";

/** Sends long enough to see every column change. */
const FIRST_RUN = { protocol: "all", rate: 50, seconds: 20 } as const;

/** The part of the page. `start` starts a load run. */
export function createFirstSteps(start: (request: object) => void): { snapshot(snapshot: LiveSnapshot): void } {
  const host = byId("first-steps");
  host.append(
    h(
      "p",
      {},
      h("strong", {}, "No packet has been received yet."),
      " Let the lab send packets to itself over HTTP, TCP and UDP, then set a fault below and watch the numbers change. The buttons above show the other protocols.",
    ),
    changing(button(`Send ${FIRST_RUN.seconds} seconds of traffic`, () => start(FIRST_RUN), { class: "primary" })),
  );
  return {
    snapshot({ protocols }) {
      host.hidden = Object.values(protocols).some(({ totals }) => totals.packets > 0);
    },
  };
}
