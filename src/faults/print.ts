/** Prints faults in the text form that `text.ts` parses. */
import { PROTOCOLS } from "../base/protocol.ts";
import {
  type Burst,
  type Delay,
  type Direction,
  type DownOrBoth,
  type Faults,
  type Impairments,
  inDirection,
  NO_FAULTS,
} from "./faults.ts";

/** Prints a distribution of delays. */
export function printDelay(delay: Delay): string {
  switch (delay.kind) {
    case "fixed":
      return `${delay.ms}`;
    case "uniform":
      return `uniform(${delay.minMs},${delay.maxMs})`;
    case "normal":
      return `normal(${delay.meanMs},${delay.stddevMs})`;
    case "pareto":
      return `pareto(${delay.scaleMs},${delay.shape})`;
  }
}

/** Prints a value of the downstream direction, or `UP/DOWN` if the other direction has one too. */
function printDownOrBoth<Value extends number | Delay>(
  value: DownOrBoth<Value>,
  print: (value: Value) => string,
): string {
  const part = (direction: Direction) => {
    const own = inDirection(value, direction);
    return own === undefined ? "0" : print(own);
  };
  return part("up") === "0" ? part("down") : `${part("up")}/${part("down")}`;
}

function printDirections(up: string, down: string): string {
  return down === "0" ? up : `${up}/${down}`;
}

/** Prints Gilbert losses. */
export function printBurst(burst: Burst | undefined): string {
  return burst ? `gilbert(${burst.goodToBad},${burst.badToGood})` : "0";
}

/** Prints the faults of one protocol in the form that `parseFaults` parses; `none` without faults. */
export function printFaults(faults: Faults): string {
  const parts: string[] = [];
  const { burst, delay, status } = faults;
  for (const kind of ["drop", "close", "stall"] as const) {
    const chance = faults[kind];
    if (chance) parts.push(`${kind}=${printDirections(`${chance.up}`, `${chance.down}`)}`);
  }
  if (burst) parts.push(`burst=${printDirections(printBurst(burst.up), printBurst(burst.down))}`);
  if (delay) parts.push(`delay=${printDownOrBoth(delay, printDelay)}`);
  for (const kind of ["duplicate", "reorder", "corrupt", "reset"] as const) {
    const chance = faults[kind];
    if (chance !== undefined) parts.push(`${kind}=${printDownOrBoth<number>(chance, String)}`);
  }
  if (status) parts.push(`status=${status.code}:${status.probability}`);
  return parts.join(",") || "none";
}

/** Prints all faults in the form that `parseImpairments` parses; `none` without faults. */
export function printImpairments(impairments: Partial<Impairments>): string {
  const parts = PROTOCOLS.map((protocol) => `${protocol}:${printFaults(impairments[protocol] ?? NO_FAULTS)}`);
  return parts.filter((part) => !part.endsWith(":none")).join(";") || "none";
}
