/** The controls of the faults of a path in both directions, and their conversion from and to the JSON form of the API. */
import type { Term } from "../../base/glossary.ts";
import { DIRECTIONS, type Direction, perDirection } from "../../faults/faults.ts";
import {
  LINK_KINDS,
  type LinkFaults,
  type LinkFaultsByDirection,
  type LinkKind,
  nameOf,
  type Transport,
} from "../../faults/link-faults.ts";
import { createGroup, elementsOf, type FaultField, type FaultRow } from "../faults/group.ts";
import { LINK_ROWS } from "./link-rows.ts";

/** The kinds of each group of controls, and the term that explains it. The name of the group is that of the first kind. */
const GROUPS: readonly (readonly [term: Term, ...kinds: readonly LinkKind[]])[] = [
  ["loss on a path", "drop"],
  ["burst", "burst"],
  ["duplicate", "duplicate"],
  ["reorder", "reorder"],
  ["corrupt", "corrupt"],
  ["delay on a path", "delay", "correlation", "order"],
  ["rate of a path", "rate", "queue"],
  ["stalled connections", "stall"],
  ["reset connections", "reset"],
  ["limit", "limit"],
  ["slice", "slice"],
  ["slow-close", "slowClose"],
];

/** The row of one kind in one direction, and the part of the faults that it shows. */
function createPart<Kind extends LinkKind>(kind: Kind, direction: Direction) {
  // LINK_ROWS has the row of each kind's own value.
  const row = LINK_ROWS[kind](`${direction}.${kind}`, direction) as FaultRow<LinkFaults[Kind]>;
  return {
    elements: row.elements,
    read: (): LinkFaults => {
      const value = row.read();
      return value === undefined ? {} : { [kind]: value };
    },
    write: (faults: LinkFaults) => row.write(faults[kind]),
  };
}

function createField(name: Term, kinds: readonly LinkKind[]): FaultField<LinkFaultsByDirection> {
  const parts = perDirection((direction) => kinds.map((kind) => createPart(kind, direction)));
  const rows = perDirection((direction) => ({ elements: parts[direction].flatMap(({ elements }) => elements) }));
  const [first = "delay"] = kinds;
  return {
    element: createGroup(nameOf(first), name, ...elementsOf(rows)),
    read: () =>
      perDirection((direction) => Object.assign({}, ...parts[direction].map((part): LinkFaults => part.read()))),
    write(faults) {
      for (const direction of DIRECTIONS) for (const part of parts[direction]) part.write(faults[direction]);
    },
  };
}

/** The controls of the kinds of faults that `transport` accepts. */
export function createLinkFields(transport: Transport): readonly FaultField<LinkFaultsByDirection>[] {
  const accepted: readonly LinkKind[] = LINK_KINDS[transport];
  return GROUPS.flatMap(([name, ...all]) => {
    const kinds = all.filter((kind) => accepted.includes(kind));
    return kinds.length === 0 ? [] : [createField(name, kinds)];
  });
}

/** The faults that all `fields` together describe. */
export function readLinkFields(fields: readonly FaultField<LinkFaultsByDirection>[]): LinkFaultsByDirection {
  const all = fields.map((field) => field.read());
  return perDirection((direction) => Object.assign({}, ...all.map((faults): LinkFaults => faults[direction])));
}
