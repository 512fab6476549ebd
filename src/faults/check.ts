/** Checks that faults are in their ranges. Faults take effect only after this check, wherever they come from. */
import type { Protocol } from "../base/protocol.ts";
import {
  type Burst,
  type Delay,
  DIRECTIONS,
  type DownOrBoth,
  type Faults,
  isByDirection,
  KINDS_OF,
  RANGES,
  type Range,
} from "./faults.ts";
import { ImpairmentError } from "./pieces.ts";

/** A field of faults that is not valid. */
export class FaultFieldError extends ImpairmentError {
  constructor(
    /** The path of the field, with dots. */
    readonly field: string,
    problem: string,
    allowed: string,
  ) {
    super(problem, 0, allowed);
    this.message = `${problem}; allowed: ${allowed}`; // there is no text with a position
  }
}

/** A number in the faults: its path, its value, which may be of any type at run time, and its range. */
export type Field = readonly [path: string, value: unknown, range: Range & { readonly isInteger?: true }];

/** The numbers of Gilbert losses. */
export function burstFields(path: string, burst: Burst | undefined): Field[] {
  if (burst === undefined) return [];
  return [
    [`${path}.goodToBad`, burst.goodToBad, RANGES.probability],
    [`${path}.badToGood`, burst.badToGood, RANGES.recovery],
  ];
}

/** The numbers of a distribution of delays. Throws FaultFieldError if there is no such distribution. */
export function delayFields(path: string, delay: Delay): Field[] {
  switch (delay.kind) {
    case "fixed":
      return [[`${path}.ms`, delay.ms, RANGES.ms]];
    case "uniform":
      return [
        [`${path}.minMs`, delay.minMs, RANGES.ms],
        [`${path}.maxMs`, delay.maxMs, { ...RANGES.ms, minimum: delay.minMs }],
      ];
    case "normal":
      return [
        [`${path}.meanMs`, delay.meanMs, RANGES.ms],
        [`${path}.stddevMs`, delay.stddevMs, RANGES.ms],
      ];
    case "pareto":
      return [
        [`${path}.scaleMs`, delay.scaleMs, RANGES.ms],
        [`${path}.shape`, delay.shape, RANGES.shape],
      ];
    default:
      throw new FaultFieldError(`${path}.kind`, `${path}.kind is unknown`, "fixed, uniform, normal or pareto");
  }
}

/** Throws FaultFieldError for the first of `fields` that is not a number in its range; `at` is put before the paths in it. */
export function assertInRange(fields: readonly Field[], at: string): void {
  for (const [path, value, { minimum, maximum, isInteger }] of fields) {
    const isValid = typeof value === "number" && value >= minimum && value <= maximum;
    if (isValid && (!isInteger || Number.isInteger(value))) continue;
    const type = isInteger ? "an integer" : "a number";
    throw new FaultFieldError(`${at}${path}`, `${at}${path} is not valid`, `${type} from ${minimum} to ${maximum}`);
  }
}

/** The fields of a value of one direction or of both. */
function downOrBothFields<Value extends number | Delay>(
  path: string,
  value: DownOrBoth<Value> | undefined,
  fieldsOf: (path: string, value: Value) => Field[],
): Field[] {
  if (value === undefined) return [];
  if (!isByDirection(value)) return fieldsOf(path, value as Value); // the guard does not narrow a type parameter
  return DIRECTIONS.flatMap((direction) => {
    const part = value[direction];
    return part === undefined ? [] : fieldsOf(`${path}.${direction}`, part);
  });
}

/** Every number in the faults. */
function fieldsOf({
  drop,
  close,
  stall,
  burst,
  delay,
  duplicate,
  reorder,
  corrupt,
  status,
  ...chances
}: Faults): Field[] {
  const fields = Object.entries(chances).map(([kind, value]): Field => [kind, value, RANGES.probability]);
  for (const [kind, chance] of Object.entries({ drop, close, stall })) {
    if (!chance) continue;
    fields.push([`${kind}.up`, chance.up, RANGES.probability], [`${kind}.down`, chance.down, RANGES.probability]);
  }
  if (burst) fields.push(...burstFields("burst.up", burst.up), ...burstFields("burst.down", burst.down));
  fields.push(...downOrBothFields("delay", delay, delayFields));
  for (const [kind, chance] of Object.entries({ duplicate, reorder, corrupt })) {
    fields.push(...downOrBothFields<number>(kind, chance, (path, value) => [[path, value, RANGES.probability]]));
  }
  if (status) {
    fields.push(["status.code", status.code, { ...RANGES.status, isInteger: true }]);
    fields.push(["status.probability", status.probability, RANGES.probability]);
  }
  return fields;
}

/**
 * The faults of one protocol, unchanged. Throws FaultFieldError if the protocol has no such kind, or if a field is not a
 * number in its range; `at` is put before the paths in it.
 */
export function checkedFaults(protocol: Protocol, faults: Faults, at = ""): Faults {
  const kinds = KINDS_OF[protocol];
  const unknown = Object.keys(faults).find((name) => !kinds.some((kind) => kind === name));
  if (unknown !== undefined) {
    throw new FaultFieldError(`${at}${unknown}`, `${protocol} has no fault "${unknown}"`, kinds.join(", "));
  }
  assertInRange(fieldsOf(faults), at);
  return faults;
}
