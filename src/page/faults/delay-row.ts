/** The controls of the delay fault in one direction: a distribution and its parameters. */
import type { Delay } from "../../faults/faults.ts";
import { choiceRow, convertedRow, type Parameter } from "./choice-row.ts";
import type { MakeRow } from "./rows.ts";

/** The parameters of each distribution, with exactly the keys of the members of `Delay`. */
const PARAMETERS: Readonly<Record<Delay["kind"], readonly Parameter[]>> = {
  fixed: [["ms", "time", "ms", 50]],
  uniform: [
    ["minMs", "from", "ms", 0],
    ["maxMs", "to", "ms", 100],
  ],
  normal: [
    ["meanMs", "mean", "ms", 50],
    ["stddevMs", "spread", "ms", 10],
  ],
  pareto: [
    ["scaleMs", "min", "ms", 10],
    ["shape", "shape", "", 2],
  ],
};

/** The row of one direction. */
export const delayRow: MakeRow<Delay> = (path, label) =>
  convertedRow(
    choiceRow(path, label, `delay distribution, ${label}`, PARAMETERS),
    ({ kind, ...numbers }) => ({ kind, numbers }),
    ({ kind, numbers }) => ({ kind, ...numbers }) as Delay, // PARAMETERS has the keys of each member of Delay
  );
