/** `/healthz`, `/readyz` and `/sessions/{ssid}`. */
import { describe, expect, test } from "bun:test";
import { recordOf } from "../../src/base/protocol.ts";
import { DEFAULT_LIMITS } from "../../src/limits.ts";
import { exchange, trafficOf, udpStamp } from "../support/clients.ts";
import { openHttp } from "../support/http.ts";
import { SERVED_WITHOUT_TLS, startTestLab, urlOf } from "../support/lab.ts";
import { rejected } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { EXTERNAL, request, TOKEN } from "./support.ts";

describe("health", () => {
  test("a lab that has started is alive and ready", async () => {
    await using lab = await startTestLab();
    expect((await request(urlOf(lab, "/healthz"))).json()).toEqual({ status: "alive" });
    const ready = await request(urlOf(lab, "/readyz"));
    expect([ready.status, ready.json()]).toEqual([
      200,
      { status: "ready", ...recordOf(SERVED_WITHOUT_TLS, () => true) },
    ]);
  });

  test("a lab that is stopping is not ready, but answers on open connections", async () => {
    await using lab = await startTestLab({
      impair: { http: {}, tcp: {}, udp: { delay: { kind: "fixed", ms: 600 } } },
    });
    using connection = await openHttp(lab.ports.http);
    const readyz = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    expect((await connection.ask(readyz)).status).toBe(200);
    await using client = await udpStamp.connect(lab);
    await client.send(0);
    await until(async () => (await trafficOf(lab, "udp")).packets === 1, "a delayed response");
    const stopped = lab.stop();
    const { status, body } = await connection.ask(readyz);
    if (!connection.ended) {
      expect(status).toBe(503);
      expect(JSON.parse(body)).toEqual({ status: "not ready", ...recordOf(SERVED_WITHOUT_TLS, () => false) });
    }
    await stopped;
    await until(() => client.replies.length === 1, "the delayed response");
  });
});

describe("session summaries", () => {
  test("count every packet, copy, drop and answer", async () => {
    await using lab = await startTestLab({ impair: { http: {}, tcp: {}, udp: { drop: { up: 0.3, down: 0.3 } } } });
    await using client = await udpStamp.connect(lab);
    const traffic = await exchange(lab, udpStamp, client, 50);
    await client.send(49);
    await until(async () => (await trafficOf(lab, "udp")).packets === 51, "the copy");
    const { ssid, sessions } = (await request(urlOf(lab, "/sessions/7"))).json();
    expect([ssid, sessions.length]).toEqual([7, 1]);
    const [session] = sessions;
    expect(session.received).toEqual({ unique: 50, duplicate: 1 });
    expect(session.dropped.up).toBe(50 - session.handled);
    expect(session.handled).toBe(session.answered + session.dropped.down);
    expect(session.answered).toBeGreaterThanOrEqual(traffic.answered);
    expect(Date.parse(session.lastAt)).toBeGreaterThanOrEqual(Date.parse(session.firstAt));
    expect((await request(urlOf(lab, "/sessions/8"))).json()).toMatchObject({ ssid: 8, sessions: [] });
  });

  test("names the lab's instance, the port on which the packets arrived, and the age of the session", async () => {
    const lab = await startTestLab({ stampPort: 0 });
    await using client = await udpStamp.connect(lab);
    await exchange(lab, udpStamp, client, 3);
    const read = async (of = lab) => (await request(urlOf(of, "/sessions/7"))).json();
    const first = await read();
    expect(first.instance).toMatch(/^[0-9a-f-]{36}$/);
    expect(Math.abs(Date.parse(first.startedAt) - Date.now())).toBeLessThan(60_000);
    expect(first.sessions[0]).toMatchObject({
      local: { address: "127.0.0.1", port: lab.ports.udp },
    });
    expect([first.evictedSessions, first.sessionLimit]).toEqual([0, DEFAULT_LIMITS.sessions]);
    expect(first.listeners).toContainEqual({
      protocol: "udp",
      address: "127.0.0.1",
      port: lab.ports.udp,
      receiveBufferDrops: 0,
    });
    expect(first.listeners.map(({ port }: { port: number }) => port).toSorted()).toEqual(
      [lab.ports.udp, lab.ports.stamp, lab.ports.tcp, lab.ports.http].toSorted(), // WebSocket is on HTTP's port
    );
    const { ageSeconds } = first.sessions[0];
    const second = await read();
    expect(second.instance).toBe(first.instance);
    expect(second.sessions[0].ageSeconds).toBeWithin(ageSeconds, ageSeconds + 10);
    await lab.stop();
    await using another = await startTestLab();
    expect((await read(another)).instance).not.toBe(first.instance);
  });

  test.skipIf(!EXTERNAL)("of other sources are shown only to a client that may change the lab", async () => {
    await using lab = await startTestLab({ host: "0.0.0.0", token: TOKEN });
    await using local = await udpStamp.connect(lab, "127.0.0.1");
    await using external = await udpStamp.connect(lab, EXTERNAL);
    await local.send(0);
    await external.send(0);
    await until(async () => (await trafficOf(lab, "udp")).answered === 2, "both answers");
    const sources = async (host: string | undefined, headers = {}) =>
      (await request(`http://${host}:${lab.ports.http}/sessions/7`, { headers }))
        .json()
        .sessions.map(({ source }: { source: string }) => source.split(":")[0]);
    expect(await sources(EXTERNAL)).toEqual([EXTERNAL]);
    expect(await sources(EXTERNAL, { authorization: `Bearer ${TOKEN}` })).toEqual(["127.0.0.1", EXTERNAL]);
    expect(await sources("127.0.0.1")).toEqual(["127.0.0.1", EXTERNAL]);
  });

  test.each(["65536", "-1", "1.5", "abc", "%ff", "1e3", "99999999999999999999"])(
    "%s is refused as a session id, and counted",
    async (ssid) => {
      await using lab = await startTestLab();
      const response = await request(urlOf(lab, `/sessions/${ssid}`));
      const shown = ssid === "%ff" ? "\ufffd" : ssid;
      const error = `ssid ${shown}: not allowed; allowed: 0 to 65535`;
      expect([response.status, response.json()]).toEqual([400, { error }]);
      expect(await rejected(lab, "http", "bad-request")).toBe(1);
    },
  );
});
