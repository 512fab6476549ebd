/** Numbers as people read them: few digits, a unit, and always the same width for the same size. */

/** A number and its unit, apart, so that each has its own look. */
export interface Quantity {
  readonly value: string;
  readonly unit: string;
}

const NOTHING = "–";

/** Three significant digits, but never fewer than all digits before the point. */
function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

/** Digits in groups of three. */
export function grouped(value: number): string {
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}

function scaled(value: number, steps: readonly (readonly [least: number, unit: string])[]): Quantity {
  const [least, unit] = steps.find(([least]) => value >= least * 0.9995) ?? steps.at(-1) ?? [1, ""];
  return { value: digits(value / least), unit };
}

/** A count or a rate: whole below 10,000, then in thousands and millions. */
export function count(value: number | null, unit = ""): Quantity {
  if (value === null) return { value: NOTHING, unit };
  if (value > 0 && value < 10 && !Number.isInteger(value)) return { value: value.toFixed(1), unit };
  if (value < 9999.5) return { value: grouped(value), unit };
  const { value: text, unit: prefix } = scaled(value, [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ]);
  return { value: text, unit: `${prefix}${unit.startsWith("/") ? "" : " "}${unit}`.trim() };
}

/** A share as a percentage; a small one keeps its digits. */
export function percent(ratio: number | null): Quantity {
  if (ratio === null) return { value: NOTHING, unit: "%" };
  const value = ratio * 100;
  return {
    value: value === 0 ? "0" : value < 0.1 ? value.toPrecision(1) : value.toFixed(value >= 99.95 ? 0 : 1),
    unit: "%",
  };
}

/** A duration in s, shown in µs, ms or s. */
export function duration(seconds: number | null | undefined): Quantity {
  if (seconds === null || seconds === undefined) return { value: NOTHING, unit: "ms" };
  return scaled(seconds * 1e6, [
    [1e6, "s"],
    [1e3, "ms"],
    [1, "µs"],
  ]);
}

/** Octets, in decimal units. */
export function octets(value: number | null, per = ""): Quantity {
  if (value === null) return { value: NOTHING, unit: `B${per}` };
  if (value < 999.5) return { value: value.toFixed(0), unit: `B${per}` };
  const { value: text, unit } = scaled(value, [
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ]);
  return { value: text, unit: `${unit}${per}` };
}

/** `412 µs`, `20.0 %`; a dash alone where there is nothing. */
export function inline({ value, unit }: Quantity): string {
  if (value === NOTHING) return NOTHING;
  return unit ? `${value} ${unit}` : value;
}

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});

/** `09:41:02` by the reader's own clock; `at` in ms since the Unix epoch. */
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
