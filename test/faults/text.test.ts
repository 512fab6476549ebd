/** The text form of faults: parsing, printing, and the errors with their positions and allowed values. */
import { describe, expect, test } from "bun:test";
import { PROTOCOLS, type Protocol } from "../../src/base/protocol.ts";
import { type Faults, KINDS_OF, NO_IMPAIRMENTS, PRESETS } from "../../src/faults/faults.ts";
import { ImpairmentError } from "../../src/faults/pieces.ts";
import { printFaults, printImpairments } from "../../src/faults/print.ts";
import { parseFaults, parseImpairments } from "../../src/faults/text.ts";

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
  test.each<[Protocol, string, Faults]>([
    ["udp", "drop=0.2", { drop: { up: 0.2, down: 0 } }],
    ["udp", "drop=0.1/0.2", { drop: { up: 0.1, down: 0.2 } }],
    ["udp", "drop=0/1", { drop: { up: 0, down: 1 } }],
    ["tcp", "burst=gilbert(0.01,0.25)", { burst: { up: { goodToBad: 0.01, badToGood: 0.25 } } }],
    ["tcp", "burst=0/gilbert(0.01,1)", { burst: { down: { goodToBad: 0.01, badToGood: 1 } } }],
    [
      "tcp",
      "burst=gilbert(1,1)/gilbert(0,1e-9)",
      { burst: { up: { goodToBad: 1, badToGood: 1 }, down: { goodToBad: 0, badToGood: 1e-9 } } },
    ],
    ["http", "close=0.1/0.2,stall=0.3", { close: { up: 0.1, down: 0.2 }, stall: { up: 0.3, down: 0 } }],
    ["http", "delay=20", { delay: { kind: "fixed", ms: 20 } }],
    ["http", "delay=0.25", { delay: { kind: "fixed", ms: 0.25 } }],
    ["http", "delay=60000", { delay: { kind: "fixed", ms: 60_000 } }],
    ["http", "delay=uniform(0,1500)", { delay: { kind: "uniform", minMs: 0, maxMs: 1500 } }],
    ["http", "delay=normal(20,5)", { delay: { kind: "normal", meanMs: 20, stddevMs: 5 } }],
    ["http", "delay=pareto(10,1.5)", { delay: { kind: "pareto", scaleMs: 10, shape: 1.5 } }],
    ["http", "delay=20/0", { delay: { up: { kind: "fixed", ms: 20 } } }],
    [
      "tcp",
      "delay=uniform(1,5)/normal(20,5)",
      { delay: { up: { kind: "uniform", minMs: 1, maxMs: 5 }, down: { kind: "normal", meanMs: 20, stddevMs: 5 } } },
    ],
    ["udp", "reorder=0.1/0.2,corrupt=1/0", { reorder: { up: 0.1, down: 0.2 }, corrupt: { up: 1 } }],
    ["udp", "reorder=0/0.2", { reorder: 0.2 }],
    ["websocket", "duplicate=0.1/0", { duplicate: { up: 0.1 } }],
    ["udp", "delay=0/pareto(10,1.5)", { delay: { kind: "pareto", scaleMs: 10, shape: 1.5 } }],
    ["udp", "duplicate=0.1,reorder=.5,corrupt=1", { duplicate: 0.1, reorder: 0.5, corrupt: 1 }],
    ["tcp", "reset=1e-3", { reset: 0.001 }],
    ["http", "status=503:0.1", { status: { code: 503, probability: 0.1 } }],
    [
      "udp",
      "  drop = 0.1 / 0.2 , delay = uniform ( 0 , 5 )  ",
      { drop: { up: 0.1, down: 0.2 }, delay: { kind: "uniform", minMs: 0, maxMs: 5 } },
    ],
    ["udp", "", {}],
    ["udp", " none ", {}],
  ])("is parsed, printed and parsed again: %s:%s", (protocol, text, faults) => {
    expect(parseFaults(protocol, text)).toEqual(faults);
    expect(parseFaults(protocol, printFaults(faults))).toEqual(faults);
  });

  test.each<[Protocol, string, string]>([
    ["udp", "drop=20%", "drop=0.2"],
    ["udp", "drop=7%/12.3%", "drop=0.07/0.123"],
    ["udp", "drop=2e1 %/.5%", "drop=0.2/0.005"],
    ["udp", "drop=100%/0%", "drop=1"],
    ["udp", "burst=gilbert(1%,30%)/0%", "burst=gilbert(0.01,0.3)"],
    ["udp", "duplicate=1%,reorder=2%,corrupt=3%", "duplicate=0.01,reorder=0.02,corrupt=0.03"],
    ["tcp", "reset=0.1%", "reset=0.001"],
    ["http", "close=10%/20%,stall=5%,status=503:10%", "close=0.1/0.2,stall=0.05,status=503:0.1"],
    ["http", "delay=20ms", "delay=20"],
    ["http", "delay=0.5s", "delay=500"],
    ["http", "delay=500us", "delay=0.5"],
    ["http", "delay=1.1 µs", "delay=0.0011"],
    ["http", "delay=60s", "delay=60000"],
    ["http", "delay=normal(20ms,5ms)", "delay=normal(20,5)"],
    ["http", "delay=uniform(0,0.05s)", "delay=uniform(0,50)"],
    ["http", "delay=pareto(40ms,2)", "delay=pareto(40,2)"],
    ["http", "delay=0/20ms", "delay=20"],
    ["udp", "reorder=0%/2%,corrupt=3%/0", "reorder=0.02,corrupt=0.03/0"],
    ["http", "delay=1s/0", "delay=1000/0"],
    ["http", "delay=10/10", "delay=10/10"],
  ])("may have units, and is printed without: %s:%s", (protocol, text, printed) => {
    expect(printFaults(parseFaults(protocol, text))).toBe(printed);
  });

  test("may have several protocols, spaces and empty parts", () => {
    const text = "udp:drop=0.2,delay=uniform(0,50);http:delay=uniform(0,1500)";
    const parsed = parseImpairments(text);
    expect(parsed).toEqual({
      ...NO_IMPAIRMENTS,
      http: { delay: { kind: "uniform", minMs: 0, maxMs: 1500 } },
      tcp: {},
      udp: { drop: { up: 0.2, down: 0 }, delay: { kind: "uniform", minMs: 0, maxMs: 50 } },
    });
    expect(parseImpairments(` ; ${text.replace(";", " ; ")};`)).toEqual(parsed);
    expect(printImpairments(parsed)).toBe("http:delay=uniform(0,1500);udp:drop=0.2,delay=uniform(0,50)");
  });

  test("may be a preset: classroom, none, or an empty text for none", () => {
    expect(parseImpairments("none")).toEqual(NO_IMPAIRMENTS);
    expect(parseImpairments("")).toEqual(NO_IMPAIRMENTS);
    expect(parseImpairments("udp:none")).toEqual(NO_IMPAIRMENTS);
    expect(printImpairments(NO_IMPAIRMENTS)).toBe("none");
    expect(printImpairments(parseImpairments(" classroom "))).toBe(
      "http:drop=0.2,delay=uniform(0,1500);tcp:drop=0.2;udp:drop=0.2",
    );
    for (const preset of Object.values(PRESETS)) expect(parseImpairments(printImpairments(preset))).toEqual(preset);
  });

  test("exists for every kind of every protocol", () => {
    const values: Readonly<Record<string, string>> = {
      drop: "0.1/0.2",
      close: "0.1/0.2",
      stall: "0.1/0.2",
      burst: "0/gilbert(0.1,0.2)",
      delay: "pareto(1,2)",
      status: "500:0.5",
    };
    for (const protocol of PROTOCOLS) {
      const text = KINDS_OF[protocol].map((kind) => `${kind}=${values[kind] ?? "0.5"}`).join(",");
      expect(printFaults(parseFaults(protocol, text))).toBe(text);
    }
  });
});

