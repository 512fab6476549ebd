/** The routes that are not traffic: what they tell, what they change, who may, and one line for each error. */
import { describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { exchange, setFaults, trafficOf, udpStamp } from "../support/clients.ts";
import { openHttp } from "../support/http.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { rejected, scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";

const TOKEN = "0123456789abcdef";
/** An address of this machine that is not the loopback's: who comes from there is somebody else to the lab. */
const ELSEWHERE = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
if (!ELSEWHERE) console.warn("SKIPPED: this machine has only its loopback address, so nobody can ask from elsewhere");

async function ask(url: string, init: RequestInit = {}) {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}
const put = (body: string, headers: Record<string, string> = {}): RequestInit => ({ method: "PUT", body, headers });
const JSON_TYPE = { "content-type": "application/json" };

describe("health", () => {
  test("alive and ready, each in one look", async () => {
    await using lab = await startTestLab();
    expect((await ask(urlOf(lab, "/healthz"))).json()).toEqual({ status: "alive" });
    const ready = await ask(urlOf(lab, "/readyz"));
    expect([ready.status, ready.json()]).toEqual([200, { status: "ready", http: true, tcp: true, udp: true }]);
  });

  test("not ready while it stops, but still alive to whoever is connected", async () => {
    await using lab = await startTestLab({
      impair: { http: {}, tcp: {}, udp: { delay: { kind: "fixed", ms: 600 } } },
    });
    using connection = await openHttp(lab.ports.http);
    const healthz = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    expect((await connection.ask(healthz)).status).toBe(200);
    await using client = await udpStamp.connect(lab);
    await client.send(0);
    await until(async () => (await trafficOf(lab, "udp")).packets === 1, "an answer in flight");
    const stopped = lab.stop();
    const { status, body } = await connection.ask(healthz);
    if (!connection.ended) {
      expect(status).toBe(503);
      expect(JSON.parse(body)).toEqual({ status: "not ready", http: false, tcp: false, udp: false });
    }
    await stopped;
    await until(() => client.replies.length === 1, "the answer that was in flight");
  });

  test("none of these is a packet", async () => {
    await using lab = await startTestLab();
    for (const path of ["/healthz", "/readyz", "/metrics", "/impairments", "/sessions/1", "/swagger/json"]) {
      expect((await ask(urlOf(lab, path))).status).toBe(200);
    }
    const { packets, answered, receivedBytes } = await trafficOf(lab, "http");
    expect([packets, answered, receivedBytes]).toEqual([0, 0, 0]);
  });
});

describe("faults", () => {
  test("are told, set by text, by JSON, by preset, and taken away", async () => {
    await using lab = await startTestLab();
    const all = urlOf(lab, "/impairments");
    expect((await ask(all)).json()).toEqual({
      text: "none",
      impairments: { http: {}, tcp: {}, udp: {} },
      presets: ["none", "classroom"],
    });
    expect((await ask(all, put("udp:drop=0.1/0.2;tcp:reset=0.5"))).json().text).toBe("tcp:reset=0.5;udp:drop=0.1/0.2");
    expect((await ask(all, put("classroom"))).json().text).toBe(
      "http:drop=0.2,delay=uniform(0,1500);tcp:drop=0.2;udp:drop=0.2",
    );
    const faults = { drop: { up: 0.25, down: 0 }, delay: { kind: "uniform", minMs: 0, maxMs: 5 } };
    const set = await ask(`${all}/udp`, put(JSON.stringify(faults), JSON_TYPE));
    expect(set.json()).toEqual({ text: "drop=0.25,delay=uniform(0,5)", faults });
    expect((await ask(`${all}/udp`, put("drop=0.5", { "content-type": "text/plain" }))).json().text).toBe("drop=0.5");
    expect((await ask(`${all}/udp`)).json().text).toBe("drop=0.5");
    expect((await ask(`${all}/udp`, { method: "DELETE" })).json()).toEqual({ text: "none", faults: {} });
    expect((await ask(`${all}/tcp`)).json().text).toBe("drop=0.2");
    expect((await ask(all, { method: "DELETE" })).json().text).toBe("none");
    const changes = await scrape(lab);
    for (const [protocol, count] of [
      ["http", 3],
      ["tcp", 3],
      ["udp", 6],
    ] as const) {
      expect(changes.get("wirelab_impairment_changes_total", { protocol })).toBe(count);
    }
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
      '"chaos" is no protocol with faults at character 1; allowed: http:…, tcp:…, udp:…, or none, classroom',
    ],
    [
      "/impairments",
      "constructor",
      '"constructor" is no protocol with faults at character 1; allowed: http:…, tcp:…, udp:…, or none, classroom',
    ],
    ["/impairments/udp", "drop=2", '"2" is no value for drop at character 6; allowed: P or UP/DOWN, each from 0 to 1'],
  ])("PUT %s %s is refused with the place and what is allowed", async (path, text, error) => {
    await using lab = await startTestLab();
    const answer = await ask(urlOf(lab, path), put(text, { "content-type": "text/plain" }));
    expect([answer.status, answer.json().error]).toEqual([400, error]);
    expect(answer.json()).toHaveProperty("position");
    expect(answer.json()).toHaveProperty("allowed");
    expect(await rejected(lab, "http", "bad-request")).toBe(1);
    expect((await ask(urlOf(lab, "/impairments"))).json().text).toBe("none");
  });

  test.each([
    ["not JSON", "{drop}", "the body is not JSON"],
    ["an unknown kind", '{"drp":0.1}', "drp: no such field; allowed: drop, burst, delay, duplicate, reorder, corrupt"],
    [
      "another protocol's kind",
      '{"reset":0.1}',
      "reset: no such field; allowed: drop, burst, delay, duplicate, reorder, corrupt",
    ],
    ["too likely", '{"duplicate":1.5}', "duplicate: not allowed; allowed: a number from 0 to 1"],
    ["a negative delay", '{"delay":{"kind":"fixed","ms":-1}}', "delay: not allowed; allowed: {"],
    ["a delay that ends before it begins", '{"delay":{"kind":"uniform","minMs":5,"maxMs":1}}', "delay.minMs 5 is over"],
    ["a list", "[]", "the body: not allowed; allowed: {"],
    ["nothing at all", "null", "the body: not allowed; allowed: {"],
    ["a prototype", '{"__proto__":{"drop":1}}', "__proto__: no such field; allowed: drop, "],
  ])("a JSON body that is %s is refused in one line", async (_, body, error) => {
    await using lab = await startTestLab();
    const answer = await ask(urlOf(lab, "/impairments/udp"), put(body, JSON_TYPE));
    expect(answer.status).toBe(400);
    expect(answer.json().error).toStartWith(error);
    expect(answer.text).not.toContain("\n");
    expect((await ask(urlOf(lab, "/impairments/udp"))).json().text).toBe("none");
  });
});

