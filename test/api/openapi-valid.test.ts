/** The API description is OpenAPI 3.0.3, by two independent validators. */
import { expect, test } from "bun:test";
import SwaggerParser from "@apidevtools/swagger-parser";
import { Validator } from "@seriousme/openapi-schema-validator";
import { startTestLab, urlOf } from "../support/lab.ts";

/** The names of the validators that refuse a description. Each gets a copy, because one of them changes it. */
async function refusedBy(document: object): Promise<readonly string[]> {
  const { valid } = await new Validator().validate({ ...structuredClone(document) });
  const parsed = await SwaggerParser.validate(structuredClone(document) as never).then(
    () => true,
    () => false,
  );
  return [valid ? [] : ["openapi-schema-validator"], parsed ? [] : ["swagger-parser"]].flat();
}

test("the API description is valid OpenAPI 3.0.3 by two validators, which refuse what 3.0 does not have", async () => {
  await using lab = await startTestLab();
  const document = await (await fetch(urlOf(lab, "/swagger/json"))).json();
  expect(document.openapi).toBe("3.0.3");
  expect(await refusedBy(document)).toEqual([]);
  for (const schema of [{ type: "undefined" }, { const: "udp" }, { type: ["string", "null"] }]) {
    const changed = structuredClone(document);
    changed.components.schemas.Error.properties.error = schema;
    expect(await refusedBy(changed)).toEqual(["openapi-schema-validator", "swagger-parser"]);
  }
});
