import { describe, expect, test } from "bun:test";
import type { LoadOptions } from "../../../src/load/plan/options.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";

describe("defaults", () => {
  test("a protocol alone is a complete run", () => {
    const plan = planRun({ protocol: "udp" });
    expect(plan).toMatchObject({
      targetText: "127.0.0.1:7000",
      hint: "; to start the lab: bun run dev",
      stamp: true,
      stages: [{ from: 100, to: 100, seconds: 10 }],
      seconds: 10,
      size: 64,
      connections: 1,
      openAll: true,
      timeoutMs: 2000,
      follow: false,
    });
    expect(plan.controlUrl?.href).toBe("http://127.0.0.1:5000/");
  });

  test("a count without a duration has no time limit; a run without an end is followed", () => {
    expect(planRun({ protocol: "udp", count: 5 })).toMatchObject({ seconds: Number.POSITIVE_INFINITY, follow: false });
    expect(planRun({ protocol: "udp", duration: Number.POSITIVE_INFINITY }).follow).toBe(true);
  });

  test.each([
    ["STAMP over UDP", { protocol: "udp", rate: "max" }, { connections: 1, window: 64 }],
    ["STAMP over TCP", { protocol: "tcp", rate: "max" }, { connections: 32, window: 64 }],
    ["STAMP on 100 connections", { protocol: "tcp", rate: "max", connections: 100 }, { connections: 100, window: 100 }],
    ["HTTP", { protocol: "http", rate: "max" }, { connections: 32, window: 32, size: 64 }],
    ["STAMP over TLS", { protocol: "tls", rate: "max" }, { connections: 32, streams: 1, window: 64 }],
    ["messages", { protocol: "websocket", rate: "max" }, { connections: 32, streams: 1, window: 64 }],
    ["HTTPS", { protocol: "https", rate: "max" }, { connections: 32, streams: 1, window: 32 }],
    ["HTTP/2", { protocol: "http2", rate: "max" }, { connections: 1, streams: 32, window: 32 }],
    ["HTTP/2, 2 × 8", { protocol: "http2", rate: "max", connections: 2, streams: 8 }, { connections: 2, window: 16 }],
    ["HTTP/3", { protocol: "http3", rate: "max", streams: 8 }, { connections: 4, streams: 8, window: 32 }],
    ["plain text", { protocol: "udp", mode: "plain", rate: "max" }, { connections: 32, window: 32, size: 0 }],
  ] as const)("a closed loop of %s has a fixed window", (_name, options, expected) => {
    expect(planRun(options)).toMatchObject({ ...expected, openAll: true });
  });

  test("an open loop without sequence numbers opens connections on demand, for 256 packets in flight", () => {
    for (const [options, connections, streams] of [
      [{ protocol: "http" }, 256, 1],
      [{ protocol: "udp", mode: "plain" }, 256, 1],
      [{ protocol: "http2" }, 8, 32],
      [{ protocol: "http2", streams: 100 }, 2, 100],
      [{ protocol: "http2", streams: 1000 }, 1, 1000],
      [{ protocol: "http3" }, 8, 32],
    ] as const) {
      expect(planRun(options)).toMatchObject({
        ...{ connections, streams, window: Number.POSITIVE_INFINITY, openAll: false },
      });
    }
  });
});

const udp = { protocol: "udp" } as const;
const STAGES = [{ from: 0, to: 9, seconds: 1 }];

test.each<[message: string, options: LoadOptions]>([
  ["--rate 0: expected 0.001 to 10000000 packets a second", { ...udp, rate: 0 }],
  ["--size 20: expected 44 to 65507", { ...udp, size: 20 }],
  ["--size 70000: expected 44 to 65535", { protocol: "tcp", size: 70_000 }],
  ["--size 0: expected 1 to 16777216", { protocol: "http", size: 0 }],
  ["--count 1.5: expected a whole number", { ...udp, count: 1.5 }],
  ["--connections 0: expected 1 to 10000", { ...udp, connections: 0 }],
  ["--duration 0: expected more than 0", { ...udp, duration: 0 }],
  [
    "--in-flight requires --rate max on tcp, udp, websocket or tls; otherwise the connections are the limit",
    { ...udp, inFlight: 5 },
  ],
  [
    "--control http://…@x:1: a user name in a URL is not supported",
    { protocol: "udp", control: "http://u:secret@x:1" },
  ],
  ["--mode does not apply to http", { protocol: "http", mode: "plain" }],
  ["--stages and --rate exclude each other", { ...udp, stages: STAGES, rate: 5 }],
  ["--stages and --duration exclude each other", { ...udp, stages: STAGES, duration: 5 }],
  ["--stages: at least one stage must have a rate above 0", { ...udp, stages: [{ from: 0, to: 0, seconds: 1 }] }],
  ["--arrival poisson requires a rate", { ...udp, rate: "max", arrival: "poisson" }],
  ["-4 and the IPv6 address ::1 exclude each other", { ...udp, target: "::1", family: 4 }],
  ["--control a b: expected host:port or a URL", { ...udp, control: "a b" }],
  ["--streams requires http2 or http3; the connections of https have no streams", { protocol: "https", streams: 2 }],
  ["--streams 0: expected 1 to 10000", { protocol: "http3", streams: 0 }],
  ["--slo fast: expected an objective such as", { ...udp, objectives: ["fast"] }],
])("%s", (message, options) => {
  expect(() => planRun(options)).toThrow(message);
});

test("the waiting time is two timeouts and at least 1 s after the timeout, or as given", () => {
  const waitMs = (options: object) => planRun({ protocol: "udp", ...options }).waitMs;
  expect([{}, { timeout: 0.1 }, { timeout: 3 }, { timeout: 0.1, wait: 0.1 }].map(waitMs)).toEqual([
    4000, 1100, 6000, 100,
  ]);
  expect(() => waitMs({ timeout: 2, wait: 1 })).toThrow("--wait 1: expected at least --timeout, which is 2 s");
  expect(() => waitMs({ wait: 0 })).toThrow("--wait 0: expected 0.001 to 3600 s");
});
