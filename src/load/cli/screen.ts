/** The width and the colours of standard output. */
import type { Variables } from "../../base/variables.ts";
import { PLAIN, type Screen } from "../report/text/screen.ts";

/** A standard output; the properties of a pipe or a file are undefined. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The values of FORCE_COLOR that switch colours on, as in Node and Bun; others switch them off. */
const FORCED: ReadonlySet<string> = new Set(["", "1", "2", "3", "true"]);

function showsColour({ isTTY = false }: Output, { FORCE_COLOR, NO_COLOR, TERM }: Variables): boolean {
  if (FORCE_COLOR !== undefined) return FORCED.has(FORCE_COLOR);
  return isTTY && !NO_COLOR && TERM !== "dumb";
}

/** Below this width no table is readable. */
const MIN_COLUMNS = 40;

function columnsOf({ isTTY = false, columns = 0 }: Output, { COLUMNS = "" }: Variables): number {
  const given = /^\d+$/.test(COLUMNS) ? Number(COLUMNS) : 0;
  const known = isTTY && columns > 0 ? columns : given > 0 ? given : PLAIN.columns;
  return Math.max(MIN_COLUMNS, known);
}

/**
 * The width is that of the terminal, else COLUMNS, else 80. A terminal shows colours unless NO_COLOR is set and not empty
 * (no-color.org); FORCE_COLOR has precedence over both.
 */
export function screenOf(output: Output, variables: Variables): Screen {
  return { columns: columnsOf(output, variables), colour: showsColour(output, variables) };
}
