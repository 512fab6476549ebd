/**
 * The text form of a path's faults, as that of a protocol (`text.ts`); every kind has both directions:
 *
 *   drop=0.05/0.05,delay=20,rate=10M/1M,queue=64kB            UP/DOWN; one value as in DIRECTIONS_OF_ONE
 */
import type { Direction } from "./faults.ts";
import {
  DIRECTIONS_OF_ONE,
  LINK_KINDS,
  LINK_RANGES,
  type LinkFaults,
  type LinkFaultsByDirection,
  type LinkKind,
  NO_FAULTS_BY_DIRECTION,
  nameOf,
  type QueueLimit,
  type ShareAfter,
  type Slice,
  type Transport,
} from "./link-faults.ts";
import { cut, type Piece } from "./pieces.ts";
import { printBurst, printDelay } from "./print.ts";
import { DELAY_FORM, eachFault, FORMS } from "./text.ts";
import {
  call,
  type Expected,
  fail,
  number,
  parseBurst,
  parseDelay,
  probability,
  splitDirections,
  TIMES,
} from "./values.ts";

/** The power of ten of each unit of a rate in bits per second, and of a number of octets. */
const RATES = { k: 3, M: 6, G: 9, kbit: 3, Mbit: 6, Gbit: 9, bit: 0 };
const SIZES = { B: 0, kB: 3, MB: 6, GB: 9, k: 3, M: 6, G: 9 };

const EITHER = "or UP/DOWN";
const SHARE = "P or P@TIME, P from 0 to 1 or in %";
const SIZE = "octets, also in kB, MB or GB";

/** The form of each kind's value. */
export const LINK_FORMS: Readonly<Record<LinkKind, string>> = {
  drop: FORMS.drop,
  burst: FORMS.burst,
  delay: `${DELAY_FORM}, ${EITHER}`,
  correlation: `a number from 0 to ${LINK_RANGES.correlation.maximum} (of delays), ${EITHER}`,
  order: `keep, ${EITHER} with 0 for none`,
  duplicate: FORMS.duplicate,
  reorder: FORMS.reorder,
  corrupt: FORMS.corrupt,
  rate: `bits per second from 100, also in k, M or G, ${EITHER} with 0 for none`,
  queue: `${SIZE}, or a time in us, ms or s (in front of a rate), ${EITHER} with 0 for 100 ms`,
  stall: `${SHARE} (closed after TIME), ${EITHER}`,
  reset: `${SHARE}, ${EITHER}`,
  limit: `${SIZE}, ${EITHER} with none for none`,
  slice: `SIZE or slice(SIZE,VARIATION,TIME), sizes from 1 to 65536 octets, ${EITHER} with 0 for none`,
  slowClose: `a time from 0 to 60000 ms, or with a unit: us, ms, s, ${EITHER}`,
};

function formsOf(transport: Transport): Readonly<Record<string, string>> {
  return Object.fromEntries(LINK_KINDS[transport].map((kind) => [nameOf(kind), LINK_FORMS[kind]]));
}

/** The text of no fault. For every kind but `limit`, whose 0 ends a connection at once, 0 is none too. */
const NONE = "none";

function isNone(kind: LinkKind, text: string): boolean {
  return text === NONE || (text === "0" && kind !== "limit");
}

function parseQueue(expected: Expected, piece: Piece): QueueLimit {
  if (/[mµu]?s$/.test(piece.text)) return { ms: number(expected, piece, LINK_RANGES.ms, TIMES) };
  return { bytes: Math.round(number(expected, piece, LINK_RANGES.queueBytes, SIZES)) };
}

function parseShare(expected: Expected, piece: Piece): ShareAfter {
  const [share, time] = cut(piece, "@");
  return {
    probability: probability(expected, share),
    ...(time && { afterMs: number(expected, time, LINK_RANGES.ms, TIMES) }),
  };
}

function parseSlice(expected: Expected, piece: Piece): Slice {
  const form = call(piece);
  const bytes = (part: Piece) => Math.round(number(expected, part, LINK_RANGES.sliceBytes, SIZES));
  if (!form) return { bytes: bytes(piece), variation: 0, gapMs: 0 };
  const [size, variation, gap, extra] = form.args;
  if (form.name !== "slice" || !size || extra) return fail(expected, piece);
  const mean = bytes(size);
  return {
    bytes: mean,
    variation: variation ? Math.round(number(expected, variation, { minimum: 0, maximum: mean - 1 }, SIZES)) : 0,
    gapMs: gap ? number(expected, gap, LINK_RANGES.ms, TIMES) : 0,
  };
}

