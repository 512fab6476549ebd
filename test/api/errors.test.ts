/** Failed requests: one line, a status, and a count under its reason. */
import { describe, expect, test } from "bun:test";
import { ParseError } from "elysia";
import { BadRequestError, failureOf } from "../../src/api/errors.ts";
import { NotAllowedError } from "../../src/api/rights.ts";
import { FaultFieldError } from "../../src/faults/check.ts";
import { ImpairmentError } from "../../src/faults/pieces.ts";
import { openHttp } from "../support/http.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { rejected } from "../support/scrape.ts";
import { request } from "./support.ts";

describe("an error of a route", () => {
  test.each([
    ["NotAllowedError", new NotAllowedError(403, "no"), "forbidden", 403, { error: "no" }],
    ["BadRequestError", new BadRequestError("run x"), "bad-request", 400, { error: "run x" }],
    [
      "ImpairmentError",
      new ImpairmentError("a problem", 4, "something else"),
      "bad-request",
      400,
      { error: "a problem at character 5; allowed: something else", position: 4, allowed: "something else" },
    ],
    [
      "FaultFieldError",
      new FaultFieldError("delay.ms", "a problem", "something else"),
      "bad-request",
      400,
      { error: "a problem; allowed: something else", field: "delay.ms", allowed: "something else" },
    ],
    ["SyntaxError", new SyntaxError("Unexpected token"), "not-json", 400, { error: "the body is not JSON" }],
    ["ParseError", new ParseError(new SyntaxError("x")), "not-json", 400, { error: "the body is not JSON" }],
    ["Error", new Error("disk full"), "failed", 500, { error: "internal error; see the lab's log" }],
    ["string", "not an error", "failed", 500, { error: "internal error; see the lab's log" }],
  ])("%s has its reason, status and body", async (_, error, reason, status, body) => {
    const failure = failureOf(error, "UNKNOWN", new Request("http://127.0.0.1/runs"));
    expect<readonly unknown[]>([failure.reason, failure.response.status]).toEqual([reason, status]);
    expect(await failure.response.json()).toEqual(body);
  });

  test("of a missing token names the scheme that is required", () => {
    const failure = (status: 401 | 403) =>
      failureOf(new NotAllowedError(status, ""), "UNKNOWN", new Request("http://x/"));
    expect(failure(401).response.headers.get("www-authenticate")).toBe("Bearer");
    expect(failure(403).response.headers.get("www-authenticate")).toBeNull();
  });
});

describe("a route that does not exist", () => {
  test.each([
    ["GET", "/no/such?x=1#y"],
    ["GET", "/status/"],
    ["POST", "/runs/1/compare"],
    ["PUT", "/impairments/quic"],
    ["GET", `/${"a".repeat(5000)}`],
  ])("%s %s: 404 with one short line", async (method, path) => {
    await using lab = await startTestLab();
    const response = await request(urlOf(lab, path), { method });
    const withoutQuery = path.replace(/[?#].*/, "");
    const shown = withoutQuery.length > 200 ? `${withoutQuery.slice(0, 200)}…` : withoutQuery;
    const error = `no route ${method} ${shown}; see /swagger for all routes`;
    expect([response.status, response.json()]).toEqual([404, { error }]);
    expect(await rejected(lab, "http", "not-found")).toBe(1);
  });
});

describe("a route that has other methods", () => {
  test.each([
    ["POST", "/healthz?x=1", "GET, HEAD"],
    ["PUT", "/", "GET, HEAD, POST"],
    ["GET", "/echo", "POST"],
    ["DELETE", "/status/404", "GET, HEAD"],
    ["POST", "/impairments", "DELETE, GET, HEAD, PUT"],
    ["TRACE", "/runs/7", "DELETE, GET, HEAD"],
  ])("%s %s: 405 with the methods in Allow and in one line", async (method, path, allowed) => {
    await using lab = await startTestLab();
    const response = await askFor(lab.ports.http, method, path);
    const error = `no route ${method} ${path.replace(/\?.*/, "")}; allowed: ${allowed}`;
    expect([response.status, JSON.parse(response.body)]).toEqual([405, { error }]);
    expect(response.head).toMatch(new RegExp(`^allow: ${allowed}$`, "im"));
    expect(await rejected(lab, "http", "not-found")).toBe(1);
  });

  /** `fetch` sends no TRACE. */
  async function askFor(port: number, method: string, path: string) {
    using connection = await openHttp(port);
    return await connection.ask(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  }
});
