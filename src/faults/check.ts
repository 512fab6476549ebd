/** Checks that faults are in their ranges. Faults take effect only after this check, wherever they come from. */
import type { Protocol } from "../base/protocol.ts";
import { type Burst, type Delay, type Faults, KINDS_OF, RANGES, type Range } from "./faults.ts";
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
type Field = readonly [path: string, value: unknown, range: Range];

function burstFields(path: string, burst: Burst | undefined): Field[] {
  if (burst === undefined) return [];
  return [
    [`${path}.goodToBad`, burst.goodToBad, RANGES.probability],
    [`${path}.badToGood`, burst.badToGood, RANGES.recovery],
  ];
}

function delayFields(delay: Delay): Field[] {
  switch (delay.kind) {
    case "fixed":
      return [["delay.ms", delay.ms, RANGES.ms]];
    case "uniform":
      return [
        ["delay.minMs", delay.minMs, RANGES.ms],
        ["delay.maxMs", delay.maxMs, { ...RANGES.ms, minimum: delay.minMs }],
      ];
    case "normal":
      return [
        ["delay.meanMs", delay.meanMs, RANGES.ms],
        ["delay.stddevMs", delay.stddevMs, RANGES.ms],
      ];
    case "pareto":
      return [
        ["delay.scaleMs", delay.scaleMs, RANGES.ms],
        ["delay.shape", delay.shape, RANGES.shape],
      ];
    default:
      throw new FaultFieldError("delay.kind", "delay.kind is unknown", "fixed, uniform, normal or pareto");
  }
}

/** Every number in the faults. */
function fieldsOf({ drop, close, stall, burst, delay, status, ...chances }: Faults): Field[] {
  const fields = Object.entries(chances).map(([kind, value]): Field => [kind, value, RANGES.probability]);
  for (const [kind, chance] of Object.entries({ drop, close, stall })) {
    if (!chance) continue;
    fields.push([`${kind}.up`, chance.up, RANGES.probability], [`${kind}.down`, chance.down, RANGES.probability]);
  }
  if (burst) fields.push(...burstFields("burst.up", burst.up), ...burstFields("burst.down", burst.down));
  if (delay) fields.push(...delayFields(delay));
  if (status) {
    fields.push(["status.code", status.code, RANGES.status]);
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
  for (const [path, value, { minimum, maximum }] of fieldsOf(faults)) {
    const isValid = typeof value === "number" && value >= minimum && value <= maximum;
    if (isValid && (path !== "status.code" || Number.isInteger(value))) continue;
    const type = path === "status.code" ? "an integer" : "a number";
    throw new FaultFieldError(`${at}${path}`, `${at}${path} is not valid`, `${type} from ${minimum} to ${maximum}`);
  }
  return faults;
}
