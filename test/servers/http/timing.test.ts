import { expect, test } from "bun:test";
import { TimedHeaders } from "../../../src/servers/http/timing.ts";

const JSON_TYPE = "application/json";

function fieldsOf(headers: Headers | Record<string, string>): Record<string, string> {
  return Object.fromEntries(new Headers(headers));
}

test("has the time in ms with three digits, and the type if there is one", () => {
  const headers = new TimedHeaders([undefined, JSON_TYPE], undefined);
  expect(fieldsOf(headers.of(undefined, 0.0414))).toEqual({ "server-timing": "app;dur=0.041" });
  expect(fieldsOf(headers.of(JSON_TYPE, 0.0416))).toEqual({
    "server-timing": "app;dur=0.042",
    "content-type": JSON_TYPE,
  });
  expect(fieldsOf(headers.of(JSON_TYPE, 1234.5))).toEqual({
    "server-timing": "app;dur=1234.500",
    "content-type": JSON_TYPE,
  });
});

test("shares headers below 1 ms among responses of a type that the lab sends, and no others", () => {
  const headers = new TimedHeaders([undefined, JSON_TYPE], undefined);
  const shared = headers.of(JSON_TYPE, 0.0101);
  expect(headers.of(JSON_TYPE, 0.0099)).toBe(shared);
  expect(headers.of(undefined, 0.01)).not.toBe(shared);
  expect(headers.of("text/x-1", 0.01)).not.toBe(headers.of("text/x-1", 0.01)); // a type of the client
  expect(headers.of(JSON_TYPE, 1)).not.toBe(headers.of(JSON_TYPE, 1));
});

test("a response keeps its own copy of shared headers", () => {
  const headers = new TimedHeaders([undefined], undefined);
  new Response(null, { headers: headers.of(undefined, 0.02) }).headers.set("server-timing", "changed");
  expect(fieldsOf(headers.of(undefined, 0.02))).toEqual({ "server-timing": "app;dur=0.020" });
});