describe("an invalid text", () => {
  const KINDS = "drop, burst, delay, duplicate, reorder, corrupt";
  const PROTOCOL_FORMS = `${PROTOCOLS.map((protocol) => `${protocol}:…`).join(", ")}, or none, classroom`;
  const P = "a probability from 0 to 1, or 0% to 100%";
  const DOWN = "P (downstream) or UP/DOWN, each from 0 to 1, or 0% to 100%";
  const DROP = "P or UP/DOWN, each from 0 to 1, or 0% to 100%";
  const DELAY =
    "TIME, uniform(MIN,MAX), normal(MEAN,STDDEV) or pareto(MIN,SHAPE), times from 0 to 60000 ms, or with a unit: us, ms, s; DOWN or UP/DOWN";
  const BURST =
    "gilbert(P,R), or UP/DOWN with 0 for none; P (good to bad) from 0 to 1, R (bad to good) over 0 to 1, both also in %";
  const STATUS = "CODE:P, CODE from 400 to 599, P from 0 to 1, or 0% to 100%";

  test.each<[string, string, number, string]>([
    ["udp", '"udp" is neither a protocol with faults nor a preset', 0, PROTOCOL_FORMS],
    ["quic:drop=1", '"quic" is neither a protocol with faults nor a preset', 0, PROTOCOL_FORMS],
    ["udp:drop=1;UDP:drop=1", '"UDP" is neither a protocol with faults nor a preset', 11, PROTOCOL_FORMS],
    ["constructor", '"constructor" is neither a protocol with faults nor a preset', 0, PROTOCOL_FORMS],
    ["__proto__", '"__proto__" is neither a protocol with faults nor a preset', 0, PROTOCOL_FORMS],
    ["udp:drop=1;udp:drop=1", "udp is given twice", 11, "each protocol once"],
    ["udp:drp=0.2", 'udp has no fault "drp"', 4, KINDS],
    ["udp:drop=0.2,,", 'udp has no fault ""', 13, KINDS],
    ["udp:reset=0.2", 'udp has no fault "reset"', 4, KINDS],
    ["tcp:corrupt=0.2", 'tcp has no fault "corrupt"', 4, "drop, burst, delay, reset"],
    ["http:reset=0.2", 'http has no fault "reset"', 5, "drop, close, stall, burst, delay, status"],
    ["udp:constructor=1", 'udp has no fault "constructor"', 4, KINDS],
    ["udp:drop", "drop has no value", 8, `drop=${DROP}`],
    ["udp:drop=0.1,drop=0.2", "drop is given twice", 13, "each fault once"],
    ["udp:drop=", '"" is not a valid value for drop', 9, DROP],
    ["udp:drop=1.01", '"1.01" is not a valid value for drop', 9, DROP],
    ["udp:drop=-0.1", '"-0.1" is not a valid value for drop', 9, DROP],
    ["udp:drop=NaN", '"NaN" is not a valid value for drop', 9, DROP],
    ["udp:drop=0x1", '"0x1" is not a valid value for drop', 9, DROP],
    ["udp:drop=0.1/", '"" is not a valid value for drop', 13, DROP],
    ["udp:drop=0.1/2", '"2" is not a valid value for drop', 13, DROP],
    ["udp:drop=0/0/0", '"0/0/0" is not a valid value for drop', 9, DROP],
    ["udp:drop=0.1), delay=5", '"0.1), delay=5" is not a valid value for drop', 9, DROP],
    ["udp:drop=a\nb", '"a\\nb" is not a valid value for drop', 9, DROP],
    ["udp:delay=fast", '"fast" is not a valid value for delay', 10, DELAY],
    ["udp:delay=60001", '"60001" is not a valid value for delay', 10, DELAY],
    ["udp:delay=-1", '"-1" is not a valid value for delay', 10, DELAY],
    ["udp:delay=1e999", '"1e999" is not a valid value for delay', 10, DELAY],
    ["udp:delay=uniform(5,1)", '"uniform(5,1)" is not a valid value for delay', 10, DELAY],
    ["udp:delay=uniform(5)", '"uniform(5)" is not a valid value for delay', 10, DELAY],
    ["udp:delay=uniform(0,1,2)", '"uniform(0,1,2)" is not a valid value for delay', 10, DELAY],
    ["udp:delay=uniform(0, x)", '"x" is not a valid value for delay', 21, DELAY],
    ["udp:delay=uniform(0,5", '"uniform(0,5" is not a valid value for delay', 10, DELAY],
    ["udp:delay=gauss(0,5)", '"gauss(0,5)" is not a valid value for delay', 10, DELAY],
    ["udp:delay=pareto(1,0)", '"0" is not a valid value for delay', 19, DELAY],
    ["udp:burst=0.1", '"0.1" is not a valid value for burst', 10, BURST],
    ["udp:burst=gilbert(0.1,0)", '"0" is not a valid value for burst', 22, BURST],
    ["udp:burst=gilbert(2,0.1)", '"2" is not a valid value for burst', 18, BURST],
    ["udp:burst=markov(0.1,0.1)", '"markov(0.1,0.1)" is not a valid value for burst', 10, BURST],
    ["udp:duplicate=2", '"2" is not a valid value for duplicate', 14, DOWN],
    ["udp:duplicate=0.1/2", '"2" is not a valid value for duplicate', 18, DOWN],
    ["udp:delay=5/-1", '"-1" is not a valid value for delay', 12, DELAY],
    ["tcp:reset=0.1/0.1", '"0.1/0.1" is not a valid value for reset', 10, P],
    ["tcp:reset=yes", '"yes" is not a valid value for reset', 10, P],
    ["http:status=500", '"500" is not a valid value for status', 12, STATUS],
    ["http:status=200:0.5", '"200" is not a valid value for status', 12, STATUS],
    ["http:status=5000:0.5", '"5000:0.5" is not a valid value for status', 12, STATUS],
    ["http:status=500:1.5", '"1.5" is not a valid value for status', 16, STATUS],
    ["http:close=2", '"2" is not a valid value for close', 11, DROP],
    ["udp:close=0.1", 'udp has no fault "close"', 4, KINDS],
    ["udp:drop=20 percent", '"20 percent" is not a valid value for drop', 9, DROP],
    ["udp:drop=101%", '"101%" is not a valid value for drop', 9, DROP],
    ["udp:drop=20ms", '"20ms" is not a valid value for drop', 9, DROP],
    ["udp:drop=%", '"%" is not a valid value for drop', 9, DROP],
    ["udp:delay=20%", '"20%" is not a valid value for delay', 10, DELAY],
    ["udp:delay=61s", '"61s" is not a valid value for delay', 10, DELAY],
    ["udp:delay=20MS", '"20MS" is not a valid value for delay', 10, DELAY],
    ["udp:delay=1m", '"1m" is not a valid value for delay', 10, DELAY],
    ["udp:delay=normal(20ms,5%)", '"5%" is not a valid value for delay', 22, DELAY],
    ["udp:delay=pareto(1ms,2s)", '"2s" is not a valid value for delay', 21, DELAY],
    ["http:status=50%:0.5", '"50%:0.5" is not a valid value for status', 12, STATUS],
    ["http:status=500:0.5:1", '"0.5:1" is not a valid value for status', 16, STATUS],
  ])("throws ImpairmentError: %j", (text, problem, position, allowed) => {
    const error = errorOf(() => parseImpairments(text));
    expect([error.problem, error.position, error.allowed]).toEqual([problem, position, allowed]);
    expect(error.message).toBe(`${problem} at character ${position + 1}; allowed: ${allowed}`);
  });

  test("of one protocol has positions from the start of that text", () => {
    expect(errorOf(() => parseFaults("udp", " drop=0.1, dely=5")).position).toBe(11);
  });

  test("is rejected within 0.5 s at any length, with a truncated part in the error", () => {
    const startedAt = performance.now();
    const long = errorOf(() => parseImpairments(`udp:drop=${"1".repeat(4000)}x`));
    expect([long.problem, long.position]).toEqual([`"${"1".repeat(60)}…" is not a valid value for drop`, 9]);
    for (const parse of [parseImpairments, (text: string) => parseFaults("udp", text)]) {
      const tooLong = errorOf(() => parse("1".repeat(1e6)));
      expect(tooLong.message).toBe("the text is too long at character 4097; allowed: up to 4096 characters");
    }
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
