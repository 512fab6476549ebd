/** What somebody sees who opens a lab that nobody has sent anything to yet. */
import type { Snapshot } from "../../live/shapes.ts";
import { button, byId, h } from "../ui/dom.ts";
import { PROTOCOLS } from "../ui/protocols.ts";

/** Enough to see all three columns move, and to think about it. */
const FIRST_RUN = { protocol: "all", rate: 50, seconds: 20 } as const;

/** The part, gone as soon as there is a packet. `start` begins a run. */
export function createFirstSteps(start: (request: object) => void): { snapshot(snapshot: Snapshot): void } {
  const host = byId("first-steps");
  host.append(
    h(
      "p",
      {},
      h("strong", {}, "Nothing has been sent yet."),
      " Let the lab talk to itself, then break something below and watch.",
    ),
    h(
      "fieldset",
      { class: "bare", "data-changes": true },
      button(`Send ${FIRST_RUN.seconds} seconds of traffic`, () => start(FIRST_RUN), { class: "primary" }),
    ),
  );
  return {
    snapshot({ protocols }) {
      host.hidden = PROTOCOLS.some((protocol) => protocols[protocol].totals.packets > 0);
    },
  };
}
