/** Datagrams to the port of HTTP/3 whose sender never answers: what comes back, and whether others are served. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { trafficOf } from "../support/clients.ts";
import { ALL_FREE_PORTS, startTestLab } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { ask } from "../support/versions.ts";
import { quicInitial } from "./support/quic-initial.ts";

setDefaultTimeout(20_000);

/** Most octets that a server sends for each octet of an address that is not validated (RFC 9000 section 8.1). */
const AMPLIFICATION = 3;
/** Time in which answers are counted, ms. */
const COUNTED_MS = 400;

function openLab() {
  return startTestLab({ ...ALL_FREE_PORTS, httpsPort: "off", http2Port: "off", tlsPort: "off" });
}

/** Sends datagrams and counts the octets that come back within a time, without an answer to any. */
async function octetsBack(port: number, datagrams: readonly Buffer[]): Promise<number> {
  let octets = 0;
  const socket = await Bun.udpSocket({
    socket: {
      data(_, bytes) {
        octets += bytes.length;
      },
    },
  });
  for (const datagram of datagrams) socket.send(datagram, port, "127.0.0.1");
  const endAt = performance.now() + COUNTED_MS;
  await until(() => performance.now() >= endAt, "the end of the time");
  socket.close();
  return octets;
}

test("an Initial is answered with at most three times its octets, also when it is repeated", async () => {
  await using lab = await openLab();
  const initial = quicInitial(1200);
  const once = await octetsBack(lab.ports.http3 ?? 0, [initial]);
  expect(once).toBeGreaterThan(1000); // the handshake was accepted
  expect(once).toBeLessThanOrEqual(AMPLIFICATION * 1200);
  const repeated = await octetsBack(lab.ports.http3 ?? 0, Array(10).fill(quicInitial(1200)));
  expect(repeated).toBeGreaterThan(1000);
  expect(repeated).toBeLessThanOrEqual(AMPLIFICATION * 12_000);
});

test("an Initial that is shorter than 1,200 octets, and octets that are no packet, get nothing", async () => {
  await using lab = await openLab();
  const port = lab.ports.http3 ?? 0;
  expect(await octetsBack(port, [quicInitial(1199), quicInitial(600)])).toBe(0);
  const changed = quicInitial(1200);
  changed.writeUInt8(changed.readUInt8(700) ^ 1, 700); // fails its authentication
  expect(await octetsBack(port, [changed, Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.alloc(1200)])).toBe(0);
  const unknownVersion = quicInitial(1200);
  unknownVersion.writeUInt32BE(0x1a2a3a4a, 1);
  const negotiation = await octetsBack(port, [unknownVersion]);
  expect(negotiation).toBeGreaterThan(0);
  expect(negotiation).toBeLessThan(100);
});

test("300 Initials from as many ports, never answered: others are served meanwhile, and after", async () => {
  await using lab = await openLab();
  const sockets = await Promise.all(Array.from({ length: 300 }, () => Bun.udpSocket({ socket: { data() {} } })));
  for (const socket of sockets) socket.send(quicInitial(1200), lab.ports.http3 ?? 0, "127.0.0.1");
  expect((await ask(lab, "http3", "/status/204", { signal: AbortSignal.timeout(5000) })).status).toBe(204);
  expect((await ask(lab, "http", "/status/204")).status).toBe(204);
  for (const socket of sockets) socket.close();
});

test("500 requests that their client resets at once are dropped, and nothing of them is kept", async () => {
  await using lab = await openLab();
  expect((await ask(lab, "http3", "/status/204")).status).toBe(204);
  for (let round = 0; round < 10; round++) {
    const controller = new AbortController();
    const ends = Array.from({ length: 50 }, () =>
      ask(lab, "http3", "/delay/0.3", { signal: controller.signal }).catch(({ name }: Error) => name),
    );
    await until(async () => (await trafficOf(lab, "http3")).packets >= 1 + 50 * round + 40, "the requests");
    controller.abort();
    expect(new Set(await Promise.all(ends))).toEqual(new Set(["AbortError"]));
  }
  expect((await ask(lab, "http3", "/status/204")).status).toBe(204);
  const { packets, answered, dropped, drops } = await until(async () => {
    const traffic = await trafficOf(lab, "http3");
    return traffic.packets === traffic.answered + traffic.dropped && traffic;
  }, "the fate of every packet");
  expect([answered, drops("peer-gone")]).toEqual([2, dropped]);
  expect(packets).toBeGreaterThanOrEqual(402);
  expect((await scrape(lab)).get("wirelab_bounded_size", { structure: "delay-queue" })).toBe(0);
});
