/** Prints faults in the text form that `text.ts` parses. */
import { PROTOCOLS } from "../base/protocol.ts";
import { type Burst, type Delay, type Faults, type Impairments, NO_FAULTS } from "./faults.ts";

function printDelay(delay: Delay): string {
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

function printDirections(up: string, down: string): string {
  return down === "0" ? up : `${up}/${down}`;
}

function printBurst(burst: Burst | undefined): string {
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
  if (delay) parts.push(`delay=${printDelay(delay)}`);
  for (const kind of ["duplicate", "reorder", "corrupt", "reset"] as const) {
    if (faults[kind] !== undefined) parts.push(`${kind}=${faults[kind]}`);
  }
  if (status) parts.push(`status=${status.code}:${status.probability}`);
  return parts.join(",") || "none";
}

/** Prints all faults in the form that `parseImpairments` parses; `none` without faults. */
export function printImpairments(impairments: Partial<Impairments>): string {
  const parts = PROTOCOLS.map((protocol) => `${protocol}:${printFaults(impairments[protocol] ?? NO_FAULTS)}`);
  return parts.filter((part) => !part.endsWith(":none")).join(";") || "none";
}
