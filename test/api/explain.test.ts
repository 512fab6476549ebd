/** What a refused body is told: the field, and what is allowed there. */
import { describe, expect, test } from "bun:test";
import { expected } from "../../src/api/explain.ts";
import { startLab } from "../../src/index.ts";

const FREE = { httpPort: 0, tcpPort: 0, udpPort: 0 };

describe("a refused object of faults", () => {
  test.each([
    ['{"drp":1}', "drp", "drop, burst, delay, duplicate, reorder, corrupt"],
    ['{"drop":{"up":2,"down":0}}', "drop.up", "a number from 0 to 1"],
    ["[1]", "", "{ drop, burst, delay, duplicate, reorder, corrupt }"],
  ])("%s", async (body, field, allowed) => {
    await using lab = await startLab(FREE);
    const url = `http://127.0.0.1:${lab.ports.http}/impairments/udp`;
    const response = await fetch(url, { method: "PUT", headers: { "content-type": "application/json" }, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ field, allowed });
  });

  test("a kind of delay that there is not names those that there are", async () => {
    await using lab = await startLab(FREE);
    const url = `http://127.0.0.1:${lab.ports.http}/impairments/tcp`;
    const body = JSON.stringify({ delay: { kind: "gamma" } });
    const response = await fetch(url, { method: "PUT", headers: { "content-type": "application/json" }, body });
    const { error } = await response.json();
    expect(error).toStartWith(
      'delay: not allowed; allowed: { kind: "fixed", ms } or { kind: "uniform", minMs, maxMs }',
    );
  });
});

describe("a schema in words", () => {
  test.each([
    [{ type: "integer", minimum: 400, maximum: 599 }, "an integer from 400 to 599"],
    [{ type: "number", minimum: 0 }, "a number from 0"],
    [{ type: "string" }, "a string"],
    [{ const: "fixed" }, '"fixed"'],
    [{ anyOf: [{ const: 1 }, { type: "string" }] }, "1 or a string"],
  ])("%j", (schema, words) => expect(expected(schema)).toBe(words));
});

test("a session id that is none is refused and counted", async () => {
  await using lab = await startLab(FREE);
  const base = `http://127.0.0.1:${lab.ports.http}`;
  for (const ssid of ["abc", "65536", "-1"]) {
    const response = await fetch(`${base}/sessions/${ssid}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: `ssid ${ssid}: allowed are 0 to 65535` });
  }
  const metrics = await (await fetch(`${base}/metrics`)).text();
  expect(metrics).toContain('wirelab_rejected_total{protocol="http",reason="bad-request"} 3');
});
