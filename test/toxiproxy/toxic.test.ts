/** Toxics as faults of a path, and the state of toxics on a connection. */
import { describe, expect, test } from "bun:test";
import { parseLinkFaults, printLinkFaults } from "../../src/faults/link-text.ts";
import type { ConnectionHandle } from "../../src/relay/tcp/connection-faults.ts";
import { faultsOf, newToxic } from "../../src/toxiproxy/toxic.ts";
import { ToxicSet } from "../../src/toxiproxy/toxic-set.ts";

const toxic = (type: string, attributes: object = {}) => newToxic({ type, attributes });

describe("toxics as faults", () => {
  test.each([
    ["latency", { latency: 100 }, { delay: { kind: "fixed", ms: 100 } }],
    ["latency", { latency: 100, jitter: 30 }, { delay: { kind: "uniform", minMs: 70, maxMs: 130 } }],
    ["latency", { latency: -5 }, {}],
    ["bandwidth", { rate: 10 }, { rate: 80_000 }],
    ["bandwidth", {}, { stall: { probability: 1 } }],
    ["slow_close", { delay: 500 }, { slowClose: 500 }],
    [
      "slicer",
      { average_size: 100, size_variation: 20, delay: 500 },
      { slice: { bytes: 100, variation: 20, gapMs: 0.5 } },
    ],
    ["slow_close", { delay: 9e15 }, { slowClose: 2_147_483_647 }],
    ["slicer", { size_variation: 20 }, { slice: { bytes: 1, variation: 0, gapMs: 0 } }],
    ["timeout", { timeout: 5 }, {}],
    ["noop", {}, {}],
  ])("%s %j", (type, attributes, faults) => {
    expect(faultsOf([toxic(type, attributes)])).toEqual(faults as object);
  });

  test("of one type: delays add up, the lowest rate and the smallest segments hold", () => {
    const toxics = [
      toxic("latency", { latency: 100, jitter: 10 }),
      toxic("latency", { latency: 50 }),
      toxic("bandwidth", { rate: 20 }),
      toxic("bandwidth", { rate: 10 }),
      toxic("slicer", { average_size: 50, delay: 1000 }),
      toxic("slicer", { average_size: 20, size_variation: 5, delay: 2000 }),
      toxic("slow_close", { delay: 1 }),
      toxic("slow_close", { delay: 2 }),
    ];
    expect(faultsOf(toxics)).toEqual({
      delay: { kind: "uniform", minMs: 140, maxMs: 160 },
      rate: 80_000,
      slice: { bytes: 20, variation: 5, gapMs: 3 },
      slowClose: 3,
    });
  });
});

/** A connection that notes how it ends. */
function connection(): ConnectionHandle & { readonly ends: string[] } {
  const ends: string[] = [];
  return {
    ends,
    end: (reason) => void ends.push(`end ${reason}`),
    reset: (reason) => void ends.push(`reset ${reason}`),
  };
}

describe("the toxics of a connection", () => {
  test("have the same faults and the same gate as long as nothing changes", () => {
    const set = new ToxicSet(1, "p", () => {});
    set.add({ type: "latency", attributes: { latency: 5 } });
    set.add({ type: "limit_data", attributes: { bytes: 5 } });
    const handle = connection();
    const first = set.of(handle);
    set.add({ type: "latency", stream: "upstream", attributes: { latency: 5 } });
    const second = set.of(handle);
    expect(second.down.faults).toBe(first.down.faults);
    expect(second.down.gate).toBe(first.down.gate);
    expect(second.up.faults).toEqual({ delay: { kind: "fixed", ms: 5 } });
    expect(second.up.gate).toBeUndefined();
  });

  test("limit_data passes its octets and is over with the last of them", () => {
    const set = new ToxicSet(1, "p", () => {});
    set.add({ type: "limit_data", attributes: { bytes: 5 } });
    const { gate } = set.of(connection()).down;
    expect([gate?.admit(3), gate?.isOver]).toEqual([3, false]);
    expect([gate?.admit(3), gate?.isOver, gate?.reason]).toEqual([2, true, "limit"]);
  });

  test("several gates act one behind another", () => {
    const set = new ToxicSet(1, "p", () => {});
    set.add({ type: "limit_data", attributes: { bytes: 5 } });
    set.add({ type: "timeout" });
    const { gate } = set.of(connection()).down;
    expect([gate?.admit(3), gate?.reason]).toEqual([0, "stall"]);
    expect([gate?.admit(3), gate?.isOver]).toEqual([0, true]);
  });

  test("reset_peer that is removed or changed after octets were discarded still resets the connection", () => {
    const set = new ToxicSet(1, "p", () => {});
    set.add({ type: "reset_peer", attributes: { timeout: 60_000 } });
    const [handle, idle] = [connection(), connection()];
    const gate = set.of(handle).down.gate;
    set.of(idle);
    expect(gate?.admit(3)).toBe(0);
    set.update("reset_peer_downstream", { attributes: { timeout: 50_000 } });
    set.of(handle);
    set.remove("reset_peer_downstream");
    for (const open of [handle, idle]) expect(set.of(open).down.gate).toBeUndefined();
    expect([handle.ends, idle.ends]).toEqual([["reset reset"], []]);
  });

  test("are shown in the ranges of the relay's faults, whatever their values are", () => {
    const set = new ToxicSet(1, "p", () => {});
    const most = 9_007_199_254_740_991;
    const values = {
      latency: 5,
      jitter: most,
      rate: most,
      delay: most,
      average_size: most,
      size_variation: most,
      timeout: most,
    };
    for (const type of ["latency", "bandwidth", "slow_close", "slicer", "timeout", "reset_peer"])
      set.add({ type, attributes: values });
    const text = printLinkFaults("tcp", set.shown);
    expect(parseLinkFaults("tcp", text)).toEqual(set.shown);
    expect(set.shown.down.delay).toEqual({ kind: "uniform", minMs: 0, maxMs: 60_000 });
  });

  test("are shown as faults of the relay, with the share of those that have one", () => {
    const set = new ToxicSet(1, "p", () => {});
    set.add({ type: "timeout", toxicity: 0.5, attributes: { timeout: 7 } });
    set.add({ type: "reset_peer", stream: "upstream", toxicity: 2 });
    set.add({ type: "limit_data", attributes: { bytes: 9 } });
    expect(set.shown).toEqual({
      up: { reset: { probability: 1, afterMs: 0 } },
      down: { stall: { probability: 0.5, afterMs: 7 }, limit: 9 },
    });
  });
});
