/** Times of day and ages as text. */

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});

/** `09:41:02` in the viewer's time zone; `at` in ms since the Unix epoch. */
export function clockTime(at: number): string {
  return CLOCK.format(at);
}

/** `just now`, `12 s ago`, `3 min ago`. */
export function ago(seconds: number): string {
  if (seconds < 2) return "just now";
  if (seconds < 100) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}
