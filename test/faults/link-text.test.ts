/** The text form of a path's faults: parsing, printing, and the errors with their positions and allowed values. */
import { describe, expect, test } from "bun:test";
import { type Random, random } from "../../src/base/random.ts";
import type { Delay } from "../../src/faults/faults.ts";
import {
  LINK_KINDS,
  type LinkFaults,
  type LinkKind,
  nameOf,
  TRANSPORTS,
  type Transport,
} from "../../src/faults/link-faults.ts";
import { LINK_FORMS, parseLinkFaults, printLinkFaults } from "../../src/faults/link-text.ts";
import { ImpairmentError } from "../../src/faults/pieces.ts";

const fixed = (ms: number): Delay => ({ kind: "fixed", ms });

/** The error that `parse` throws; fails the test without one. */
function errorOf(parse: () => unknown): ImpairmentError {
  try {
    parse();
  } catch (error) {
    if (error instanceof ImpairmentError) return error;
    throw error;
  }
  throw new Error("no error");
}

describe("a valid text", () => {
  test.each<[Transport, string, LinkFaults, LinkFaults]>([
    ["udp", "", {}, {}],
    ["udp", " none ", {}, {}],
    ["udp", "drop=0.05/0.1", { drop: 0.05 }, { drop: 0.1 }],
    ["udp", "drop=5%", { drop: 0.05 }, {}],
    ["udp", "drop=0/5%", {}, { drop: 0.05 }],
    ["udp", "burst=0/gilbert(1%,30%)", {}, { burst: { goodToBad: 0.01, badToGood: 0.3 } }],
    ["udp", "delay=20", {}, { delay: fixed(20) }],
    ["udp", "delay=20ms/0.5s", { delay: fixed(20) }, { delay: fixed(500) }],
    ["udp", "delay=uniform(0,5)/0", { delay: { kind: "uniform", minMs: 0, maxMs: 5 } }, {}],
    ["udp", "correlation=0.5", { correlation: 0.5 }, { correlation: 0.5 }],
    ["udp", "correlation=0.5/none", { correlation: 0.5 }, {}],
    ["udp", "order=keep", { order: "keep" }, { order: "keep" }],
    ["udp", "order=0/keep", {}, { order: "keep" }],
    ["udp", "duplicate=1%,reorder=2%,corrupt=3%", {}, { duplicate: 0.01, reorder: 0.02, corrupt: 0.03 }],
    ["udp", "duplicate=1%/0", { duplicate: 0.01 }, {}],
    ["udp", "rate=10M/1M,queue=64kB", { rate: 1e7, queue: { bytes: 64_000 } }, { rate: 1e6, queue: { bytes: 64_000 } }],
    ["udp", "rate=1.5Gbit/none,queue=200ms/0", { rate: 1.5e9, queue: { ms: 200 } }, {}],
    ["udp", "rate=0/100bit,queue=0/1s", {}, { rate: 100, queue: { ms: 1000 } }],
    ["tcp", "stall=1@2s", { stall: { probability: 1, afterMs: 2000 } }, {}],
    ["tcp", "reset=10%@500ms", {}, { reset: { probability: 0.1, afterMs: 500 } }],
    ["tcp", "stall=0.5/0.25", { stall: { probability: 0.5 } }, { stall: { probability: 0.25 } }],
    ["tcp", "limit=10kB", { limit: 10_000 }, { limit: 10_000 }],
    ["tcp", "limit=0/none", { limit: 0 }, {}],
    ["tcp", "slice=100/0", { slice: { bytes: 100, variation: 0, gapMs: 0 } }, {}],
    [
      "tcp",
      "slice = slice( 100 , 20 , 1ms )",
      { slice: { bytes: 100, variation: 20, gapMs: 1 } },
      { slice: { bytes: 100, variation: 20, gapMs: 1 } },
    ],
    ["tcp", "slow-close=500/1s", { slowClose: 500 }, { slowClose: 1000 }],
  ])("is parsed, printed and parsed again: %s %s", (transport, text, up, down) => {
    const parsed = parseLinkFaults(transport, text);
    expect(parsed).toEqual({ up, down });
    expect(parseLinkFaults(transport, printLinkFaults(transport, parsed))).toEqual(parsed);
  });

  test.each<[Transport, string]>([
    ["udp", "drop=0%/0.0,delay=0ms/0us,duplicate=-0,correlation=0/0.0,queue=0"],
    ["tcp", "delay=0s,stall=0@5,reset=0%@1s,limit=none,slow-close=0ms,slice=0"],
  ])("without an effect is no fault: %s %s", (transport, text) => {
    expect(parseLinkFaults(transport, text)).toEqual({ up: {}, down: {} });
  });

  test("prints faults of a program that have no effect as none", () => {
    const without: LinkFaults = { drop: 0, delay: fixed(0), stall: { probability: 0, afterMs: 5 } };
    expect(printLinkFaults("udp", { up: without, down: {} })).toBe("none");
    expect(printLinkFaults("tcp", { up: without, down: { limit: 0 } })).toBe("limit=none/0");
  });
});

