/** The section "Faults": faults of every protocol, set by controls or by text. */
import type { AllFaults } from "../../api/shapes.ts";
import { byProtocol, PROTOCOLS, type Protocol } from "../../base/protocol.ts";
import { printFaults } from "../../faults/print.ts";
import type { LiveSnapshot } from "../../live/shapes.ts";
import { byId } from "../ui/dom.ts";
import { termList } from "../ui/terms.ts";
import { createBar } from "./bar.ts";
import { createColumn } from "./column.ts";
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
export function createFaults(): { snapshot(snapshot: LiveSnapshot): void } {
  /** The text of each protocol's faults, as the lab sent it last. */
  let texts: Readonly<Record<Protocol, string>> = byProtocol(() => "none");
  const columns = PROTOCOLS.map((protocol) =>
    createColumn(protocol, (text) => changed({ ...texts, [protocol]: text })),
  );
  const bar = createBar(byId("fault-bar"), ({ impairments }: AllFaults) => {
    changed(byProtocol((protocol) => printFaults(impairments[protocol])));
    for (const column of columns) column.show(texts[column.protocol]);
  });
  const host = byId("fault-columns");
  host.replaceChildren(...columns.map(({ element }) => element));
  host.inert = true; // until the faults are known: a change sets all faults of its protocol
  byId("faults").append(termList(TERMS));

  function changed(next: Readonly<Record<Protocol, string>>): void {
    texts = next;
    bar.write(textOfAll(texts));
  }

  return {
    snapshot({ protocols }) {
      texts = byProtocol((protocol) => protocols[protocol].faults.text);
      bar.show(textOfAll(texts));
      for (const column of columns) {
        column.show(texts[column.protocol]);
        column.count(protocols[column.protocol].since);
      }
      host.inert = false;
    },
  };
}
