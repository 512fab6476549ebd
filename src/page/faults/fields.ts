/** The controls of each kind of fault: what is shown, and how it becomes the JSON that the lab takes. */
import type { Burst, Delay, Direction, Faults } from "../../faults/faults.ts";
import { h } from "../ui/dom.ts";
import { type NumberControl, numberControl, percentControl } from "../ui/number-control.ts";
import { type Term, term } from "../ui/terms.ts";

/** A group of controls for one kind of fault. */
export interface FaultField {
  readonly element: HTMLElement;
  /** The part of the faults that the controls say now; an empty object where the fault is off. */
  read(): Faults;
  /** Shows the faults, whoever set them. */
  write(faults: Faults): void;
}

function group(name: Term, ...children: readonly (Node | string)[]): HTMLElement {
  return h(
    "div",
    { class: "fault", role: "group", "aria-label": name, "data-kind": name },
    h("h4", {}, term(name)),
    h("div", { class: "controls" }, ...children),
  );
}

function dropField(): FaultField {
  const up = percentControl("drop.up", "up");
  const down = percentControl("drop.down", "down");
  return {
    element: group("drop", up.element, down.element),
    read: () => (up.value === 0 && down.value === 0 ? {} : { drop: { up: up.value, down: down.value } }),
    write({ drop }) {
      up.value = drop?.up ?? 0;
      down.value = drop?.down ?? 0;
    },
  };
}

/** The usual end of a burst when nothing else is said: four packets long on average. */
const USUAL_END = 0.25;

function burstField(): FaultField {
  const way = (direction: Direction) => ({
    starts: numberControl(`burst.${direction}.goodToBad`, `${direction} starts`, "%", 0.01),
    ends: numberControl(`burst.${direction}.badToGood`, "ends", "%", 0.01),
  });
  const [up, down] = [way("up"), way("down")];
  const read = ({ starts, ends }: typeof up): Burst | undefined =>
    starts.value === 0 ? undefined : { goodToBad: starts.value, badToGood: ends.value };
  const write = ({ starts, ends }: typeof up, burst: Burst | undefined) => {
    starts.value = burst?.goodToBad ?? 0;
    ends.value = burst?.badToGood ?? USUAL_END;
  };
  return {
    element: group(
      "burst",
      h("div", { class: "row" }, up.starts.element, up.ends.element),
      h("div", { class: "row" }, down.starts.element, down.ends.element),
    ),
    read() {
      const [upward, downward] = [read(up), read(down)];
      if (!upward && !downward) return {};
      return { burst: { ...(upward && { up: upward }), ...(downward && { down: downward }) } };
    },
    write({ burst }) {
      write(up, burst?.up);
      write(down, burst?.down);
    },
  };
}

/** The two numbers of each distribution: their names in JSON, their labels, and where they begin. */
const DELAYS = {
  fixed: [["ms", "time", "ms", 50]],
  uniform: [
    ["minMs", "from", "ms", 0],
    ["maxMs", "to", "ms", 100],
  ],
  normal: [
    ["meanMs", "mean", "ms", 50],
    ["stddevMs", "spread", "ms", 10],
  ],
  pareto: [
    ["scaleMs", "least", "ms", 10],
    ["shape", "shape", "", 2],
  ],
} as const satisfies Readonly<Record<Delay["kind"], readonly (readonly [string, string, string, number])[]>>;

function delayField(): FaultField {
  const select = h(
    "select",
    { "aria-label": "delay distribution", "data-path": "delay" },
    h("option", { value: "" }, "none"),
  );
  const forms = new Map<string, readonly { readonly key: string; readonly control: NumberControl }[]>();
  const rows = Object.entries(DELAYS).map(([kind, parts]) => {
    select.append(h("option", { value: kind }, kind));
    const controls = parts.map(([key, label, unit, usual]) => {
      const control = numberControl(`delay.${key}`, label, unit, 1);
      control.value = usual;
      return { key, control };
    });
    forms.set(kind, controls);
    return h(
      "div",
      { class: "row", "data-delay": kind, hidden: true },
      ...controls.map(({ control }) => control.element),
    );
  });
  const show = () => {
    for (const row of rows) row.hidden = row.dataset.delay !== select.value;
  };
  select.addEventListener("input", show);
  return {
    element: group("delay", select, ...rows),
    read() {
      const controls = forms.get(select.value);
      if (!controls) return {};
      const numbers = Object.fromEntries(controls.map(({ key, control }) => [key, control.value]));
      return { delay: { kind: select.value, ...numbers } as Delay }; // DELAYS names exactly the members of each kind
    },
    write({ delay }) {
      select.value = delay?.kind ?? "";
      const values = new Map(Object.entries(delay ?? {}));
      for (const { key, control } of forms.get(select.value) ?? []) control.value = Number(values.get(key));
      show();
    },
  };
}

function chanceField(kind: "duplicate" | "reorder" | "corrupt" | "reset"): FaultField {
  const control = percentControl(kind, "chance");
  return {
    element: group(kind, control.element),
    read: () => (control.value === 0 ? {} : { [kind]: control.value }),
    write(faults) {
      control.value = faults[kind] ?? 0;
    },
  };
}

function statusField(): FaultField {
  const code = numberControl("status.code", "code", "", 1);
  const probability = percentControl("status.probability", "chance");
  code.value = 503;
  return {
    element: group("status", probability.element, code.element),
    read: () => (probability.value === 0 ? {} : { status: { code: code.value, probability: probability.value } }),
    write({ status }) {
      probability.value = status?.probability ?? 0;
      if (status) code.value = status.code;
    },
  };
}

/** The controls of each protocol, in the order in which they stand. */
export const FIELDS = {
  http: () => [dropField(), burstField(), delayField(), statusField()],
  tcp: () => [dropField(), burstField(), delayField(), chanceField("reset")],
  udp: () => [
    dropField(),
    burstField(),
    delayField(),
    chanceField("duplicate"),
    chanceField("reorder"),
    chanceField("corrupt"),
  ],
} as const satisfies Readonly<Record<string, () => readonly FaultField[]>>;
