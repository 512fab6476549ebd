/** The controls of each kind of fault, and their conversion from and to the JSON form of the API. */
import { type Protocol, REGISTRY } from "../../base/protocol.ts";
import type { Burst, Direction, Faults, Kind } from "../../faults/faults.ts";
import { h } from "../ui/dom.ts";
import { numberControl, percentControl } from "../ui/number-control.ts";
import { createDelayField } from "./delay-field.ts";
import { createGroup, type FaultField } from "./group.ts";

/** A fault that is a probability in each direction. */
function createDirectionsField(kind: "drop" | "close" | "stall"): FaultField {
  const up = percentControl(`${kind}.up`, "up");
  const down = percentControl(`${kind}.down`, "down");
  return {
    element: createGroup(kind, up.element, down.element),
    read: () => (up.value === 0 && down.value === 0 ? {} : { [kind]: { up: up.value, down: down.value } }),
    write(faults) {
      up.value = faults[kind]?.up ?? 0;
      down.value = faults[kind]?.down ?? 0;
    },
  };
}

/** The probability of leaving the bad state in an empty form: bursts of four packets on average. */
const DEFAULT_BURST_END = 0.25;

/** The two probabilities of one direction. */
function createBurstRow(direction: Direction) {
  const starts = numberControl(`burst.${direction}.goodToBad`, `${direction} starts`, "%", 0.01);
  const ends = numberControl(`burst.${direction}.badToGood`, "ends", "%", 0.01);
  return {
    element: h("div", { class: "row" }, starts.element, ends.element),
    read: (): Burst | undefined =>
      starts.value === 0 ? undefined : { goodToBad: starts.value, badToGood: ends.value },
    write(burst: Burst | undefined) {
      starts.value = burst?.goodToBad ?? 0;
      ends.value = burst?.badToGood ?? DEFAULT_BURST_END;
    },
  };
}

function createBurstField(): FaultField {
  const [upRow, downRow] = [createBurstRow("up"), createBurstRow("down")];
  return {
    element: createGroup("burst", upRow.element, downRow.element),
    read() {
      const [up, down] = [upRow.read(), downRow.read()];
      return up || down ? { burst: { ...(up && { up }), ...(down && { down }) } } : {};
    },
    write({ burst }) {
      upRow.write(burst?.up);
      downRow.write(burst?.down);
    },
  };
}

/** A fault that is a single probability. */
function createProbabilityField(kind: "duplicate" | "reorder" | "corrupt" | "reset"): FaultField {
  const control = percentControl(kind, "chance");
  return {
    element: createGroup(kind, control.element),
    read: () => (control.value === 0 ? {} : { [kind]: control.value }),
    write(faults) {
      control.value = faults[kind] ?? 0;
    },
  };
}

function createStatusField(): FaultField {
  const code = numberControl("status.code", "code", "", 1);
  const probability = percentControl("status.probability", "chance");
  code.value = 503;
  return {
    element: createGroup("status", probability.element, code.element),
    read: () => (probability.value === 0 ? {} : { status: { code: code.value, probability: probability.value } }),
    write({ status }) {
      probability.value = status?.probability ?? 0;
      if (status) code.value = status.code;
    },
  };
}

const FIELDS: Readonly<Record<Kind, () => FaultField>> = {
  drop: () => createDirectionsField("drop"),
  close: () => createDirectionsField("close"),
  stall: () => createDirectionsField("stall"),
  burst: createBurstField,
  delay: createDelayField,
  duplicate: () => createProbabilityField("duplicate"),
  reorder: () => createProbabilityField("reorder"),
  corrupt: () => createProbabilityField("corrupt"),
  reset: () => createProbabilityField("reset"),
  status: createStatusField,
};

/** The controls of the kinds of faults that `protocol` accepts. */
export function createFields(protocol: Protocol): readonly FaultField[] {
  const kinds: readonly Kind[] = REGISTRY[protocol].faults;
  return kinds.map((kind) => FIELDS[kind]());
}

/** The faults that all `fields` together describe. */
export function readFields(fields: readonly FaultField[]): Faults {
  return Object.assign({}, ...fields.map((field) => field.read()));
}
