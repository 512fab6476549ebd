/** Bodies of control requests whose numbers are text, out of range or not finite: refused, and nothing changes. */
import { describe, expect, test } from "bun:test";
import { getSchemaValidator } from "elysia";
import { FAULT_EXAMPLES, FAULT_SCHEMAS } from "../../src/api/faults-schema.ts";
import { requestSchema } from "../../src/api/run-request.ts";
import { PROTOCOLS } from "../../src/base/protocol.ts";
import type { Faults } from "../../src/faults/faults.ts";
import { ImpairmentError } from "../../src/faults/pieces.ts";
import { startLab } from "../../src/lab.ts";
import { DEFAULT_LIMITS } from "../../src/limits.ts";
import { UsageError } from "../../src/load/plan/errors.ts";
import { planRun } from "../../src/load/plan/run-plan.ts";
import { JSON_TYPE, put, request } from "../api/support.ts";
import { ALL_FREE_PORTS, FREE_PORTS, startTestLab, urlOf } from "../support/lab.ts";

type Json = { readonly [key: string]: unknown };

/** `body` with each of its numbers replaced, one at a time, by each of `values`. */
function mutations(body: Json, values: readonly unknown[]): Json[] {
  return Object.entries(body).flatMap(([key, value]) => {
    if (typeof value === "number") return values.map((wrong) => ({ ...body, [key]: wrong }));
    if (typeof value !== "object" || value === null) return [];
    return mutations(value as Json, values).map((inner) => ({ ...body, [key]: inner }));
  });
}

const WRONG = ["99999", "0.5", "500", "", "1e3", " 7", null, true, [1], {}, -1, 1e9, Number.POSITIVE_INFINITY];
/** JSON has no infinity, but a number that is read as one. */
const textOf = (body: Json) =>
  JSON.stringify(body, (_, value) => (value === Infinity ? "INF" : value)).replace('"INF"', "1e999");

const DELAYS = [
  { kind: "fixed", ms: 5 },
  { kind: "uniform", minMs: 1, maxMs: 5 },
  { kind: "normal", meanMs: 20, stddevMs: 5 },
  { kind: "pareto", scaleMs: 1, shape: 2 },
] as const;
const BURST = { up: { goodToBad: 0.1, badToGood: 0.5 }, down: { goodToBad: 0.1, badToGood: 0.5 } };
const bodiesOf = (protocol: (typeof PROTOCOLS)[number]): Faults[] =>
  DELAYS.map((delay) => ({ ...FAULT_EXAMPLES[protocol], burst: BURST, delay }));

test("a status in quotes does not change the faults, and the next request is answered", async () => {
  await using lab = await startTestLab();
  const body = '{"status":{"code":"99999","probability":1},"delay":{"kind":"fixed","ms":1}}';
  const response = await request(urlOf(lab, "/impairments/http"), put(body, JSON_TYPE));
  expect(response.status).toBe(400);
  expect(response.json().error).toBe("status.code: not allowed; allowed: an integer from 400 to 599");
  expect((await request(urlOf(lab, "/"), { method: "POST", body: "{}" })).status).toBe(200);
});

describe.each([...PROTOCOLS])("the faults of %s", (protocol) => {
  test("are refused by the API with any number replaced by text, or out of range", async () => {
    await using lab = await startTestLab(ALL_FREE_PORTS);
    const url = urlOf(lab, `/impairments/${protocol}`);
    const wrong = bodiesOf(protocol).flatMap((body) => mutations(body as Json, WRONG));
    expect(wrong.length).toBeGreaterThan(300);
    const statuses = new Set<number>();
    for (const body of new Set(wrong.map(textOf))) statuses.add((await request(url, put(body, JSON_TYPE))).status);
    expect([...statuses]).toEqual([400]);
    expect((await request(url)).json().faults).toEqual({});
  });

  test("are refused by the library too: a lab with them does not start", async () => {
    for (const body of bodiesOf(protocol)) {
      for (const wrong of mutations(body as Json, [...WRONG, Number.NaN])) {
        const options = { ...FREE_PORTS, impair: { [protocol]: wrong } };
        await expect(startLab(options)).rejects.toThrow(ImpairmentError);
      }
    }
  });
});

test("no schema of a request accepts text for a number", () => {
  const run = { protocol: "udp", rate: 10, seconds: 1, connections: 1, size: 64, timeout: 1, warmup: 1, seed: 1 };
  const cases = [
    [requestSchema(DEFAULT_LIMITS), run],
    ...PROTOCOLS.flatMap((protocol) => bodiesOf(protocol).map((body) => [FAULT_SCHEMAS[protocol], body] as const)),
  ] as const;
  for (const [schema, body] of cases) {
    const validator = getSchemaValidator(schema, { normalize: false });
    expect(validator.Check(body)).toBe(true);
    const accepted = mutations(body as Json, ["1", "500", "99999999999", "0.5", 1.5e300, Number.NaN]).filter((wrong) =>
      validator.Check(wrong),
    );
    expect(accepted).toEqual([]);
  }
});

test("no option of a load run accepts text for a number", () => {
  const options = {
    rate: 10,
    duration: 1,
    connections: 1,
    size: 64,
    timeout: 1,
    wait: 2,
    warmup: 1,
    seed: 1,
    interval: 1,
  };
  expect(() => planRun({ protocol: "udp", ...options })).not.toThrow();
  for (const wrong of mutations(options, ["1", "99999999999", "", [1], Number.NaN, Number.POSITIVE_INFINITY, -1])) {
    if (wrong.duration === Number.POSITIVE_INFINITY) continue; // a run without an end
    expect(() => planRun({ protocol: "udp", ...wrong })).toThrow(UsageError);
  }
});
