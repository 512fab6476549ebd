import { expect, test } from "bun:test";
import { release } from "node:os";
import { version } from "../../../package.json";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { reportedPlan, senderHost } from "../../../src/load/report/origin.ts";

test("a report has the whole plan, with its defaults", () => {
  expect(reportedPlan(planRun({ protocol: "udp", target: "10.0.0.1", seed: 7, timeout: 0.2 }))).toEqual({
    protocol: "udp",
    target: "10.0.0.1:7000",
    control: "http://10.0.0.1:5000/",
    mode: "stamp",
    rate: 100,
    arrival: "constant",
    stages: null,
    seconds: 10,
    count: null,
    warmupSeconds: 0,
    connections: 1,
    onDemand: false,
    inFlight: null,
    size: 64,
    timeoutSeconds: 0.2,
    waitSeconds: 1.2,
    family: null,
    seed: 7,
    http: null,
  });
});

test("stages, closed loops and runs without an end are JSON", () => {
  const stages = [{ from: 0, to: 100, seconds: 5 }];
  const ramp = reportedPlan(planRun({ protocol: "http", target: "http://h/x", control: false, stages, family: 6 }));
  expect(ramp).toMatchObject({ rate: null, stages, seconds: 5, mode: null, control: null, family: 6 });
  const closed = reportedPlan(planRun({ protocol: "tcp", rate: "max", count: 9, inFlight: 40, mode: "stamp" }));
  expect(closed).toMatchObject({ rate: "max", stages: null, seconds: null, count: 9, inFlight: 40, connections: 32 });
  expect(JSON.parse(JSON.stringify(closed))).toEqual(closed);
  const streams = reportedPlan(planRun({ protocol: "http2", rate: "max" }));
  expect(streams).toMatchObject({ connections: 1, streams: 32, inFlight: 32, tls: { verify: true, ca: null } });
  expect(reportedPlan(planRun({ protocol: "websocket" }))).toMatchObject({ mode: "stamp", http: null });
  const plain = reportedPlan(planRun({ protocol: "tcp", mode: "plain", wait: 9 }));
  expect(plain).toMatchObject({ mode: "plain", waitSeconds: 9 });
});

test("header fields and bodies, which may be secret, are not in the plan", () => {
  const http = { headers: [["authorization", "Bearer s3cret"]], body: "s3cret" } as const;
  const plan = reportedPlan(planRun({ protocol: "http", http }));
  expect(JSON.stringify(plan)).not.toContain("s3cret");
  expect(plan.http).toEqual({ method: null, keepAlive: true, verify: true, withheld: ["header", "body"] });
  expect(plan.onDemand).toBe(true);
});

test("a report names the sender's versions and machine", () => {
  expect(senderHost()).toMatchObject({ wirelab: version, bun: Bun.version, kernel: release() });
  expect(senderHost().cpus).toBeGreaterThan(0);
});
