/** `/live`, `/history` and `/rights`. */
import { expect, test } from "bun:test";
import { testPacket } from "../support/clients.ts";
import { SERVED_WITHOUT_TLS, startTestLab, urlOf } from "../support/lab.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";
import { EXTERNAL, request } from "./support.ts";

test("/live is refused to more viewers than the limit", async () => {
  await using lab = await startTestLab({ limits: { viewers: 1 } });
  const first = await fetch(urlOf(lab, "/live"));
  expect([first.status, first.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const second = await request(urlOf(lab, "/live"));
  expect([second.status, second.json()]).toEqual([
    503,
    { error: "too many viewers; allowed: 1, 1 of them from one network" },
  ]);
  await first.body?.cancel();
});

test("/history has a series for each protocol that is served, and is not cached", async () => {
  await using lab = await startTestLab();
  const response = await request(urlOf(lab, "/history"));
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(Object.keys(response.json().series)).toEqual([...SERVED_WITHOUT_TLS]);
});

test("/rights reports whether the client may change the lab, and the reason if it may not", async () => {
  await using lab = await startTestLab();
  expect((await request(urlOf(lab, "/rights"))).json()).toEqual({ mayChange: true });
  const foreign = await request(urlOf(lab, "/rights"), { headers: { origin: "http://example.com" } });
  expect(foreign.json()).toEqual({
    mayChange: false,
    reason: 'Origin "http://example.com" is not allowed; use the lab\'s own page',
  });
});

test.skipIf(!EXTERNAL)("a client without rights sees neither session ids nor allowed targets", async () => {
  await using lab = await startTestLab({ host: "0.0.0.0", targets: [{ host: "10.0.0.7", port: undefined }] });
  using peer = await openUdp();
  peer.send(testPacket(0, 4711), lab.ports.udp);
  await until(() => peer.got.length === 1, "the answer");
  const own = (path: string) => request(urlOf(lab, path));
  const foreign = (path: string) => request(`http://${EXTERNAL}:${lab.ports.http}${path}`);
  await until(async () => (await own("/history")).text.includes('"session":4711'), "the packet in the history");
  const { flow } = (await foreign("/history")).json();
  expect(flow.packets).toMatchObject([{ peer: "", outcome: "answered" }]);
  expect(flow.packets[0]).not.toHaveProperty("session");
  expect((await own("/runs")).json().targets).toEqual(["10.0.0.7"]);
  expect((await foreign("/runs")).json().targets).toEqual([]);
});
