import { expect, test } from "bun:test";
import type { HttpOptions } from "../../../../src/load/plan/options.ts";
import { parseTarget } from "../../../../src/load/plan/target.ts";
import { jsonBody, requestBytes, requestFor } from "../../../../src/load/send/http/request.ts";

/** The request for a target, as text. */
function textFor(target: string, options: HttpOptions = {}): string {
  const endpoint = { ...parseTarget(target, "http"), address: "127.0.0.1", sameHost: true };
  return requestBytes(requestFor(endpoint, 20, options)).toString("latin1");
}

test("a POST has a JSON body of the size", () => {
  expect(textFor("lab:81", { method: "POST" })).toBe(
    'POST / HTTP/1.1\r\nHost: lab:81\r\nUser-Agent: wirelab-load\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"message":"Hello "}',
  );
});

test("without a method the request is GET without a body", () => {
  expect(textFor("https://lab/a?b")).toBe(
    "GET /a?b HTTP/1.1\r\nHost: lab\r\nUser-Agent: wirelab-load\r\nAccept: */*\r\n\r\n",
  );
});

test("given fields replace the default ones, and a given body is sent as it is", () => {
  const headers = [["host", "other"]] as const;
  expect(textFor("lab/x", { method: "PUT", headers, body: "x", keepAlive: false })).toBe(
    "PUT /x HTTP/1.1\r\nUser-Agent: wirelab-load\r\nAccept: */*\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 1\r\nhost: other\r\n\r\nx",
  );
});

test("a JSON body has the size, but at least the octets that JSON needs", () => {
  expect([0, 14, 15, 64].map((size) => jsonBody(size).length)).toEqual([14, 14, 15, 64]);
  for (const size of [0, 15, 64]) expect(() => JSON.parse(jsonBody(size).toString())).not.toThrow();
});
