/** The cursor that all charts on the common time axis share. */

type Listener = (index: number | undefined) => void;

const listeners = new Set<Listener>();
let current: number | undefined;

/** Calls `listener` with the index of the second under the cursor; undefined means the present. */
export function onCursor(listener: Listener): void {
  listeners.add(listener);
}

/** Moves the cursor to the second with that index, or back to the present. */
export function moveCursor(index: number | undefined): void {
  if (index === current) return;
  current = index;
  for (const listener of listeners) listener(index);
}
