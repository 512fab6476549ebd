import { expect, test } from "bun:test";
import { describe, errorResponse, jsonResponse, pathParameter, schemaOf } from "../../src/api/openapi.ts";

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
