/** The line for a body that a schema refuses: the field, and the values that it allows. */
import { describe, expect, test } from "bun:test";
import { allowedBy } from "../../src/api/validation-error.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { JSON_TYPE, put, request } from "./support.ts";

describe("a body of faults", () => {
  test.each([
    ['{"drp":1}', "drp", "drop, burst, delay, duplicate, reorder, corrupt"],
    ['{"drop":{"up":2,"down":0}}', "drop.up", "a number from 0 to 1"],
    ['{"delay":{"kind":"fixed","ms":-1}}', "delay.ms", "a number from 0 to 60000"],
    ['{"delay":{"kind":"normal","meanMs":1}}', "delay.stddevMs", "a number from 0 to 60000"],
    ['{"delay":{"kind":"fixed","ms":1,"max":2}}', "delay.max", "kind, ms"],
    [
      '{"delay":"long"}',
      "delay",
      'an object whose kind is "fixed" or "uniform" or "normal" or "pareto" or { up, down }',
    ],
    ['{"delay":{"up":-1}}', "delay.up.ms", "a number from 0 to 60000"],
    ['{"delay":{"up":20,"down":{"kind":"normal","meanMs":1}}}', "delay.down.stddevMs", "a number from 0 to 60000"],
    ['{"delay":{"up":20,"sideways":1}}', "delay.sideways", "up, down"],
    ['{"delay":{"down":"long"}}', "delay.down", 'an object whose kind is "fixed" or "uniform" or "normal" or "pareto"'],
    ['{"reorder":{"up":2}}', "reorder.up", "a number from 0 to 1"],
    ['{"corrupt":{"up":0.1,"sideways":0.1}}', "corrupt.sideways", "up, down"],
    ['{"corrupt":2}', "corrupt", "a number from 0 to 1 or { up, down }"],
    ['{"delay":{}}', "delay.kind", '"fixed" or "uniform" or "normal" or "pareto"'],
    ["[1]", "", "{ drop, burst, delay, duplicate, reorder, corrupt }"],
  ])("%s is refused with its field and the allowed values", async (body, field, allowed) => {
    await using lab = await startTestLab();
    const response = await request(urlOf(lab, "/impairments/udp"), put(body, JSON_TYPE));
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({ field, allowed });
  });

  test("with an unknown kind of delay is refused with the list of kinds", async () => {
    await using lab = await startTestLab();
    const body = JSON.stringify({ delay: { kind: "gamma" } });
    const { error } = (await request(urlOf(lab, "/impairments/tcp"), put(body, JSON_TYPE))).json();
    expect(error).toBe('delay.kind: not allowed; allowed: "fixed" or "uniform" or "normal" or "pareto"');
  });
});

describe("a schema in words", () => {
  test.each([
    [{ type: "integer", minimum: 400, maximum: 599 }, "an integer from 400 to 599"],
    [{ type: "number", minimum: 0 }, "a number from 0"],
    [{ type: "string" }, "a string"],
    [{ const: "fixed" }, '"fixed"'],
    [{ anyOf: [{ const: 1 }, { type: "string" }] }, "1 or a string"],
  ])("%j", (schema, words) => expect(allowedBy(schema)).toBe(words));
});

test("a list of names is allowed by that word, without naming them once more", () => {
  const names = { anyOf: [{ const: "a" }, { const: "b" }] };
  expect(allowedBy({ anyOf: [names, { type: "array", items: names }] })).toBe('"a" or "b" or a list of these names');
});
