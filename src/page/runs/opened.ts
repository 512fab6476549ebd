/** The opened run, or two runs in comparison, below the list. */
import { PROTOCOLS, type Protocol } from "../../base/protocol.ts";
import type { KeptRun, RunComparison } from "../../runs/shapes.ts";
import { columnsOf, createReport, type ReportView } from "../load/report.ts";
import { button, h } from "../ui/dom.ts";
import { labelOf } from "../ui/protocols.ts";
import { createChangesTable, pairColumns } from "./compared.ts";
import type { RunIdentity } from "./deletions.ts";

/** The protocols that both runs have. */
function commonProtocols({ protocols }: RunComparison): readonly Protocol[] {
  return PROTOCOLS.filter((protocol) => protocols[protocol]);
}

/** The place of the opened run. */
export interface Opened {
  /** Shows one run. */
  showRun(run: KeptRun): void;
  /** Shows two runs, one protocol at a time; false if they have no protocol in common. */
  showPair(runs: readonly [KeptRun, KeptRun], comparison: RunComparison): boolean;
  /** Closes the view of a run that is not there any more. */
  retain(isThere: (run: RunIdentity) => boolean): void;
}

/** Creates the view in `host`. */
export function createOpened(host: HTMLElement): Opened {
  let view: ReportView | undefined;
  let shown: readonly RunIdentity[] = [];

  function close(): void {
    view?.destroy();
    view = undefined;
    shown = [];
    host.hidden = true;
  }

  function show(title: string, actions: readonly Node[], next: ReportView): void {
    view?.destroy();
    view = next;
    const heading = h("h3", { tabindex: -1 }, title);
    const buttons = h("p", { class: "actions" }, ...actions, button("Close", close));
    host.replaceChildren(h("header", {}, heading, buttons), next.element);
    host.hidden = false;
    host.scrollIntoView({ block: "nearest" });
    heading.focus({ preventScroll: true });
  }

  function showProtocol(runs: readonly [KeptRun, KeptRun], comparison: RunComparison, selected: Protocol): void {
    const common = commonProtocols(comparison);
    const choice = common.map((protocol) => {
      const attributes = { "aria-pressed": String(protocol === selected), "data-protocol": protocol };
      const element = button("", () => showProtocol(runs, comparison, protocol), attributes);
      element.append(...labelOf(protocol));
      return element;
    });
    const changes = createChangesTable(comparison.protocols[selected] ?? [], comparison.limits);
    const [first, second] = runs;
    const title = `Runs ${first.id} and ${second.id}`;
    show(title, common.length > 1 ? choice : [], createReport(pairColumns(runs, selected), changes));
  }

  return {
    showRun(run) {
      shown = [run];
      const attributes = { href: `/runs/${run.id}/report`, download: `wirelab-run-${run.id}.json`, class: "button" };
      show(`Run ${run.id}`, [h("a", attributes, "Download JSON")], createReport(columnsOf(run)));
    },
    showPair(runs, comparison) {
      const [first] = commonProtocols(comparison);
      if (first) {
        shown = runs;
        showProtocol(runs, comparison, first);
      }
      return first !== undefined;
    },
    retain(isThere) {
      if (!shown.every(isThere)) close();
    },
  };
}
