/** The section "Packets": a sample of the most recent packets, with the number of those left out. */
import { grouped } from "../../base/format.ts";
import type { PacketEntry, PacketSample } from "../../live/shapes.ts";
import { button, byId, h, setText } from "../ui/dom.ts";
import type { ShownProtocols } from "../ui/shown.ts";
import { termList } from "../ui/terms.ts";
import { createFilter, matches } from "./filter.ts";
import { createList } from "./list.ts";

/** Packets kept for the filter, and rows shown. */
const MAX_KEPT = 1000;
const MAX_ROWS = 100;

/** By the time of arrival: the lab reports a packet only when its outcome is known. */
function newestFirst(a: PacketEntry, b: PacketEntry): number {
  return b.at - a.at;
}

/** The section. `reset` replaces the packets, `add` puts those of the last second on top. */
export function createPackets(shown: ShownProtocols): {
  reset(sample: PacketSample): void;
  add(sample: PacketSample): void;
} {
  let packets: readonly PacketEntry[] = [];
  let paused = false;
  let missed = 0;
  const note = h("p", { class: "note sampled", role: "status", "aria-live": "off" });
  const filter = createFilter(shown, show);
  const list = createList();
  const pause = button("Pause", togglePause, { "aria-pressed": "false" });
  byId("packets-card").replaceChildren(h("div", { class: "tools" }, pause, ...filter.controls, note), list.element);
  byId("packets").append(termList(["packet", "peer", "outcome", "lab response time", "sample"]));

  function togglePause(): void {
    paused = !paused;
    missed = 0;
    setText(pause, paused ? "Continue" : "Pause");
    pause.setAttribute("aria-pressed", String(paused));
    if (!paused) show();
  }

  function show(): void {
    const current = filter.read();
    const matching = packets.filter((packet) => matches(packet, current)).slice(0, MAX_ROWS);
    list.show(matching, packets.length > 0);
  }

  show();
  return {
    reset(sample) {
      packets = [...sample.packets].sort(newestFirst);
      if (!paused) show();
    },
    add(sample) {
      if (paused) missed += sample.packets.length + sample.leftOut;
      else if (sample.packets.length > 0) {
        packets = [...sample.packets, ...packets].sort(newestFirst).slice(0, MAX_KEPT);
        if (!document.hidden) show();
      }
      setText(note, paused ? `paused; ${grouped(missed)} packets since` : describeSample(sample));
    },
  };
}

function describeSample({ packets, leftOut }: PacketSample): string {
  if (leftOut === 0) return "every packet is shown";
  return `a sample: ${grouped(packets.length)} of ${grouped(packets.length + leftOut)} in the last second`;
}
