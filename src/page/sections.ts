/** The sections of the page, for the protocols that the lab serves. */
import type { Protocol } from "../base/protocol.ts";
import type { LiveSnapshot, PacketSample } from "../live/shapes.ts";
import type { RunState } from "../runs/shapes.ts";
import { createFaults } from "./faults/faults.ts";
import { createLoad } from "./load/load.ts";
import { createFirstSteps } from "./now/first-steps.ts";
import { createNow } from "./now/now.ts";
import { createPackets } from "./packets/packets.ts";
import { createRelays } from "./relays/relays.ts";
import { createRuns } from "./runs/runs.ts";
import { byId } from "./ui/dom.ts";
import { createProtocolRow } from "./ui/protocol-row.ts";
import type { Series } from "./ui/series.ts";
import { createShown } from "./ui/shown.ts";
import { setTabStops } from "./ui/terms.ts";

/** The sections. */
export interface Sections {
  /** The protocols that they were created for. */
  readonly served: readonly Protocol[];
  /** Draws the history. */
  show(series: Series): void;
  snapshot(snapshot: LiveSnapshot): void;
  /** A `run` event of the stream. */
  run(state: RunState): void;
  /** Replaces the packets. */
  resetPackets(sample: PacketSample): void;
  /** Loads the kept runs again with the next snapshot. */
  reloadRuns(): void;
}

/** Creates the sections. */
export function createSections(served: readonly Protocol[]): Sections {
  const shown = createShown(served, localStorage);
  const rows = [
    createProtocolRow(shown, "Protocols on display"),
    createProtocolRow(shown, "Protocols whose faults are on display"),
  ] as const;
  byId("now-protocols").replaceChildren(rows[0].element);
  byId("fault-protocols").replaceChildren(rows[1].element);
  const now = createNow(shown);
  const faults = createFaults(shown);
  const relays = createRelays();
  const packets = createPackets(shown);
  const load = createLoad(served);
  const runs = createRuns(load.setBounds);
  const firstSteps = createFirstSteps(load.start);
  setTabStops();
  shown.onChange(setTabStops);
  const followers = [...rows, now, firstSteps, faults, relays, load, runs];
  return {
    served,
    show: now.show,
    snapshot(snapshot) {
      for (const follower of followers) follower.snapshot(snapshot);
      packets.add(snapshot.flow);
    },
    run: load.event,
    resetPackets: packets.reset,
    reloadRuns: runs.reload,
  };
}
