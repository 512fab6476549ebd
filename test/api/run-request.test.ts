import { describe, expect, test } from "bun:test";
import { planRuns, refusalStatus } from "../../src/api/run-request.ts";
import { byProtocol, PROTOCOLS, REGISTRY } from "../../src/base/protocol.ts";
import { UsageError } from "../../src/load/plan/errors.ts";
import { TargetNotAllowedError } from "../../src/runs/choose-target.ts";
import { BusyError, SpawnError } from "../../src/runs/runner.ts";

const LAB = { host: "127.0.0.1", ports: byProtocol((protocol) => REGISTRY[protocol].port) };

describe("a request for a run", () => {
  test("of one protocol starts one run, of all protocols one for each", () => {
    const of = (protocol: "udp" | "all") => planRuns({ protocol, rate: 10, seconds: 3 }, LAB, []);
    expect(of("udp")).toEqual([
      { protocol: "udp", rate: 10, duration: 3, target: "127.0.0.1:7000", control: "127.0.0.1:5000" },
    ]);
    expect(of("all").map(({ protocol }) => protocol)).toEqual([...PROTOCOLS]);
    expect(of("all").map(({ target }) => target)).toEqual(
      PROTOCOLS.map((protocol) => `127.0.0.1:${LAB.ports[protocol]}`),
    );
  });

  test("may name an allowed target, with spaces around it", () => {
    const allowed = [{ host: "10.0.0.7", port: undefined }];
    const [run] = planRuns({ protocol: "udp", rate: 10, seconds: 3, target: " 10.0.0.7:9 " }, LAB, allowed);
    expect(run?.target).toBe("10.0.0.7:9");
  });

  test("with options that contradict each other is refused before a process is started", () => {
    expect(() => planRuns({ protocol: "udp", rate: 10, seconds: 3, timeout: 2, wait: 1 }, LAB, [])).toThrow(UsageError);
  });

  test("has one range for the size, that of all its protocols", () => {
    const withSize = (protocol: "udp" | "http" | "all", size: number) => () =>
      planRuns({ protocol, rate: 10, seconds: 3, size }, LAB, []);
    for (const size of [43, 16_385]) {
      expect(withSize("udp", size)).toThrow("size: not allowed; allowed: an integer from 44 to 16384");
      expect(withSize("all", size)).toThrow("size: not allowed; allowed: an integer from 44 to 16384");
    }
    for (const size of [0, 16_385]) {
      expect(withSize("http", size)).toThrow("size: not allowed; allowed: an integer from 1 to 16384");
    }
    expect(withSize("http", 1)).not.toThrow();
  });
});

test("each error of starting a run has its status, any other error has none", () => {
  const errors = [
    new TargetNotAllowedError(),
    new BusyError(),
    new SpawnError(),
    new UsageError("x"),
    new Error("x"),
    "x",
  ];
  expect(errors.map(refusalStatus)).toEqual([403, 409, 503, 400, undefined, undefined]);
});
