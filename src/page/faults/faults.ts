/** The section "Faults": faults of every protocol, set by controls or by text. */
import type { AllFaults } from "../../api/shapes.ts";
import { PROTOCOLS, type Protocol } from "../../base/protocol.ts";
import type { LiveSnapshot } from "../../live/shapes.ts";
import { callApi } from "../ui/api.ts";
import { byId } from "../ui/dom.ts";
import { termList } from "../ui/terms.ts";
import { createBar } from "./bar.ts";
import { createColumn } from "./column.ts";

const TERMS = [
  "drop",
  "burst",
  "delay",
  "status",
  "reset",
  "duplicate",
  "reorder",
  "corrupt",
  "injected and measured",
] as const;

/** The section. `refresh` loads the current faults; `snapshot` shows the counts since the last change. */
export function createFaults(): { refresh(): void; snapshot(snapshot: LiveSnapshot): void } {
  const columns = PROTOCOLS.map((protocol) => createColumn(protocol, refresh));
  const bar = createBar(byId("fault-bar"), show);
  byId("fault-columns").replaceChildren(...columns.map(({ element }) => element));
  byId("faults").append(termList(TERMS));
  /** Fault changes of all protocols that the page shows; -1 before the first snapshot. */
  let shownChanges = -1;

  function show(all: AllFaults): void {
    bar.write(all);
    for (const column of columns) column.write(all.impairments[column.protocol], textOf(all.text, column.protocol));
  }

  function refresh(): void {
    // If the lab cannot be reached, the bar at the top reports it.
    void callApi<AllFaults>("GET", "/impairments").then(show, () => undefined);
  }

  return {
    refresh,
    snapshot(snapshot) {
      const changes = PROTOCOLS.reduce((sum, protocol) => sum + snapshot.protocols[protocol].faults.changes, 0);
      if (!isTyping()) {
        // Another client may have changed the faults. An input in progress is not overwritten.
        if (shownChanges >= 0 && changes !== shownChanges) refresh();
        shownChanges = changes;
      }
      for (const column of columns) column.snapshot(snapshot);
    },
  };
}

/** Whether a text or number field of this section has the focus. */
function isTyping(): boolean {
  const { activeElement } = document;
  return (
    activeElement instanceof HTMLInputElement &&
    activeElement.type !== "range" &&
    byId("faults").contains(activeElement)
  );
}

/** The part of the text of all faults that belongs to one protocol. */
function textOf(text: string, protocol: Protocol): string {
  const part = text.split(";").find((part) => part.startsWith(`${protocol}:`));
  return part?.slice(protocol.length + 1) ?? "none";
}