describe("who may change them", () => {
  const changes = [
    ["PUT", "/impairments", "udp:drop=1", {}],
    ["PUT", "/impairments/udp", '{"drop":{"up":1,"down":0}}', JSON_TYPE],
    ["PUT", "/impairments/udp", "drop=1", { "content-type": "text/plain" }],
    ["PUT", "/impairments/udp", "reorder=1", { "content-type": "application/x-www-form-urlencoded" }],
    ["PUT", "/impairments/udp", "{}", {}],
    ["DELETE", "/impairments", undefined, {}],
    ["DELETE", "/impairments/udp", undefined, {}],
  ] as const;

  test.each(changes)("%s %s %s: not a page of another site, nor by another name", async (method, path, body, type) => {
    await using lab = await startTestLab({ impair: { http: {}, tcp: {}, udp: { drop: { up: 0.5, down: 0 } } } });
    for (const header of [{ origin: "http://evil.example" }, { origin: "null" }, { host: "evil.example" }]) {
      const answer = await ask(urlOf(lab, path), { method, headers: { ...type, ...header }, ...(body && { body }) });
      expect(answer.status).toBe(403);
      expect(Object.keys(answer.json())).toEqual(["error"]);
    }
    expect(await rejected(lab, "http", "forbidden")).toBe(3);
    expect((await ask(urlOf(lab, "/impairments"))).json().text).toBe("udp:drop=0.5");
  });

  test.skipIf(!ELSEWHERE)("from elsewhere: nobody without a token set, and whoever shows it where one is", async () => {
    for (const token of [undefined, TOKEN]) {
      await using lab = await startTestLab({ host: "0.0.0.0", token });
      const base = `http://${ELSEWHERE}:${lab.ports.http}`;
      for (const [method, path, body, type] of changes) {
        const send = (headers: Record<string, string>) =>
          ask(base + path, { method, headers: { ...type, ...headers }, ...(body && { body }) });
        const refused = await send({});
        expect(refused.status).toBe(token ? 401 : 403);
        expect(refused.headers.get("www-authenticate")).toBe(token ? "Bearer" : null);
        expect((await send({ authorization: `Bearer ${TOKEN}x` })).status).toBe(token ? 401 : 403);
        expect((await ask(`${base}/impairments`)).json().text).toBe("none");
      }
      const shown = await ask(`${base}/impairments`, put("udp:drop=1", { authorization: `Bearer ${TOKEN}` }));
      expect(shown.status).toBe(token ? 200 : 403);
      expect(await rejected(lab, "http", "forbidden")).toBe(token ? 14 : 15);
    }
  });

  test.skipIf(!ELSEWHERE)("from elsewhere, a refused body is not waited for", async () => {
    await using lab = await startTestLab({ host: "0.0.0.0" });
    using connection = await openHttp(lab.ports.http, ELSEWHERE);
    const head = `PUT /impairments/udp HTTP/1.1\r\nHost: ${ELSEWHERE}\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{`;
    expect((await connection.ask(head)).status).toBe(403);
  });
});

