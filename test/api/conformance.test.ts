/**
 * Requests that are generated from the API description: every response has a status that is described and a body that its
 * schema allows; values that a schema allows are accepted, and others are refused in one line.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Random, random } from "../../src/base/random.ts";
import type { Lab } from "../../src/lab.ts";
import { RunStore } from "../../src/runs/kept/store.ts";
import { makeRun, newPath } from "../runs/support.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { allowedValue, descriptionOf, type Operation, refusedValue, type Schema } from "./description.ts";
import { JSON_TYPE } from "./support.ts";

const ROUNDS = 20;
/** Requests are sent without faults, and before the kept runs are deleted. */
const ORDER = ["GET", "POST", "PUT", "DELETE"];
/** A stream without an end, and the start of a run, which has a test of its own. */
const OMITTED = ["GET /live", "POST /runs"];

let lab: Lab;
let description: Awaited<ReturnType<typeof descriptionOf>>;
beforeAll(async () => {
  const { report, detail } = await makeRun();
  const data = newPath();
  using store = RunStore.open(data);
  for (const reports of [[report, { ...report, protocol: "tcp" as const }], [report]]) {
    store.save({ source: "command", reports, details: reports.map(() => detail) });
  }
  lab = await startTestLab({ data });
  description = await descriptionOf(lab);
});
afterAll(() => lab.stop());

const nameOf = ({ method, path }: Operation) => `${method} ${path}`;
const isFaults = ({ method, path }: Operation) => method === "PUT" && path.startsWith("/impairments");

/** A request to the path with these parameters; those that are left out have the values of the examples. */
async function send(operation: Operation, parameters: Readonly<Record<string, unknown>>, init: RequestInit = {}) {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const { example } = operation.parameters.find((parameter) => parameter.name === name) ?? {};
    return encodeURIComponent(String(parameters[name] ?? example) || "-"); // an empty segment is another path
  });
  return fetch(urlOf(lab, path), { method: operation.method, ...init });
}

/** In which ways the responses are not as described. */
async function problems(operation: Operation, responses: readonly Promise<Response>[]): Promise<readonly string[]> {
  const found = await Promise.all(responses.map(async (sent) => description.problemOf(operation, await sent)));
  return found.filter((problem) => problem !== undefined).map((problem) => `${nameOf(operation)}: ${problem}`);
}

describe("a response is as described", () => {
  test("to the requests of the examples, with values that the parameters allow, and with others", async () => {
    const next = random(1, "parameters");
    const sent = description.operations.filter((other) => !OMITTED.includes(nameOf(other)));
    for (const operation of sent.toSorted((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method))) {
      const [type, content] = Object.entries(operation.bodies)[0] ?? [];
      const body = typeof content?.example === "string" ? content.example : JSON.stringify(content?.example);
      const init = type === undefined ? {} : { body, headers: { "content-type": type } };
      const values = operation.parameters.map(({ name, schema }) => [
        { [name]: shortValue(operation, schema, next) },
        { [name]: refusedValue(schema, next) },
      ]);
      const requests = [{}, { id: 2 }, ...values.flat()].map((parameters) => send(operation, parameters, init));
      expect(await problems(operation, requests)).toEqual([]);
    }
  });

  test("while a run starts, lasts and ends", async () => {
    const named = (name: string) => {
      const operation = description.operations.find((other) => nameOf(other) === name);
      if (operation) return operation;
      throw new Error(`${name} is not described`);
    };
    const run = { protocol: "all", rate: 20, seconds: 0.3, timeout: 0.1, wait: 0.1 };
    const body = JSON.stringify(run);
    expect(
      await problems(named("POST /runs"), [
        send(named("POST /runs"), {}, { body }),
        send(named("POST /runs"), {}, { body }),
      ]),
    ).toEqual([]);
    const current = named("GET /runs/current");
    const isOver = async () => {
      const response = await send(current, {});
      expect(await description.problemOf(current, response.clone())).toBeUndefined();
      return (await response.json()).kept !== null;
    };
    await until(isOver, "the end of the run", 15_000);
    expect(await problems(named("GET /runs"), [send(named("GET /runs"), {})])).toEqual([]);
    expect(await problems(named("DELETE /runs/current"), [send(named("DELETE /runs/current"), {})])).toEqual([]);
  }, 20_000);

  /** A value that the schema allows; short delays only. */
  function shortValue({ path }: Operation, schema: Schema, next: Random): unknown {
    return allowedValue(path.startsWith("/delay") ? { ...schema, maximum: 0.01 } : schema, next);
  }

  test("if the path has other methods only: 405 with those methods", async () => {
    const byPath = Map.groupBy(description.operations, ({ path }) => path);
    for (const [path, operations] of byPath) {
      const [operation] = operations;
      if (!operation || path === "/live") continue;
      const methods = operations.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
      const response = await send({ ...operation, method: "PATCH" }, {});
      expect([path, response.status, response.headers.get("allow")]).toEqual([path, 405, methods.sort().join(", ")]);
      expect(Object.keys(await response.json())).toEqual(["error"]);
    }
  });
});

describe("a body of faults", () => {
  test.each([1, 2])("that the schema allows is accepted, and its text does the same (seed %d)", async (seed) => {
    const next = random(seed, "bodies");
    for (const operation of description.operations.filter(isFaults)) {
      for (let round = 0; round < ROUNDS; round++) {
        const value = allowedValue(operation.bodies["application/json"]?.schema ?? {}, next);
        const body = JSON.stringify(value, (_, part) => withOrderedBounds(part));
        const response = await send(operation, {}, { body, headers: JSON_TYPE });
        expect([body, await description.problemOf(operation, response.clone())]).toEqual([body, undefined]);
        const set = await response.json();
        const again = await send(operation, {}, { body: set.text, headers: { "content-type": "text/plain" } });
        expect([body, response.status, await again.json()]).toEqual([body, 200, set]);
      }
    }
  });

  /** No schema can say that one bound is above the other. */
  function withOrderedBounds(part: unknown): unknown {
    if (typeof part !== "object" || part === null || !("minMs" in part && "maxMs" in part)) return part;
    const bounds = [Number(part.minMs), Number(part.maxMs)];
    return { ...part, minMs: Math.min(...bounds), maxMs: Math.max(...bounds) };
  }

  test.each([1, 2])("that the schema refuses changes nothing and is refused in one line (seed %d)", async (seed) => {
    const next = random(seed, "wrong bodies");
    await fetch(urlOf(lab, "/impairments"), { method: "PUT", body: "udp:drop=0.5" });
    for (const operation of description.operations.filter(
      (other) => isFaults(other) || nameOf(other) === "POST /runs",
    )) {
      const schema = operation.bodies["application/json"]?.schema ?? {};
      const wrong = Array.from({ length: ROUNDS }, () => JSON.stringify(refusedValue(schema, next)));
      for (const body of [...wrong, "", " ", "{", "[", '"', "\0", "none,", "drop=0.1,drp", "null"]) {
        const response = await send(operation, {}, { body, headers: JSON_TYPE });
        const { status } = response;
        const copy = response.clone();
        expect([body, await description.problemOf(operation, response), status]).toEqual([body, undefined, 400]);
        expect((await copy.json()).error).not.toContain("\n");
      }
    }
    expect((await (await fetch(urlOf(lab, "/impairments"))).json()).text).toBe("udp:drop=0.5");
  });
});
