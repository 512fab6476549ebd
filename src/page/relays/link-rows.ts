/** The controls of each kind of fault of a path in one direction. */
import type { LinkFaults, LinkKind, QueueLimit, ShareAfter, Slice } from "../../faults/link-faults.ts";
import { choiceRow, convertedRow, type Forms } from "../faults/choice-row.ts";
import { delayRow } from "../faults/delay-row.ts";
import type { FaultRow } from "../faults/group.ts";
import { burstRow, type MakeRow, percentRow } from "../faults/rows.ts";
import { h } from "../ui/dom.ts";
import { type NumberControl, numberControl } from "../ui/number-control.ts";

const MBIT = 1e6;

function rowOf(...controls: readonly NumberControl[]): HTMLElement {
  return h("div", { class: "row" }, ...controls.map(({ element }) => element));
}

/** A number that is a detail of the row above it. */
function detailOf({ element }: NumberControl): HTMLElement {
  return h("div", { class: "row detail" }, element);
}

/** A choice that is a detail of the row above it, as its numbers are. */
function detail<Value>(row: FaultRow<Value>): FaultRow<Value> {
  for (const element of row.elements) element.classList.add("detail");
  return row;
}

/** A number whose empty field means that the fault is off. */
function optionalRow(unit: string, scale: number): MakeRow<number> {
  return (path, label) => {
    const control = numberControl(path, label, unit, scale, { empty: "none" });
    return {
      elements: [rowOf(control)],
      read: () => control.optional,
      write(value) {
        control.optional = value;
      },
    };
  };
}

const correlationRow: MakeRow<number> = (path) => {
  const control = numberControl(path, "correlation", "%", 0.01);
  return {
    elements: [detailOf(control)],
    read: () => (control.value === 0 ? undefined : control.value),
    write(value) {
      control.value = value ?? 0;
    },
  };
};

const orderRow: MakeRow<"keep"> = (path, direction) =>
  convertedRow(
    detail(choiceRow(path, "order", `order, ${direction}`, { kept: [] }, "free")),
    () => ({ kind: "kept", numbers: {} }),
    () => "keep",
  );

/** The forms of the limit of a queue, with the keys of `QueueLimit`. */
const QUEUE_FORMS: Forms = {
  octets: [["bytes", "at most", "B", 64_000]],
  time: [["ms", "at most", "ms", 500]],
};

const queueRow: MakeRow<QueueLimit> = (path, direction) =>
  convertedRow(
    detail(choiceRow(path, "queue", `limit of the queue, ${direction}`, QUEUE_FORMS, "100 ms")),
    (queue) =>
      "bytes" in queue
        ? { kind: "octets", numbers: { bytes: queue.bytes } }
        : { kind: "time", numbers: { ms: queue.ms } },
    ({ numbers }) => numbers as unknown as QueueLimit, // QUEUE_FORMS has the keys of its members
  );

/** A share of the connections, and the time after which something happens to them. */
function shareRow(name: string, empty: string): MakeRow<ShareAfter> {
  return (path, label) => {
    const share = percentRow(`${path}.probability`, label);
    const after = numberControl(`${path}.afterMs`, name, "ms", 1, { empty });
    return {
      elements: [...share.elements, detailOf(after)],
      read() {
        const [probability, afterMs] = [share.read(), after.optional];
        return probability === undefined ? undefined : { probability, ...(afterMs !== undefined && { afterMs }) };
      },
      write(value) {
        share.write(value?.probability);
        if (value) after.optional = value.afterMs; // otherwise it can be set before the share
      },
    };
  };
}

const sliceRow: MakeRow<Slice> = (path, label) => {
  const bytes = numberControl(`${path}.bytes`, label, "B", 1, { empty: "none" });
  const variation = numberControl(`${path}.variation`, "±", "B", 1);
  const gap = numberControl(`${path}.gapMs`, "gap", "ms", 1);
  return {
    elements: [rowOf(bytes, variation), detailOf(gap)],
    read() {
      const size = bytes.optional;
      return size === undefined ? undefined : { bytes: size, variation: variation.value, gapMs: gap.value };
    },
    write(slice) {
      bytes.optional = slice?.bytes;
      if (!slice) return;
      variation.value = slice.variation;
      gap.value = slice.gapMs;
    },
  };
};

/** Makes the row of each kind. */
export const LINK_ROWS: { readonly [Kind in LinkKind]: MakeRow<NonNullable<LinkFaults[Kind]>> } = {
  drop: percentRow,
  burst: burstRow,
  delay: delayRow,
  correlation: correlationRow,
  order: orderRow,
  duplicate: percentRow,
  reorder: percentRow,
  corrupt: percentRow,
  rate: optionalRow("Mbit/s", MBIT),
  queue: queueRow,
  stall: shareRow("closed after", "never"),
  reset: shareRow("after", "0"),
  limit: optionalRow("B", 1),
  slice: sliceRow,
  slowClose: optionalRow("ms", 1),
};