describe("sessions", () => {
  test("tell what the reflector knows, to the packet", async () => {
    await using lab = await startTestLab({ impair: { http: {}, tcp: {}, udp: { drop: { up: 0.3, down: 0.3 } } } });
    await using client = await udpStamp.connect(lab);
    const traffic = await exchange(lab, udpStamp, client, 50);
    await client.send(49);
    await until(async () => (await trafficOf(lab, "udp")).packets === 51, "the copy");
    const { ssid, sessions } = (await ask(urlOf(lab, "/sessions/7"))).json();
    expect([ssid, sessions.length]).toEqual([7, 1]);
    const [session] = sessions;
    expect(session.received).toEqual({ unique: 50, duplicate: 1 });
    expect(session.dropped.up).toBe(50 - session.handled);
    expect(session.handled).toBe(session.answered + session.dropped.down);
    expect(session.answered).toBeGreaterThanOrEqual(traffic.answered);
    expect(Date.parse(session.lastAt)).toBeGreaterThanOrEqual(Date.parse(session.firstAt));
    expect((await ask(urlOf(lab, "/sessions/8"))).json()).toEqual({ ssid: 8, sessions: [] });
  });

  test.skipIf(!ELSEWHERE)("of others are shown only to one who may change the faults", async () => {
    await using lab = await startTestLab({ host: "0.0.0.0", token: TOKEN });
    await using here = await udpStamp.connect(lab, "127.0.0.1");
    await using there = await udpStamp.connect(lab, ELSEWHERE);
    await here.send(0);
    await there.send(0);
    await until(async () => (await trafficOf(lab, "udp")).answered === 2, "both answered");
    const sources = async (base: string, headers = {}) =>
      (await ask(`${base}:${lab.ports.http}/sessions/7`, { headers }))
        .json()
        .sessions.map(({ source }: { source: string }) => source.split(":")[0]);
    const elsewhere = `http://${ELSEWHERE}`;
    expect(await sources(elsewhere)).toEqual([ELSEWHERE]);
    expect(await sources(elsewhere, { authorization: `Bearer ${TOKEN}` })).toEqual(["127.0.0.1", ELSEWHERE]);
    expect(await sources("http://127.0.0.1")).toEqual(["127.0.0.1", ELSEWHERE]);
  });

  test.each(["65536", "-1", "1.5", "abc", "%ff", "1e3", "99999999999999999999"])(
    "%s is no session id",
    async (ssid) => {
      await using lab = await startTestLab();
      const answer = await ask(urlOf(lab, `/sessions/${ssid}`));
      const shown = ssid === "%ff" ? "\ufffd" : ssid;
      expect([answer.status, answer.json()]).toEqual([400, { error: `ssid ${shown}: allowed are 0 to 65535` }]);
    },
  );
});

describe("routes that do not exist", () => {
  test.each([
    ["GET", "/no/such?x=1#y"],
    ["POST", "/healthz"],
    ["PUT", "/"],
    ["DELETE", "/metrics"],
    ["POST", "/impairments"],
    ["PUT", "/impairments/quic"],
    ["GET", `/${"a".repeat(5000)}`],
  ])("%s %s: 404 in one short line", async (method, path) => {
    await using lab = await startTestLab();
    const answer = await ask(urlOf(lab, path), { method });
    const shown = path.replace(/[?#].*/, "");
    const cut = shown.length > 200 ? `${shown.slice(0, 200)}…` : shown;
    expect([answer.status, answer.json()]).toEqual([404, { error: `no route ${method} ${cut}; all are at /swagger` }]);
    expect(await rejected(lab, "http", "not-found")).toBe(1);
  });
});

test("a change of faults is heard by the next packet on every route to them", async () => {
  await using lab = await startTestLab();
  await setFaults(lab, "http", { status: { code: 418, probability: 1 } });
  expect((await ask(urlOf(lab, "/"), { method: "POST", body: "{}" })).status).toBe(418);
  expect((await ask(urlOf(lab, "/healthz"))).status).toBe(200);
});