describe("a text that is not valid", () => {
  test.each<[Transport, string, number, string, string]>([
    ["udp", "lose=1", 0, 'a udp relay has no fault "lose"', LINK_KINDS.udp.join(", ")],
    ["udp", "stall=1", 0, 'a udp relay has no fault "stall"', LINK_KINDS.udp.join(", ")],
    ["tcp", "drop=0.1", 0, 'a tcp relay has no fault "drop"', LINK_KINDS.tcp.map(nameOf).join(", ")],
    ["tcp", "slowClose=1", 0, 'a tcp relay has no fault "slowClose"', LINK_KINDS.tcp.map(nameOf).join(", ")],
    ["udp", "delay=20,drop", 13, "drop has no value", `drop=${LINK_FORMS.drop}`],
    ["udp", "drop=0.1, drop=0.2", 10, "drop is given twice", "each fault once"],
    ["udp", "drop=0.1/1.5", 9, '"1.5" is not a valid value for drop', LINK_FORMS.drop],
    ["udp", "drop=0.1/0.2/0.3", 5, '"0.1/0.2/0.3" is not a valid value for drop', LINK_FORMS.drop],
    ["udp", "drop=/0.2", 5, '"" is not a valid value for drop', LINK_FORMS.drop],
    ["udp", "delay=uniform(5,1)", 6, '"uniform(5,1)" is not a valid value for delay', LINK_FORMS.delay],
    ["udp", "delay=1/uniform(5,x)", 18, '"x" is not a valid value for delay', LINK_FORMS.delay],
    ["udp", "correlation=1", 12, '"1" is not a valid value for correlation', LINK_FORMS.correlation],
    ["udp", "order=lose", 6, '"lose" is not a valid value for order', LINK_FORMS.order],
    ["udp", "rate=10m", 5, '"10m" is not a valid value for rate', LINK_FORMS.rate],
    ["udp", "rate=99", 5, '"99" is not a valid value for rate', LINK_FORMS.rate],
    ["udp", "queue=61s", 6, '"61s" is not a valid value for queue', LINK_FORMS.queue],
    ["udp", "queue=1kB/2TB", 10, '"2TB" is not a valid value for queue', LINK_FORMS.queue],
    ["tcp", "stall=1@", 8, '"" is not a valid value for stall', LINK_FORMS.stall],
    ["tcp", "reset=2@1s", 6, '"2" is not a valid value for reset', LINK_FORMS.reset],
    ["tcp", "limit=-1", 6, '"-1" is not a valid value for limit', LINK_FORMS.limit],
    ["tcp", "slice=slice(100,100,1)", 16, '"100" is not a valid value for slice', LINK_FORMS.slice],
    ["tcp", "slice=slice(1,0,0,0)", 6, '"slice(1,0,0,0)" is not a valid value for slice', LINK_FORMS.slice],
    ["tcp", "slow-close=never", 11, '"never" is not a valid value for slow-close', LINK_FORMS.slowClose],
  ])("names the position and what is allowed: %s %s", (transport, text, position, problem, allowed) => {
    const error = errorOf(() => parseLinkFaults(transport, text));
    expect([error.position, error.problem, error.allowed]).toEqual([position, problem, allowed]);
    expect(errorOf(() => parseLinkFaults(transport, text, 100)).position).toBe(position + 100);
  });

  test("is refused if it is too long", () => {
    const error = errorOf(() => parseLinkFaults("udp", `drop=${"1".repeat(5000)}`));
    expect([error.position, error.allowed]).toEqual([4096, "up to 4096 characters"]);
  });
});

