/** `/impairments`: reading and changing faults, and who may change them. */
import { describe, expect, test } from "bun:test";
import { createLog } from "../../src/base/log.ts";
import { isSecure, PROTOCOLS, recordOf } from "../../src/base/protocol.ts";
import { KINDS_OF } from "../../src/faults/faults.ts";
import { parseImpairments } from "../../src/faults/text.ts";
import { setFaults } from "../support/clients.ts";
import { openHttp } from "../support/http.ts";
import { SERVED_WITHOUT_TLS, startTestLab, urlOf } from "../support/lab.ts";
import { rejected, scrape } from "../support/scrape.ts";
import { EXTERNAL, JSON_TYPE, put, request, TEXT_TYPE, TOKEN } from "./support.ts";

const PROTOCOL_FORMS = SERVED_WITHOUT_TLS.map((protocol) => `${protocol}:…`).join(", ");
const UDP_DROP = { http: {}, tcp: {}, udp: { drop: { up: 0.5, down: 0 } } };

describe("faults", () => {
  test("are read, set by text, JSON and preset, and removed; each change is counted", async () => {
    await using lab = await startTestLab();
    const all = urlOf(lab, "/impairments");
    expect((await request(all)).json()).toEqual({
      text: "none",
      impairments: recordOf(SERVED_WITHOUT_TLS, () => ({})),
      presets: ["none", "classroom"],
    });
    const set = async (text: string) => (await request(all, put(text))).json().text;
    expect(await set("udp:drop=0.1/0.2;tcp:reset=0.5")).toBe("tcp:reset=0.5;udp:drop=0.1/0.2");
    expect(await set("classroom")).toBe("http:drop=0.2,delay=uniform(0,1500);tcp:drop=0.2;udp:drop=0.2");
    const faults = { drop: { up: 0.25, down: 0 }, delay: { kind: "uniform", minMs: 0, maxMs: 5 } };
    const changed = await request(`${all}/udp`, put(JSON.stringify(faults), JSON_TYPE));
    expect(changed.json()).toEqual({ text: "drop=0.25,delay=uniform(0,5)", faults });
    expect((await request(`${all}/udp`, put("drop=0.5", TEXT_TYPE))).json().text).toBe("drop=0.5");
    expect((await request(`${all}/udp`)).json().text).toBe("drop=0.5");
    expect((await request(`${all}/udp`, { method: "DELETE" })).json()).toEqual({ text: "none", faults: {} });
    expect((await request(`${all}/tcp`)).json().text).toBe("drop=0.2");
    expect((await request(all, { method: "DELETE" })).json().text).toBe("none");
    const series = await scrape(lab);
    const changes = ["http", "tcp", "udp"].map((protocol) =>
      series.get("wirelab_impairment_changes_total", { protocol }),
    );
    expect(changes).toEqual([3, 3, 6]);
  });

  test("apply to the next packet, and not to control routes", async () => {
    await using lab = await startTestLab();
    await setFaults(lab, "http", { status: { code: 418, probability: 1 } });
    expect((await request(urlOf(lab, "/"), { method: "POST", body: "{}" })).status).toBe(418);
    expect((await request(urlOf(lab, "/healthz"))).status).toBe(200);
  });

  test.each([
    [
      "/impairments",
      "udp:drp=1",
      'udp has no fault "drp" at character 5; allowed: drop, burst, delay, duplicate, reorder, corrupt',
    ],
    [
      "/impairments",
      "chaos",
      `"chaos" is neither a protocol with faults nor a preset at character 1; allowed: ${PROTOCOL_FORMS}, or none, classroom`,
    ],
    [
      "/impairments",
      "constructor",
      `"constructor" is neither a protocol with faults nor a preset at character 1; allowed: ${PROTOCOL_FORMS}, or none, classroom`,
    ],
    [
      "/impairments/udp",
      "drop=2",
      '"2" is not a valid value for drop at character 6; allowed: P or UP/DOWN, each from 0 to 1, or 0% to 100%',
    ],
  ])("PUT %s %s is refused with the position and what is allowed", async (path, text, error) => {
    await using lab = await startTestLab();
    const response = await request(urlOf(lab, path), put(text, TEXT_TYPE));
    expect([response.status, response.json().error]).toEqual([400, error]);
    expect(response.json()).toHaveProperty("position");
    expect(response.json()).toHaveProperty("allowed");
    expect(await rejected(lab, "http", "bad-request")).toBe(1);
    expect((await request(urlOf(lab, "/impairments"))).json().text).toBe("none");
  });

  test.each([
    ["not JSON", "{drop}", "the body is not JSON"],
    ["an unknown kind", '{"drp":0.1}', "drp: no such field; allowed: drop, burst, delay, duplicate, reorder, corrupt"],
    [
      "another protocol's kind",
      '{"reset":0.1}',
      "reset: no such field; allowed: drop, burst, delay, duplicate, reorder, corrupt",
    ],
    [
      "a probability over 1",
      '{"duplicate":1.5}',
      "duplicate: not allowed; allowed: a number from 0 to 1 or { up, down }",
    ],
    [
      "a negative delay",
      '{"delay":{"kind":"fixed","ms":-1}}',
      "delay.ms: not allowed; allowed: a number from 0 to 60000",
    ],
    [
      "a uniform delay with its bounds exchanged",
      '{"delay":{"kind":"uniform","minMs":5,"maxMs":1}}',
      "delay.maxMs is not valid; allowed: a number from 5 to 60000",
    ],
    ["a list", "[]", "the body: not allowed; allowed: {"],
    ["a text without quotes", "null", 'udp has no fault "null" at character 1; allowed: drop, '],
    ["a number over 1 for drop", '{"drop":1.5}', "drop.up: not allowed; allowed: a number from 0 to 1"],
    ["a drop as text", '{"drop":"0.1"}', "drop: not allowed; allowed: {"],
    ["a prototype", '{"__proto__":{"drop":1}}', "__proto__: no such field; allowed: drop, "],
  ])("a JSON body that is %s is refused in one line", async (_, body, error) => {
    await using lab = await startTestLab();
    const response = await request(urlOf(lab, "/impairments/udp"), put(body, JSON_TYPE));
    expect(response.status).toBe(400);
    expect(response.json().error).toStartWith(error);
    expect(response.text).not.toContain("\n");
    expect((await request(urlOf(lab, "/impairments/udp"))).json().text).toBe("none");
  });
});

