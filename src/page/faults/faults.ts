/** The section "Faults": faults of every protocol, set by controls or by text. */
import type { AllFaults } from "../../api/shapes.ts";
import { PROTOCOLS, type Protocol } from "../../base/protocol.ts";
import type { LiveSnapshot } from "../../live/shapes.ts";
import { callApi } from "../ui/api.ts";
import { byId } from "../ui/dom.ts";
import { termList } from "../ui/terms.ts";
import { createBar } from "./bar.ts";
import { createColumn, type FaultColumn } from "./column.ts";

const TERMS = [
  "drop",
  "close",
  "stall",
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
  /** Whether the answer to an earlier request was not shown everywhere, because an input was in progress. */
  let isStale = false;

  /** Shows the faults, except in a column that is edited: its values and its error stay. */
  function show(all: AllFaults): void {
    bar.write(all);
    const [edited, others] = [columns.filter(isEdited), columns.filter((column) => !isEdited(column))];
    for (const column of others) column.write(all.impairments[column.protocol], textOf(all.text, column.protocol));
    isStale = edited.length > 0;
  }

  function refresh(): void {
    // If the lab cannot be reached, the bar at the top reports it.
    void callApi<AllFaults>("GET", "/impairments").then(show, () => undefined);
  }

  return {
    refresh,
    snapshot(snapshot) {
      const changes = PROTOCOLS.reduce((sum, protocol) => sum + snapshot.protocols[protocol].faults.changes, 0);
      if (!isTypingIn(byId("faults"))) {
        // Another client may have changed the faults. An input in progress is not overwritten.
        const isDue = isStale && !columns.some(isEdited);
        if (isDue || (shownChanges >= 0 && changes !== shownChanges)) refresh();
        shownChanges = changes;
      }
      for (const column of columns) column.snapshot(snapshot);
    },
  };
}

/** Whether a text or number field of `host` has the focus. */
function isTypingIn(host: HTMLElement): boolean {
  const { activeElement } = document;
  return activeElement instanceof HTMLInputElement && activeElement.type !== "range" && host.contains(activeElement);
}

/** Whether a column has an input in progress, or one that the lab refused. */
function isEdited({ element }: FaultColumn): boolean {
  return isTypingIn(element) || element.querySelector("[aria-invalid]") !== null;
}

/** The part of the text of all faults that belongs to one protocol. */
function textOf(text: string, protocol: Protocol): string {
  const part = text.split(";").find((part) => part.startsWith(`${protocol}:`));
  return part?.slice(protocol.length + 1) ?? "none";
}
