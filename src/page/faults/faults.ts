/** The section "Faults": the faults of the protocols on display, set by controls or by text. */
import type { AllFaults } from "../../api/shapes.ts";
import { type Protocol, protocolsOf, recordOf } from "../../base/protocol.ts";
import { NO_FAULTS } from "../../faults/faults.ts";
import { printFaults } from "../../faults/print.ts";
import type { LiveSnapshot } from "../../live/shapes.ts";
import { byId, createOnce } from "../ui/dom.ts";
import type { ShownProtocols } from "../ui/shown.ts";
import { termList } from "../ui/terms.ts";
import { createBar } from "./bar.ts";
import { createColumn, type FaultColumn } from "./column.ts";
import { textOfAll } from "./known-faults.ts";

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

/**
 * The section. `snapshot` shows the faults of the stream, whoever set them, and the counts since they were set. The answer
 * to a change that is made here is shown at once.
 */
export function createFaults(shown: ShownProtocols): { snapshot(snapshot: LiveSnapshot): void } {
  /** The text of each protocol's faults, as the lab sent it last. */
  let texts: Readonly<Partial<Record<Protocol, string>>> = {};
  let latest: LiveSnapshot | undefined;
  const columnOf = createOnce<Protocol, FaultColumn>((protocol) =>
    createColumn(protocol, (text) => changed({ ...texts, [protocol]: text })),
  );
  let columns: readonly FaultColumn[] = [];
  const bar = createBar(byId("fault-bar"), ({ impairments }: AllFaults) => {
    changed(recordOf(protocolsOf(impairments), (protocol) => printFaults(impairments[protocol] ?? NO_FAULTS)));
    showColumns();
  });
  const host = byId("fault-columns");
  host.inert = true; // until the faults are known: a change sets all faults of its protocol
  shown.onChange(arrange);
  arrange();
  byId("faults").append(termList(TERMS));

  function arrange(): void {
    columns = shown.current.map(columnOf);
    host.replaceChildren(...columns.map(({ element }) => element));
    showColumns();
  }

  function showColumns(): void {
    for (const column of columns) {
      const now = latest?.protocols[column.protocol];
      column.show(texts[column.protocol] ?? "none");
      if (now) column.count(now.since);
    }
  }

  function changed(next: Readonly<Partial<Record<Protocol, string>>>): void {
    texts = next;
    bar.write(textOfAll(texts));
  }

  return {
    snapshot(snapshot) {
      latest = snapshot;
      const { protocols } = snapshot;
      texts = recordOf(protocolsOf(protocols), (protocol) => protocols[protocol]?.faults.text ?? "none");
      bar.show(textOfAll(texts));
      showColumns();
      host.inert = false;
    },
  };
}
