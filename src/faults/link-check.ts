/** Checks that the faults of a path are in their ranges. Faults take effect only after this check, wherever they come from. */
import { assertInRange, burstFields, delayFields, FaultFieldError, type Field } from "./check.ts";
import { DIRECTIONS } from "./faults.ts";
import {
  LINK_KINDS,
  LINK_RANGES,
  type LinkFaults,
  type LinkFaultsByDirection,
  type QueueLimit,
  type ShareAfter,
  type Slice,
  type Transport,
} from "./link-faults.ts";

const integer = <Limits extends object>(range: Limits) => ({ ...range, isInteger: true }) as const;

function shareFields(path: string, { probability, afterMs }: ShareAfter): Field[] {
  const fields: Field[] = [[`${path}.probability`, probability, LINK_RANGES.probability]];
  return afterMs === undefined ? fields : [...fields, [`${path}.afterMs`, afterMs, LINK_RANGES.ms]];
}

function queueFields(path: string, queue: QueueLimit): Field[] {
  if ("bytes" in queue) return [[`${path}.bytes`, queue.bytes, integer(LINK_RANGES.queueBytes)]];
  return [[`${path}.ms`, queue.ms, LINK_RANGES.ms]];
}

function sliceFields(path: string, { bytes, variation, gapMs }: Slice): Field[] {
  return [
    [`${path}.bytes`, bytes, integer(LINK_RANGES.sliceBytes)],
    [`${path}.variation`, variation, integer({ minimum: 0, maximum: bytes - 1 })],
    [`${path}.gapMs`, gapMs, LINK_RANGES.ms],
  ];
}

/** The numbers of each kind of fault in one direction. */
const FIELDS: {
  readonly [Kind in keyof LinkFaults]-?: (path: string, value: NonNullable<LinkFaults[Kind]>) => Field[];
} = {
  drop: (path, value) => [[path, value, LINK_RANGES.probability]],
  duplicate: (path, value) => [[path, value, LINK_RANGES.probability]],
  reorder: (path, value) => [[path, value, LINK_RANGES.probability]],
  corrupt: (path, value) => [[path, value, LINK_RANGES.probability]],
  burst: burstFields,
  delay: delayFields,
  correlation: (path, value) => [[path, value, LINK_RANGES.correlation]],
  order(path, value) {
    if (value === "keep") return [];
    throw new FaultFieldError(path, `${path} is not valid`, "keep");
  },
  rate: (path, value) => [[path, value, LINK_RANGES.rate]],
  queue: queueFields,
  stall: shareFields,
  reset: shareFields,
  limit: (path, value) => [[path, value, integer(LINK_RANGES.limit)]],
  slice: sliceFields,
  slowClose: (path, value) => [[path, value, LINK_RANGES.ms]],
};

/** The kinds whose values are objects, with their fields as errors show them. */
const VALUE_OBJECTS: ReadonlyMap<string, string> = new Map([
  ["burst", "{ goodToBad, badToGood }"],
  ["delay", '{ kind: "fixed", ms }, or of the kind uniform, normal or pareto'],
  ["queue", "{ bytes } or { ms }"],
  ["stall", "{ probability, afterMs }"],
  ["reset", "{ probability, afterMs }"],
  ["slice", "{ bytes, variation, gapMs }"],
]);

function fieldsOf(path: string, faults: LinkFaults): Field[] {
  return Object.entries(faults).flatMap(([kind, value]) => {
    if (value === undefined) return [];
    const form = VALUE_OBJECTS.get(kind);
    if (form !== undefined && (typeof value !== "object" || value === null)) {
      throw new FaultFieldError(`${path}.${kind}`, `${path}.${kind} is not valid`, form);
    }
    // The kinds were checked, and each has a function for its values.
    const fields = FIELDS[kind as keyof LinkFaults] as (path: string, value: unknown) => Field[];
    return fields(`${path}.${kind}`, value);
  });
}

/**
 * The faults of a path for `transport`, unchanged. Throws FaultFieldError if the transport has no such kind, or if a field is not
 * valid; `at` is put before the paths in it.
 */
export function checkedLinkFaults(transport: Transport, faults: LinkFaultsByDirection, at = ""): LinkFaultsByDirection {
  const kinds: readonly string[] = LINK_KINDS[transport];
  for (const direction of DIRECTIONS) {
    const unknown = Object.keys(faults[direction]).find((name) => !kinds.includes(name));
    if (unknown !== undefined) {
      const problem = `a ${transport} relay has no fault "${unknown}"`;
      throw new FaultFieldError(`${at}${direction}.${unknown}`, problem, kinds.join(", "));
    }
    assertInRange(fieldsOf(`${at}${direction}`, faults[direction]), "");
  }
  return faults;
}
