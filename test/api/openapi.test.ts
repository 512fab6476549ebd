import { expect, test } from "bun:test";
import {
  describe,
  errorResponse,
  jsonResponse,
  openApiSchema,
  pathParameter,
  schemaOf,
} from "../../src/api/openapi.ts";

test("the schema of an example has the types of its values, with every key required", () => {
  expect(schemaOf({ id: 1, ratio: 0.5, name: "x", open: true, lines: [{ sent: 2 }] })).toEqual({
    type: "object",
    required: ["id", "ratio", "name", "open", "lines"],
    properties: {
      id: { type: "integer" },
      ratio: { type: "number" },
      name: { type: "string" },
      open: { type: "boolean" },
      lines: {
        type: "array",
        items: { type: "object", required: ["sent"], properties: { sent: { type: "integer" } } },
      },
    },
  });
});

test("the schema of several examples has what all of them have: nulls, keys and items that only some have", () => {
  expect(
    schemaOf(
      { id: 1, p50: null, over: {}, runs: [] },
      { id: 2, p50: 0.5, over: { p99: 2 }, runs: [{ sent: 2 }], error: "x" },
    ),
  ).toEqual({
    type: "object",
    required: ["id", "p50", "over", "runs"],
    properties: {
      id: { type: "integer" },
      p50: { type: "number", nullable: true },
      over: { type: "object", properties: { p99: { type: "integer" } } },
      runs: { type: "array", items: { type: "object", required: ["sent"], properties: { sent: { type: "integer" } } } },
      error: { type: "string" },
    },
  });
  expect([schemaOf([]), schemaOf(null), schemaOf([1, 0.5])]).toEqual([
    { type: "array", items: {} },
    { nullable: true },
    { type: "array", items: { type: "number" } },
  ]);
});

test("a schema for OpenAPI 3.0 has no const, lists several as one enum, and has integers", () => {
  const protocol = {
    anyOf: [
      { const: "udp", type: "string" },
      { const: "tcp", type: "string" },
    ],
  };
  const shape = { properties: { kind: { const: "fixed", type: "string" } } };
  expect(
    openApiSchema({ properties: { protocol, delay: { anyOf: [{ type: "number", multipleOf: 1 }, shape] } } }),
  ).toEqual({
    properties: {
      protocol: { type: "string", enum: ["udp", "tcp"] },
      delay: { anyOf: [{ type: "integer" }, { properties: { kind: { type: "string", enum: ["fixed"] } } }] },
    },
  } as never); // the form has other keywords than the argument
});

test("a description has its tag, its summary, its responses and whatever else is given", () => {
  const parameters = [pathParameter("id", "The id", { type: "integer" }, 1)];
  expect(describe("runs", "A run", { 404: errorResponse("None", "no run 1") }, { parameters })).toEqual({
    tags: ["runs"],
    summary: "A run",
    parameters: [
      { name: "id", in: "path", required: true, description: "The id", schema: { type: "integer" }, example: 1 },
    ],
    responses: {
      404: jsonResponse("None", { error: "no run 1" }, { $ref: "#/components/schemas/Error" }),
    },
  });
});
