import { describe, expect, test } from "bun:test";
import { PROTOCOLS } from "../../src/base/protocol.ts";
import {
  DIRECTIONS,
  DIRECTIONS_OF,
  KINDS,
  KINDS_OF,
  NO_FAULTS,
  NO_IMPAIRMENTS,
  PRESETS,
} from "../../src/faults/faults.ts";

describe("kinds of faults", () => {
  test("KINDS_OF lists the kinds of each protocol", () => {
    expect(KINDS_OF).toMatchObject({
      http: ["drop", "close", "stall", "burst", "delay", "status"],
      tcp: ["drop", "burst", "delay", "reset"],
      udp: ["drop", "burst", "delay", "duplicate", "reorder", "corrupt"],
    });
  });

  test("every kind belongs to a protocol", () => {
    const used = new Set(PROTOCOLS.flatMap((protocol) => KINDS_OF[protocol]));
    expect(KINDS.filter((kind) => !used.has(kind))).toEqual([]);
  });

  test("DIRECTIONS_OF has both directions for those of a response", () => {
    for (const kind of KINDS) {
      const isDownOnly = ["reset", "status"].includes(kind);
      expect([kind, DIRECTIONS_OF[kind]]).toEqual([kind, isDownOnly ? ["down"] : DIRECTIONS]);
    }
  });
});

describe("presets", () => {
  test("classroom has the faults of the original project: 20 % loss, and up to 1.5 s of delay on HTTP", () => {
    expect(PRESETS.classroom).toMatchObject({
      http: { drop: { up: 0.2, down: 0 }, delay: { kind: "uniform", minMs: 0, maxMs: 1500 } },
      tcp: { drop: { up: 0.2, down: 0 } },
      udp: { drop: { up: 0.2, down: 0 } },
    });
  });

  test("none has no faults: the one frozen object NO_FAULTS for each protocol", () => {
    expect(PRESETS.none).toBe(NO_IMPAIRMENTS);
    for (const protocol of PROTOCOLS) expect(NO_IMPAIRMENTS[protocol]).toBe(NO_FAULTS);
    expect(Object.isFrozen(NO_FAULTS)).toBe(true);
  });
});