describe("the body of PUT", () => {
  test.each(["/impairments", ...SERVED_WITHOUT_TLS.map((protocol) => `/impairments/${protocol}`)])(
    "%s is refused in one line if it is empty, and changes nothing",
    async (path) => {
      await using lab = await startTestLab({ impair: UDP_DROP });
      for (const body of [undefined, "", " \n"]) {
        const response = await request(urlOf(lab, path), { method: "PUT", ...(body !== undefined && { body }) });
        const error = "the body is empty; allowed: faults as text or JSON, or none";
        expect([response.status, response.json()]).toEqual([400, { error }]);
      }
      expect((await request(urlOf(lab, "/impairments"))).json().text).toBe("udp:drop=0.5");
    },
  );

  test("is text or JSON, whatever its content type is, on every path", async () => {
    await using lab = await startTestLab();
    for (const type of [undefined, "text/plain", "application/json", "application/x-www-form-urlencoded", "a/b"]) {
      const send = async (path: string, body: string) => {
        const headers = type === undefined ? {} : { "content-type": type };
        // A body of octets has no content type of its own.
        return (await request(urlOf(lab, path), { method: "PUT", body: Buffer.from(body), headers })).json().text;
      };
      expect([type, await send("/impairments/udp", "drop=0.1")]).toEqual([type, "drop=0.1"]);
      expect([type, await send("/impairments/udp", '{"drop":0.2}')]).toEqual([type, "drop=0.2"]);
      expect([type, await send("/impairments", "tcp:drop=0.3")]).toEqual([type, "tcp:drop=0.3"]);
      expect([type, await send("/impairments", ' {"udp":{"drop":0.4}}')]).toEqual([type, "udp:drop=0.4"]);
    }
  });

  test("as JSON takes a number for every kind for which the text takes one, with the same effect", async () => {
    await using lab = await startTestLab();
    const numbers: string[] = [];
    for (const protocol of SERVED_WITHOUT_TLS) {
      const all = urlOf(lab, "/impairments");
      for (const kind of KINDS_OF[protocol]) {
        const text = await request(`${all}/${protocol}`, put(`${kind}=0.1`));
        const json = await request(`${all}/${protocol}`, put(JSON.stringify({ [kind]: 0.1 })));
        expect([kind, json.status]).toEqual([kind, text.status]);
        if (json.status !== 200) continue;
        expect(json.json()).toEqual(text.json());
        const both = await request(all, put(JSON.stringify({ [protocol]: { [kind]: 0.1 } })));
        expect(both.json().impairments[protocol]).toEqual(json.json().faults);
        numbers.push(kind);
      }
    }
    for (const kind of ["drop", "delay", "reset", "corrupt"]) expect(numbers).toContain(kind);
  });

  test("as JSON for all protocols names the protocol of a wrong field; protocols that it omits have no faults", async () => {
    await using lab = await startTestLab({ impair: UDP_DROP });
    const send = (value: object) => request(urlOf(lab, "/impairments"), put(JSON.stringify(value)));
    const fieldOf = async (value: object) => (await send(value)).json().field;
    expect(await fieldOf({ quic: {} })).toBe("quic");
    expect(await fieldOf({ udp: { drop: 2 } })).toBe("udp.drop.up");
    expect(await fieldOf({ tcp: { delay: { kind: "uniform", minMs: 5, maxMs: 1 } } })).toBe("tcp.delay.maxMs");
    expect((await send({ tcp: { delay: 20 } })).json().text).toBe("tcp:delay=20");
  });
});

