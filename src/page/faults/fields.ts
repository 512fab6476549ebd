/** The controls of each kind of fault of a protocol, and their conversion from and to the JSON form of the API. */
import { defined } from "../../base/defined.ts";
import { type Protocol, REGISTRY } from "../../base/protocol.ts";
import { DIRECTIONS, type Direction, type Faults, inDirection, type Kind, perDirection } from "../../faults/faults.ts";
import { numberControl, percentControl } from "../ui/number-control.ts";
import { delayRow } from "./delay-row.ts";
import { createGroup, elementsOf, type FaultField } from "./group.ts";
import { burstRow, type MakeRow, percentRow } from "./rows.ts";

type Field = FaultField<Faults>;

/** A fault that has a value in each direction. */
function createDirections<Value>(
  kind: Kind,
  makeRow: MakeRow<Value>,
  partOf: (faults: Faults, direction: Direction) => Value | undefined,
  /** Of a direction without a value, if the other has one. */
  off?: Value,
): Field {
  const rows = perDirection((direction) => makeRow(`${kind}.${direction}`, direction));
  return {
    element: createGroup(kind, kind, ...elementsOf(rows)),
    read() {
      const [up, down] = [rows.up.read(), rows.down.read()];
      if (up === undefined && down === undefined) return {};
      return { [kind]: defined({ up: up ?? off, down: down ?? off }) };
    },
    write(faults) {
      for (const direction of DIRECTIONS) rows[direction].write(partOf(faults, direction));
    },
  };
}

function createPercents(kind: "drop" | "close" | "stall" | "duplicate" | "reorder" | "corrupt"): Field {
  return createDirections(kind, percentRow, (faults, direction) => inDirection<number>(faults[kind], direction), 0);
}

/** A fault that is a single probability. */
function createProbabilityField(kind: "reset"): Field {
  const control = percentControl(kind, "chance");
  return {
    element: createGroup(kind, kind, control.element),
    read: () => (control.value === 0 ? {} : { [kind]: control.value }),
    write(faults) {
      control.value = faults[kind] ?? 0;
    },
  };
}

function createStatusField(): Field {
  const code = numberControl("status.code", "code", "", 1);
  const probability = percentControl("status.probability", "chance");
  code.value = 503;
  return {
    element: createGroup("status", "status", probability.element, code.element),
    read: () => (probability.value === 0 ? {} : { status: { code: code.value, probability: probability.value } }),
    write({ status }) {
      probability.value = status?.probability ?? 0;
      if (status) code.value = status.code;
    },
  };
}

const FIELDS: Readonly<Record<Kind, () => Field>> = {
  drop: () => createPercents("drop"),
  close: () => createPercents("close"),
  stall: () => createPercents("stall"),
  burst: () => createDirections("burst", burstRow, ({ burst }, direction) => burst?.[direction]),
  delay: () => createDirections("delay", delayRow, ({ delay }, direction) => inDirection(delay, direction)),
  duplicate: () => createPercents("duplicate"),
  reorder: () => createPercents("reorder"),
  corrupt: () => createPercents("corrupt"),
  reset: () => createProbabilityField("reset"),
  status: createStatusField,
};

/** The controls of the kinds of faults that `protocol` accepts. */
export function createFields(protocol: Protocol): readonly Field[] {
  const kinds: readonly Kind[] = REGISTRY[protocol].faults;
  return kinds.map((kind) => FIELDS[kind]());
}

/** The faults that all `fields` together describe. */
export function readFields(fields: readonly Field[]): Faults {
  return Object.assign({}, ...fields.map((field) => field.read()));
}