/** The value of one direction; undefined for none, however it is written: 0, 0%, 0 ms. */
function parseValue(kind: LinkKind, expected: Expected, piece: Piece): LinkFaults[LinkKind] {
  if (isNone(kind, piece.text)) return undefined;
  const value = parseSome(kind, expected, piece);
  return isNone(kind, printValue(kind, { [kind]: value })) ? undefined : value;
}

function parseSome(kind: LinkKind, expected: Expected, piece: Piece): LinkFaults[LinkKind] {
  switch (kind) {
    case "burst":
      return parseBurst(expected, piece);
    case "delay":
      return parseDelay(expected, piece);
    case "correlation":
      return number(expected, piece, LINK_RANGES.correlation);
    case "order":
      return piece.text === "keep" ? "keep" : fail(expected, piece);
    case "rate":
      return number(expected, piece, LINK_RANGES.rate, RATES);
    case "queue":
      return parseQueue(expected, piece);
    case "stall":
    case "reset":
      return parseShare(expected, piece);
    case "limit":
      return Math.round(number(expected, piece, LINK_RANGES.limit, SIZES));
    case "slice":
      return parseSlice(expected, piece);
    case "slowClose":
      return number(expected, piece, LINK_RANGES.ms, TIMES);
    default:
      return probability(expected, piece);
  }
}

/** Parses the faults of a path; an empty text or `none` is no fault. Throws ImpairmentError. */
export function parseLinkFaults(transport: Transport, text: string, at = 0): LinkFaultsByDirection {
  const faults: Record<Direction, LinkFaults> = { ...NO_FAULTS_BY_DIRECTION };
  const kinds: readonly LinkKind[] = LINK_KINDS[transport];
  eachFault({ text, at }, `a ${transport} relay`, formsOf(transport), (name, value) => {
    const kind = kinds.find((kind) => nameOf(kind) === name);
    if (kind === undefined) return;
    const expected = { kind: name, form: LINK_FORMS[kind] };
    const [first, second] = splitDirections(expected, value);
    const set = (direction: Direction, piece: Piece) => {
      const parsed = parseValue(kind, expected, piece);
      if (parsed !== undefined) faults[direction] = { ...faults[direction], [kind]: parsed };
    };
    if (second) {
      set("up", first);
      set("down", second);
    } else for (const direction of DIRECTIONS_OF_ONE[kind]) set(direction, first);
  });
  return faults;
}

function printShare(share: ShareAfter | undefined): string {
  if (!share || share.probability === 0) return "0";
  return share.afterMs === undefined ? `${share.probability}` : `${share.probability}@${share.afterMs}`;
}

/** The value of one direction as text; NONE without it, also if it has no effect. */
function printValue(kind: LinkKind, faults: LinkFaults): string {
  const { burst, delay, queue, slice, stall, reset } = faults;
  switch (kind) {
    case "burst":
      return printBurst(burst);
    case "delay":
      return delay ? printDelay(delay) : "0";
    case "queue":
      return queue ? ("bytes" in queue ? `${queue.bytes}` : `${queue.ms}ms`) : "0";
    case "stall":
      return printShare(stall);
    case "reset":
      return printShare(reset);
    case "slice":
      return slice ? `slice(${slice.bytes},${slice.variation},${slice.gapMs})` : "0";
    case "limit":
      return `${faults.limit ?? NONE}`;
    default:
      return `${faults[kind] ?? 0}`;
  }
}

/** Prints the faults in the form that `parseLinkFaults` parses; `none` without faults that have an effect. */
export function printLinkFaults(transport: Transport, { up, down }: LinkFaultsByDirection): string {
  const parts = LINK_KINDS[transport].flatMap((kind) => {
    const [upText, downText] = [printValue(kind, up), printValue(kind, down)];
    const isOff = isNone(kind, upText) && isNone(kind, downText);
    return isOff ? [] : [`${nameOf(kind)}=${upText}/${downText}`];
  });
  return parts.join(",") || NONE;
}
