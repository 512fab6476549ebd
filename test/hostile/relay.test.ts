/** The relay: sources that the lab refuses, and clients on other hosts that the lab must not take for local ones. */
import { describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { RELAY_ADDRESS } from "../../src/base/address.ts";
import { REFLECTOR_PORTS } from "../../src/base/reflector-ports.ts";
import { runLoad } from "../../src/load/run.ts";
import { EXTERNAL, put, request, TEXT_TYPE, TOKEN } from "../api/support.ts";
import { relayTo } from "../relay/support/relay.ts";
import { startTestLab } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";

/** Opens a UDP socket on a port that only root may bind; undefined where this process may not. */
async function openAt(port: number) {
  return await openUdp(port).catch(() => undefined);
}

test("a datagram from a port that the lab refuses is not forwarded", async () => {
  await using lab = await startTestLab();
  await using relay = await relayTo("udp", lab.ports.udp);
  const ports = [...REFLECTOR_PORTS].filter((port) => port !== 0);
  const opened = (await Promise.all(ports.map(openAt))).filter((peer) => peer !== undefined);
  expect(opened.map(({ port }) => port)).toContain(11_211);
  using client = await openUdp();
  for (const peer of opened) peer.send("Hello UDP 7", relay.port);
  client.send("Hello UDP 7", relay.port);
  await until(() => client.got.length === 1, "the answer to an ordinary client");
  expect(opened.flatMap(({ got }) => got)).toEqual([]);
  expect((await scrape(lab)).get("packets_total", { protocol: "udp" })).toBe(1);
  for (const peer of opened) peer.close();
});

describe("a lab on the relay's host", () => {
  const changes = [
    ["PUT", "/impairments", "udp:drop=1"],
    ["DELETE", "/impairments", undefined],
    ["POST", "/runs", '{"protocol":"udp","rate":10,"seconds":1}'],
    ["DELETE", "/runs/1", undefined],
  ] as const;

  const external = test.skipIf(!EXTERNAL);

  external.each(changes)("refuses %s %s of a client of the relay without the token", async (method, path, body) => {
    for (const token of [undefined, TOKEN]) {
      await using lab = await startTestLab({ token });
      await using inner = await relayTo("tcp", lab.ports.http);
      // Directly, and through a relay whose clients are on its own host.
      for (const upstream of [lab.ports.http, inner.port]) {
        await using relay = await relayTo("tcp", upstream, { host: "0.0.0.0" });
        const url = `http://${EXTERNAL}:${relay.port}${path}`;
        const response = await request(url, { method, ...(body && { body }), headers: TEXT_TYPE });
        expect(response.status).toBe(token ? 401 : 403);
      }
    }
  });

  test("a client on this host has the same rights through relays as without", async () => {
    await using lab = await startTestLab({ token: TOKEN });
    await using inner = await relayTo("tcp", lab.ports.http);
    await using outer = await relayTo("tcp", inner.port, { host: "0.0.0.0" });
    const response = await request(`http://127.0.0.1:${outer.port}/impairments`, put("udp:drop=1", TEXT_TYPE));
    expect(response.status).toBe(200);
  });

  external("accepts the token of a client of the relay", async () => {
    await using lab = await startTestLab({ token: TOKEN });
    await using relay = await relayTo("tcp", lab.ports.http, { host: "0.0.0.0" });
    const headers = { ...TEXT_TYPE, authorization: `Bearer ${TOKEN}` };
    const response = await request(`http://${EXTERNAL}:${relay.port}/impairments`, put("udp:drop=1", headers));
    expect(response.status).toBe(200);
  });

  test("shows a client of the relay its own sessions", async () => {
    await using lab = await startTestLab();
    await using udp = await relayTo("udp", lab.ports.udp);
    await using http = await relayTo("tcp", lab.ports.http);
    const run = runLoad({ protocol: "udp", target: `127.0.0.1:${udp.port}`, control: false, rate: 100, count: 10 });
    const { sessionId, packets } = await run.report;
    expect(packets.answered).toBe(10);
    const { sessions } = (await request(`http://127.0.0.1:${http.port}/sessions/${sessionId}`)).json();
    expect(sessions).toMatchObject([{ source: expect.stringContaining("127.0.0.1:"), answered: 10 }]);
  });
});

test("no interface has the relay's address as its own", () => {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  expect(addresses.map(({ address }) => address)).not.toContain(RELAY_ADDRESS);
});
