/** The shortest form of faults whose value can have both directions: that which the text form gives. */
import { type Delay, type DownOrBoth, type Faults, isByDirection, NO_FAULTS } from "./faults.ts";

/** Whether a value has no effect. */
function isNone(value: number | Delay): boolean {
  return value === 0 || (typeof value === "object" && value.kind === "fixed" && value.ms === 0);
}

/** A value without the directions in which it has no effect; the value of the downstream direction if that is the only one. */
export function shortForm<Value extends number | Delay>(value: DownOrBoth<Value>): DownOrBoth<Value> {
  if (!isByDirection(value)) return value;
  const { up, down } = value;
  if (up === undefined || (isNone(up) && down !== undefined)) return down ?? value;
  if (isNone(up)) return up;
  return { up, ...(down !== undefined && !isNone(down) && { down }) };
}

/** Faults with each value in its shortest form. */
export function shortFaults(faults: Faults): Faults {
  const { delay, duplicate, reorder, corrupt } = faults;
  if (faults === NO_FAULTS) return faults;
  return {
    ...faults,
    ...(delay && { delay: shortForm(delay) }),
    ...(duplicate !== undefined && { duplicate: shortForm<number>(duplicate) }),
    ...(reorder !== undefined && { reorder: shortForm<number>(reorder) }),
    ...(corrupt !== undefined && { corrupt: shortForm<number>(corrupt) }),
  };
}