describe("a protocol that the lab does not serve", () => {
  const others = PROTOCOLS.filter(isSecure);

  test.each(others)("%s has no faults: each path and body that names it is refused in one line", async (protocol) => {
    await using lab = await startTestLab({ impair: UDP_DROP });
    const all = urlOf(lab, "/impairments");
    const error = `${protocol} is not served by this lab; allowed: http, tcp, udp, websocket`;
    for (const method of ["GET", "PUT", "DELETE", "POST"]) {
      const response = await request(`${all}/${protocol}`, { method, ...(method === "PUT" && { body: "drop=0.1" }) });
      expect([method, response.status, response.json()]).toEqual([method, 404, { error }]);
    }
    const text = await request(all, put(`tcp:drop=0.1;${protocol}:drop=0.1`));
    const atCharacter = `${protocol} is not served by this lab at character 14; allowed: ${PROTOCOL_FORMS}, or none, classroom`;
    expect([text.status, text.json().error, text.json().position]).toEqual([400, atCharacter, 13]);
    const json = await request(all, put(JSON.stringify({ tcp: {}, [protocol]: { drop: 0.1 } })));
    expect([json.status, json.json()]).toEqual([400, { error, field: protocol, allowed: "http, tcp, udp, websocket" }]);
    expect((await request(all)).json().text).toBe("udp:drop=0.5");
  });

  test("is named in one warning at the start if it has faults, and is not in the answers", async () => {
    const lines: string[] = [];
    const log = createLog({ level: "warn", readable: false, sink: (line) => lines.push(JSON.parse(line).message) });
    const impair = parseImpairments("http3:drop=0.1;udp:drop=0.5;tls:drop=1");
    await using lab = await startTestLab({ impair, log });
    expect(lines).toEqual([
      "faults of http3, tls have no effect: not served by this lab; served: http, tcp, udp, websocket",
    ]);
    expect((await request(urlOf(lab, "/impairments"))).json()).toMatchObject({ text: "udp:drop=0.5" });
    await using quiet = await startTestLab({ impair: UDP_DROP, log });
    expect([lines.length, quiet.ports.udp > 0]).toEqual([1, true]);
  });
});

describe("a change of faults", () => {
  const changes = [
    ["PUT", "/impairments", "udp:drop=1", {}],
    ["PUT", "/impairments/udp", '{"drop":{"up":1,"down":0}}', JSON_TYPE],
    ["PUT", "/impairments/udp", "drop=1", TEXT_TYPE],
    ["PUT", "/impairments/udp", "reorder=1", { "content-type": "application/x-www-form-urlencoded" }],
    ["PUT", "/impairments/udp", "{}", {}],
    ["DELETE", "/impairments", undefined, {}],
    ["DELETE", "/impairments/udp", undefined, {}],
  ] as const;

  test.each(changes)("%s %s %s is refused with a foreign Origin or Host", async (method, path, body, type) => {
    await using lab = await startTestLab({ impair: UDP_DROP });
    for (const header of [{ origin: "http://evil.example" }, { origin: "null" }, { host: "evil.example" }]) {
      const init = { method, headers: { ...type, ...header }, ...(body && { body }) };
      const response = await request(urlOf(lab, path), init);
      expect(response.status).toBe(403);
      expect(Object.keys(response.json())).toEqual(["error"]);
    }
    expect(await rejected(lab, "http", "forbidden")).toBe(3);
    expect((await request(urlOf(lab, "/impairments"))).json().text).toBe("udp:drop=0.5");
  });

  test.skipIf(!EXTERNAL)(
    "from another address is refused without a configured token, and needs it with one",
    async () => {
      for (const token of [undefined, TOKEN]) {
        await using lab = await startTestLab({ host: "0.0.0.0", token });
        const base = `http://${EXTERNAL}:${lab.ports.http}`;
        for (const [method, path, body, type] of changes) {
          const send = (headers: Record<string, string>) =>
            request(base + path, { method, headers: { ...type, ...headers }, ...(body && { body }) });
          const refused = await send({});
          expect(refused.status).toBe(token ? 401 : 403);
          expect(refused.headers.get("www-authenticate")).toBe(token ? "Bearer" : null);
          expect((await send({ authorization: `Bearer ${TOKEN}x` })).status).toBe(token ? 401 : 403);
          expect((await request(`${base}/impairments`)).json().text).toBe("none");
        }
        const withToken = await request(`${base}/impairments`, put("udp:drop=1", { authorization: `Bearer ${TOKEN}` }));
        expect(withToken.status).toBe(token ? 200 : 403);
        expect(await rejected(lab, "http", "forbidden")).toBe(token ? 14 : 15);
      }
    },
  );

  test.skipIf(!EXTERNAL)("from another address is refused before its body has arrived", async () => {
    await using lab = await startTestLab({ host: "0.0.0.0" });
    using connection = await openHttp(lab.ports.http, EXTERNAL);
    const head = `PUT /impairments/udp HTTP/1.1\r\nHost: ${EXTERNAL}\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{`;
    expect((await connection.ask(head)).status).toBe(403);
  });
});
