/** Colours as people see them: luminance, distance in OKLab, and colour blindness (Machado, Oliveira and Fernandes 2009). */

type Rgb = readonly [red: number, green: number, blue: number];
type Matrix = readonly [Rgb, Rgb, Rgb];

/** Simulations of complete colour blindness, for linear RGB. */
const MATRICES = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
} as const satisfies Readonly<Record<string, Matrix>>;

/** Kinds of colour vision. */
export type Vision = keyof typeof MATRICES;
/** Every kind. */
export const VISIONS = Object.keys(MATRICES) as readonly Vision[]; // a literal's own keys are its type's keys

function times([a, b, c]: Matrix, [x, y, z]: Rgb): Rgb {
  const row = ([i, j, k]: Rgb) => i * x + j * y + k * z;
  return [row(a), row(b), row(c)];
}

/** `#0a5fa5` as linear RGB, each from 0 to 1. */
function linear(hex: string): Rgb {
  const part = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

/** Relative luminance (WCAG 2). */
export function luminance(hex: string): number {
  const [red, green, blue] = linear(hex);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** How a colour looks with that vision, as linear RGB. */
export function simulated(hex: string, vision: Vision): Rgb {
  const [red, green, blue] = times(MATRICES[vision], linear(hex));
  const clip = (value: number) => Math.min(1, Math.max(0, value));
  return [clip(red), clip(green), clip(blue)];
}

const TO_LMS: Matrix = [
  [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
  [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
  [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
const TO_OKLAB: Matrix = [
  [0.210_454_255_3, 0.793_617_785, -0.004_072_046_8],
  [1.977_998_495_1, -2.428_592_205, 0.450_593_709_9],
  [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766],
];

/** The distance of two colours in OKLab; about 0.02 is just noticeable. */
export function labDistance(a: Rgb, b: Rgb): number {
  const lab = (rgb: Rgb) => {
    const [l, m, s] = times(TO_LMS, rgb);
    return times(TO_OKLAB, [Math.cbrt(l), Math.cbrt(m), Math.cbrt(s)]);
  };
  const [one, other] = [lab(a), lab(b)];
  return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
}
