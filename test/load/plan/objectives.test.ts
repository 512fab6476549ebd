import { expect, test } from "bun:test";
import { parseObjective } from "../../../src/load/plan/objectives.ts";

test.each([
  ["p99<5ms", { subject: "p99", operator: "<", bound: 0.005 }],
  ["p95<=2ms", { subject: "p95", operator: "<=", bound: 0.002 }],
  [" P99.9 <= 2s ", { subject: "p999", operator: "<=", bound: 2 }],
  ["loss<0.1%", { subject: "loss", operator: "<", bound: 0.001 }],
  ["errors<50%", { subject: "errors", operator: "<", bound: 0.5 }],
  ["rate>=950/s", { subject: "rate", operator: ">=", bound: 950 }],
] as const)("%s is an objective", (text, expected) => {
  expect(parseObjective(text)).toEqual({ text, ...expected });
});

test.each([
  [
    "p98<5ms",
    "--slo p98<5ms: p98 is not one of p50, p90, p95, p99, p999, min, mean, max, jitter, loss, errors, late, rate",
  ],
  ["los<1%", "did you mean loss?"],
  ["p99<5", "expected a time such as 5ms, not 5"],
  ["loss<5ms", "expected a share with its unit, such as 0.1%, not 5ms"],
  ["loss<1", "--slo loss<1: expected a share with its unit, such as 0.1%, not 1"],
  ["loss<0.01", "expected a share with its unit, such as 0.1%, not 0.01"],
  ["errors<1", "expected a share with its unit, such as 0.1%, not 1"],
  ["late<=0", "expected a share with its unit, such as 0.1%, not 0"],
  ["rate>=fast", "expected packets a second, such as 950, not fast"],
  ["p99=5ms", "expected an objective such as p99<5ms, loss<0.1% or rate>=950"],
  ["fast", "expected an objective such as p99<5ms, loss<0.1% or rate>=950"],
])("%s is rejected", (text, message) => {
  expect(() => parseObjective(text)).toThrow(message);
});
