/** The JSON form of a path's faults: what its schema allows is accepted over HTTP, and its text does the same. */
import { describe, expect, test } from "bun:test";
import { LINK_BODIES, LINK_EXAMPLES } from "../../src/api/link-schema.ts";
import { openApiSchema } from "../../src/api/openapi.ts";
import { random } from "../../src/base/random.ts";
import { TRANSPORTS } from "../../src/faults/link-faults.ts";
import { printLinkFaults } from "../../src/faults/link-text.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { allowedValue, refusedValue, type Schema } from "./description.ts";
import { put, request } from "./support.ts";

const ROUNDS = 60;

/** No schema can say that one number is at least another. */
function withOrderedBounds(part: unknown): unknown {
  if (typeof part !== "object" || part === null) return part;
  if ("minMs" in part && "maxMs" in part) {
    const bounds = [Number(part.minMs), Number(part.maxMs)];
    return { ...part, minMs: Math.min(...bounds), maxMs: Math.max(...bounds) };
  }
  if ("bytes" in part && "variation" in part) {
    return { ...part, variation: Math.min(Number(part.variation), Number(part.bytes) - 1) };
  }
  return part;
}

describe.each(TRANSPORTS)("faults of a %s relay", (transport) => {
  const schema = openApiSchema(LINK_BODIES[transport]) as Schema; // what OpenAPI has of JSON Schema
  const relay = {
    name: "r",
    protocol: transport,
    listen: { host: "127.0.0.1", port: 0 },
    upstream: { host: "127.0.0.1", port: 9000 },
  };

  test("that the schema allows are accepted, and their text does the same", async () => {
    await using lab = await startTestLab({ relays: [relay] });
    const url = urlOf(lab, "/relays/r/impairments");
    const next = random(1, "bodies");
    for (let round = 0; round < ROUNDS; round++) {
      const body = JSON.stringify(allowedValue(schema, next), (_, part) => withOrderedBounds(part));
      const set = await request(url, put(body));
      expect([body, set.status]).toEqual([body, 200]);
      const again = await request(url, put(set.json().text));
      expect([body, again.status, again.json()]).toEqual([body, 200, set.json()]);
    }
  });

  test("that the schema refuses change nothing and are refused in one line", async () => {
    await using lab = await startTestLab({ relays: [relay] });
    const url = urlOf(lab, "/relays/r/impairments");
    await request(url, put("delay=7"));
    const next = random(2, "bodies");
    for (let round = 0; round < ROUNDS; round++) {
      const body = JSON.stringify(refusedValue(schema, next));
      const refused = await request(url, put(body));
      const place = /^[[{"]/.test(body) ? "field" : "position"; // other values of JSON are read as text
      expect([body, refused.status, Object.keys(refused.json())]).toEqual([body, 400, ["error", place, "allowed"]]);
      expect(refused.json().error).not.toContain("\n");
    }
    expect((await request(url)).json().text).toBe("delay=0/7");
  });

  test("have an example with every kind, whose text is the same as its JSON", async () => {
    await using lab = await startTestLab({ relays: [relay] });
    const faults = LINK_EXAMPLES[transport];
    const url = urlOf(lab, "/relays/r/impairments");
    const ofText = await request(url, put(printLinkFaults(transport, faults)));
    expect([ofText.status, ofText.json().faults]).toEqual([200, faults]);
    expect((await request(url, put(JSON.stringify(faults)))).json()).toEqual(ofText.json());
  });
});
