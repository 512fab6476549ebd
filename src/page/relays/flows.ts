/** The open connections or flows of a relay: a table that is read from the lab while it is open. */
import type { RelayFlow, RelayFlows } from "../../api/shapes.ts";
import { count, duration, formatCount, inline, octets } from "../../base/format.ts";
import type { RelayNow } from "../../live/shapes.ts";
import { callApi } from "../ui/api.ts";
import { h, setText } from "../ui/dom.ts";
import { createTable } from "../ui/table.ts";

/** The table of one relay. */
export interface FlowTable {
  readonly element: HTMLElement;
  /** Reads the flows again if the table is open. */
  show(relay: RelayNow): void;
}

const HEADS = ["age", "up", "up lost", "down", "down lost"] as const;

function rowOf({ peer, seconds, up, down }: RelayFlow): readonly string[] {
  const amounts = [up, down].flatMap(({ bytes, drops }) => [inline(octets(bytes)), inline(count(drops))]);
  return [peer === "" ? "hidden" : peer, inline(duration(seconds)), ...amounts];
}

/** What the table leaves out, and what its losses are. */
function noteOf({ flows, leftOut }: RelayFlows, isStream: boolean): string {
  if (flows.length === 0) return isStream ? "No connection is open." : "No flow is open.";
  const lost = isStream ? "lost: how often octets were lost" : "lost: datagrams";
  return leftOut === 0 ? lost : `${lost}; ${formatCount(leftOut)} more with fewer octets`;
}

/** Creates the table of the relay `name`, which is closed at first. */
export function createFlows(name: string): FlowTable {
  const table = createTable(HEADS, `${name}: open connections or flows`, "client");
  const note = h("p", { class: "note" });
  const summary = h("summary");
  const element = h("details", { class: "learn flows" }, summary, table.element, note);
  let isReading = false;

  async function read(isStream: boolean): Promise<void> {
    isReading = true;
    try {
      const answer = await callApi<RelayFlows>("GET", `/relays/${encodeURIComponent(name)}/flows`);
      table.write(answer.flows.map(rowOf));
      setText(note, noteOf(answer, isStream));
    } catch {
      setText(note, "The flows could not be read."); // until the next snapshot
    } finally {
      isReading = false;
    }
  }

  return {
    element,
    show({ protocol }) {
      const isStream = protocol === "tcp";
      setText(summary, isStream ? "Connections" : "Flows");
      if (element.open && !isReading) void read(isStream);
    },
  };
}
