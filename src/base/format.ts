/** Numbers as text: a few significant digits and a unit, rounded for display. */

/** A number and its unit, separate so that a display can style each. */
export interface Quantity {
  readonly value: string;
  readonly unit: string;
}

/** Printed where there is no number. */
export const NONE = "–";

/** Turns a number between 0 and a few thousand into digits. */
export type Digits = (value: number) => string;

/** Always three significant digits, so that a live display does not change its width. */
export function fixedDigits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

/** At most three significant digits (four from 1,000), without trailing zeros. */
export function shortDigits(value: number): string {
  return `${value === 0 ? 0 : Number(value.toPrecision(value >= 1000 ? 4 : 3))}`;
}

function scaled(value: number, steps: readonly (readonly [least: number, unit: string])[], digits: Digits): Quantity {
  const [least, unit] = steps.find(([least]) => value >= least * 0.9995) ?? steps.at(-1) ?? [1, ""];
  return { value: digits(value / least), unit };
}

/** A whole number with thousands separators. */
export function grouped(value: number): string {
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count or a rate: whole below 10,000, then in thousands and millions. */
export function count(value: number | null, unit = ""): Quantity {
  if (value === null) return { value: NONE, unit };
  if (value > 0 && value < 10 && !Number.isInteger(value)) return { value: value.toFixed(1), unit };
  if (value < 9999.5) return { value: grouped(value), unit };
  const { value: text, unit: prefix } = scaled(
    value,
    [
      [1e9, "G"],
      [1e6, "M"],
      [1e3, "k"],
    ],
    fixedDigits,
  );
  return { value: text, unit: `${prefix}${unit.startsWith("/") ? "" : " "}${unit}`.trim() };
}

/** A ratio as a percentage with one decimal; below 0.1 % one significant digit. */
export function percent(ratio: number | null): Quantity {
  if (ratio === null) return { value: NONE, unit: "%" };
  const value = ratio * 100;
  return {
    value: value === 0 ? "0" : value < 0.1 ? value.toPrecision(1) : value.toFixed(value >= 99.95 ? 0 : 1),
    unit: "%",
  };
}

/** A duration in s, printed in µs, ms or s. A negative one has a sign. */
export function duration(seconds: number | null | undefined, digits: Digits = fixedDigits): Quantity {
  if (seconds === null || seconds === undefined) return { value: NONE, unit: "ms" };
  const { value, unit } = scaled(
    Math.abs(seconds) * 1e6,
    [
      [1e6, "s"],
      [1e3, "ms"],
      [1, "µs"],
    ],
    digits,
  );
  return { value: seconds < 0 ? `-${value}` : value, unit };
}

/** Octets in decimal units, optionally `per` a unit such as `/s`. */
export function octets(value: number | null, per = ""): Quantity {
  if (value === null) return { value: NONE, unit: `B${per}` };
  if (value < 999.5) return { value: value.toFixed(0), unit: `B${per}` };
  const { value: text, unit } = scaled(
    value,
    [
      [1e9, "GB"],
      [1e6, "MB"],
      [1e3, "kB"],
    ],
    fixedDigits,
  );
  return { value: text, unit: `${unit}${per}` };
}

/** `412 µs`, `20.0 %`; a dash alone where there is no number. */
export function inline({ value, unit }: Quantity): string {
  if (value === NONE) return NONE;
  return unit ? `${value} ${unit}` : value;
}

/** A duration in s as short text: `412 µs`, `1.5 s`. */
export function formatSeconds(seconds: number | null): string {
  return inline(duration(seconds, shortDigits));
}

/** A ratio as a percentage with up to three significant digits. */
export function formatShare(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(3))} %`;
}

/** A count with thousands separators. */
export function formatCount(count: number): string {
  return grouped(Math.round(count));
}

/** A count with its noun: `1 packet`, `2,000 packets`; `1 query`, `2 queries` with the plural given. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** Packets a second. */
export function formatRate(rate: number): string {
  return `${rate >= 1000 ? formatCount(rate) : Number(rate.toPrecision(4))}/s`;
}
