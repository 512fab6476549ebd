/** The ranges of a path's faults, wherever they come from. */
import { describe, expect, test } from "bun:test";
import { FaultFieldError } from "../../src/faults/check.ts";
import { checkedLinkFaults } from "../../src/faults/link-check.ts";
import { LINK_KINDS, type LinkFaults, TRANSPORTS } from "../../src/faults/link-faults.ts";
import { parseLinkFaults } from "../../src/faults/link-text.ts";

/** Faults of every kind at the ends of their ranges. */
const VALID: readonly Required<LinkFaults>[] = [
  {
    drop: 0,
    burst: { goodToBad: 0, badToGood: 1e-9 },
    delay: { kind: "fixed", ms: 0 },
    correlation: 0,
    order: "keep",
    duplicate: 0,
    reorder: 0,
    corrupt: 0,
    rate: 100,
    queue: { bytes: 1 },
    stall: { probability: 0 },
    reset: { probability: 0, afterMs: 0 },
    limit: 0,
    slice: { bytes: 1, variation: 0, gapMs: 0 },
    slowClose: 0,
  },
  {
    drop: 1,
    burst: { goodToBad: 1, badToGood: 1 },
    delay: { kind: "uniform", minMs: 60_000, maxMs: 60_000 },
    correlation: 0.999,
    order: "keep",
    duplicate: 1,
    reorder: 1,
    corrupt: 1,
    rate: 1e12,
    queue: { ms: 60_000 },
    stall: { probability: 1, afterMs: 60_000 },
    reset: { probability: 1 },
    limit: Number.MAX_SAFE_INTEGER,
    slice: { bytes: 65_536, variation: 65_535, gapMs: 60_000 },
    slowClose: 60_000,
  },
];

/** Those of `faults` that a transport accepts. */
function kindsOf(transport: (typeof TRANSPORTS)[number], faults: LinkFaults): LinkFaults {
  return Object.fromEntries(LINK_KINDS[transport].map((kind) => [kind, faults[kind]]));
}

describe("checkedLinkFaults", () => {
  test("returns the same object if all numbers are in their ranges", () => {
    for (const transport of TRANSPORTS) {
      const [up, down] = VALID.map((faults) => kindsOf(transport, faults));
      const faults = { up: up ?? {}, down: down ?? {} };
      expect(checkedLinkFaults(transport, faults)).toBe(faults);
    }
  });

  test("accepts what the text form gives", () => {
    const udp = parseLinkFaults(
      "udp",
      "drop=0.1/1,burst=gilbert(0.1,1),delay=pareto(1,2),rate=1G,queue=60s,order=keep",
    );
    expect(checkedLinkFaults("udp", udp)).toBe(udp);
    const tcp = parseLinkFaults(
      "tcp",
      "stall=1@2s,reset=0.5/1@500ms,limit=10kB,slice=slice(100,99,1ms),slow-close=60s",
    );
    expect(checkedLinkFaults("tcp", tcp)).toBe(tcp);
  });

  test.each([
    ["udp", { drop: 1.01 }, "up.drop", "a number from 0 to 1"],
    ["udp", { drop: Number.NaN }, "up.drop", "a number from 0 to 1"],
    ["udp", { drop: "0.5" }, "up.drop", "a number from 0 to 1"],
    ["udp", { burst: { goodToBad: 0.1, badToGood: 0 } }, "up.burst.badToGood", "a number from 1e-9 to 1"],
    ["udp", { burst: 0.1 }, "up.burst", "{ goodToBad, badToGood }"],
    ["udp", { delay: { kind: "normal", meanMs: -1, stddevMs: 0 } }, "up.delay.meanMs", "a number from 0 to 60000"],
    ["udp", { delay: { kind: "none" } }, "up.delay.kind", "fixed, uniform, normal or pareto"],
    ["udp", { correlation: 1 }, "up.correlation", "a number from 0 to 0.999"],
    ["udp", { order: "mix" }, "up.order", "keep"],
    ["udp", { rate: 99 }, "up.rate", "a number from 100 to 1000000000000"],
    ["udp", { queue: { bytes: 1.5 } }, "up.queue.bytes", "an integer from 1 to 1073741824"],
    ["udp", { queue: {} }, "up.queue.ms", "a number from 0 to 60000"],
    ["tcp", { stall: { probability: 2 } }, "up.stall.probability", "a number from 0 to 1"],
    ["tcp", { reset: { probability: 1, afterMs: 60_001 } }, "up.reset.afterMs", "a number from 0 to 60000"],
    ["tcp", { limit: -1 }, "up.limit", "an integer from 0 to 9007199254740991"],
    ["tcp", { slice: { bytes: 10, variation: 10, gapMs: 0 } }, "up.slice.variation", "an integer from 0 to 9"],
    ["tcp", { slice: null }, "up.slice", "{ bytes, variation, gapMs }"],
    ["tcp", { slowClose: Number.POSITIVE_INFINITY }, "up.slowClose", "a number from 0 to 60000"],
    ["tcp", { drop: 0.1 }, "up.drop", LINK_KINDS.tcp.join(", ")],
  ] as const)("of a %s path refuses %p with its field", (transport, up, field, allowed) => {
    const error = (() => {
      try {
        return checkedLinkFaults(transport, { up: up as LinkFaults, down: {} }, "relay.");
      } catch (error) {
        return error;
      }
    })();
    expect(error).toBeInstanceOf(FaultFieldError);
    expect(error).toMatchObject({ field: `relay.${field}`, allowed });
  });
});
