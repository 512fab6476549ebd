/** The faults that act on the packets of one direction. */
import { defined } from "../base/defined.ts";
import { type Burst, type Delay, type Direction, type Faults, inDirection } from "./faults.ts";

/** What faults do to each packet of one direction. Probabilities are between 0 and 1; an absent kind is off. */
export interface PacketFaults {
  readonly drop?: number;
  readonly close?: number;
  readonly stall?: number;
  readonly burst?: Burst;
  readonly delay?: Delay;
  /** Correlation of a delay with the one before it, 0 to below 1; the distribution of the delays stays. */
  readonly correlation?: number;
  readonly duplicate?: number;
  readonly reorder?: number;
  readonly corrupt?: number;
  readonly reset?: number;
  readonly status?: { readonly code: number; readonly probability: number };
}

/** The same for both directions. */
export type PacketFaultsByDirection = Readonly<Record<Direction, PacketFaults>>;

/** The faults of a protocol by direction. */
export function byDirection({
  drop,
  close,
  stall,
  burst,
  delay,
  duplicate,
  reorder,
  corrupt,
  ...down
}: Faults): PacketFaultsByDirection {
  const partOf = (direction: Direction): PacketFaults =>
    defined<PacketFaults>({
      drop: drop?.[direction],
      close: close?.[direction],
      stall: stall?.[direction],
      burst: burst?.[direction],
      delay: inDirection(delay, direction),
      duplicate: inDirection(duplicate, direction),
      reorder: inDirection(reorder, direction),
      corrupt: inDirection(corrupt, direction),
    });
  return { up: partOf("up"), down: { ...partOf("down"), ...down } };
}