/** Random values of each kind, of many orders of magnitude. */
const DRAWS: { readonly [Kind in LinkKind]-?: (draw: Random) => LinkFaults[Kind] } = {
  drop: probabilityOf,
  duplicate: probabilityOf,
  reorder: probabilityOf,
  corrupt: probabilityOf,
  burst: (draw) => ({ goodToBad: probabilityOf(draw), badToGood: 1e-9 + probabilityOf(draw) * 0.999 }),
  delay: delayOf,
  correlation: (draw) => probabilityOf(draw) * 0.99,
  order: () => "keep",
  rate: (draw) => 100 * 10 ** (draw() * 9),
  queue: (draw) => (draw() < 0.5 ? { bytes: 1 + Math.floor(draw() * 2 ** 20) } : { ms: msOf(draw) }),
  stall: shareOf,
  reset: shareOf,
  limit: (draw) => Math.floor(draw() ** 4 * Number.MAX_SAFE_INTEGER),
  slice(draw) {
    const bytes = 1 + Math.floor(draw() * 65_535);
    return { bytes, variation: Math.floor(draw() * bytes), gapMs: msOf(draw) };
  },
  slowClose: msOf,
};

function probabilityOf(draw: Random): number {
  return 10 ** (-8 * draw());
}

function msOf(draw: Random): number {
  return 60_000 * probabilityOf(draw);
}

function delayOf(draw: Random): Delay {
  const [a, b] = [msOf(draw), msOf(draw)];
  const kinds: readonly Delay[] = [
    fixed(a),
    { kind: "uniform", minMs: Math.min(a, b), maxMs: Math.max(a, b) },
    { kind: "normal", meanMs: a, stddevMs: b },
    { kind: "pareto", scaleMs: a, shape: 0.01 + draw() * 900 },
  ];
  return kinds[Math.floor(draw() * kinds.length)] ?? fixed(a);
}

function shareOf(draw: Random) {
  return draw() < 0.5
    ? { probability: probabilityOf(draw) }
    : { probability: probabilityOf(draw), afterMs: msOf(draw) };
}

test.each(TRANSPORTS)("printing and parsing are inverse for 2,000 random faults of %s", (transport) => {
  const draw = random(7, `link-text/${transport}`);
  const kinds: readonly LinkKind[] = LINK_KINDS[transport];
  const direction = () =>
    Object.fromEntries(kinds.filter(() => draw() < 0.4).map((kind) => [kind, DRAWS[kind](draw)] as const));
  for (let i = 0; i < 2000; i++) {
    const faults = { up: direction(), down: direction() };
    const text = printLinkFaults(transport, faults);
    expect(parseLinkFaults(transport, text)).toEqual(faults);
    expect(printLinkFaults(transport, parseLinkFaults(transport, text))).toBe(text);
  }
});

test("random texts are parsed or refused with a position in them", () => {
  const draw = random(3, "link-text/noise");
  const parts = [
    "drop",
    "delay",
    "=",
    "/",
    ",",
    "(",
    ")",
    "0.5",
    "20ms",
    "uniform",
    "rate",
    "1M",
    "@",
    " ",
    "é",
    "%",
    "-",
  ];
  let refused = 0;
  for (let i = 0; i < 5000; i++) {
    const text = Array.from(
      { length: 1 + Math.floor(draw() * 12) },
      () => parts[Math.floor(draw() * parts.length)],
    ).join("");
    try {
      parseLinkFaults("udp", text);
    } catch (error) {
      if (!(error instanceof ImpairmentError)) throw error;
      refused++;
      expect(error.position).toBeGreaterThanOrEqual(0);
      expect(error.position).toBeLessThanOrEqual(text.length);
    }
  }
  expect(refused).toBeGreaterThan(4000);
});
