import { describe, expect, test } from "bun:test";
import { planRuns, type RunRequest, refusalStatus } from "../../src/api/run-request.ts";
import { byProtocol, CLASSICS, PROTOCOLS, REGISTRY } from "../../src/base/protocol.ts";
import { UsageError } from "../../src/load/plan/errors.ts";
import { TargetNotAllowedError } from "../../src/runs/choose-target.ts";
import { BusyError, SpawnError } from "../../src/runs/runner.ts";
import { SERVED_WITHOUT_TLS } from "../support/lab.ts";

const LAB = { host: "127.0.0.1", ports: byProtocol((protocol) => REGISTRY[protocol].port), served: PROTOCOLS };
/** A lab without the protocols that begin with a handshake. */
const PLAIN_LAB = { ...LAB, served: SERVED_WITHOUT_TLS };

describe("a request for a run", () => {
  const planned = (protocol: RunRequest["protocol"], lab = LAB, target = "") =>
    planRuns({ protocol, rate: 10, seconds: 3, target }, lab, [{ host: "10.0.0.7", port: undefined }]);
  const names = (...args: Parameters<typeof planned>) => planned(...args).map(({ protocol }) => protocol);

  test("of one protocol starts one run, of all protocols one for each of the classics", () => {
    const of = (protocol: "udp" | "all") => planRuns({ protocol, rate: 10, seconds: 3 }, LAB, []);
    expect(of("udp")).toEqual([
      { protocol: "udp", rate: 10, duration: 3, target: "127.0.0.1:7000", control: "127.0.0.1:5000" },
    ]);
    expect(of("all").map(({ protocol }) => protocol)).toEqual([...CLASSICS]);
    expect(of("all").map(({ target }) => target)).toEqual(
      CLASSICS.map((protocol) => `127.0.0.1:${LAB.ports[protocol]}`),
    );
  });

  test("of everything starts one of each protocol that the lab serves", () => {
    expect(names("everything")).toEqual([...PROTOCOLS]);
    expect(names("everything", PLAIN_LAB)).toEqual(["http", "tcp", "udp", "websocket"]);
  });

  test("of a list starts one of each protocol in it, once, in the order of the registry", () => {
    expect(names(["http3", "http", "https", "http3"])).toEqual(["http", "https", "http3"]);
    expect(names(["https"])).toEqual(["https"]);
    expect(planned(["websocket"]).map(({ target }) => target)).toEqual(["127.0.0.1:5000"]);
  });

  test("of a protocol that the lab does not serve is refused, unless another lab is the target", () => {
    const error = "protocol: http3 is not served by this lab; allowed: http, tcp, udp, websocket";
    const requests: RunRequest["protocol"][] = ["http3", ["udp", "http3"]];
    for (const protocol of requests) {
      expect(() => planned(protocol, PLAIN_LAB)).toThrow(error);
      expect(names(protocol, PLAIN_LAB, "10.0.0.7:5443")).toContain("http3");
    }
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
